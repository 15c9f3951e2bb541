import { DTypeError, GradusError, IndexError, ShapeError } from "../../src/core/errors.js";
import type { Shape } from "../../src/core/shape.js";
import type { Value } from "../../src/ir/graph.js";
import * as ops from "../../src/ops/index.js";
import { leaf, Numbers, operand, refused, sample, type OpInfo, type Sample } from "./sample.js";

const random = new Numbers(4);

function of(shape: Shape, name: string, build: (x: Value) => Value, options: Parameters<typeof sample>[3] = {}): Sample {
  return sample(`[${shape.join(",")}] ${name}`, [random.uniform(shape)], ([x]) => (x ? build(x) : []), options);
}

/** The same use with each kind of storage. */
function dtypes(shape: Shape, build: (x: Value) => Value): Sample[] {
  return (["int32", "uint8", "int8", "bool", "float64", "float16", "bfloat16"] as const).map((dtype) =>
    sample(dtype, [random.any(shape, dtype)], ([x]) => (x ? build(x) : []), { before: "same" }),
  );
}

const reshape = (to: Shape) => (x: Value) => ops.reshape(x, to);
const transpose = (perm: readonly number[]) => (x: Value) => ops.transpose(x, perm);
const reverse = (axes: readonly number[]) => (x: Value) => ops.reverse(x, axes);
const broadcast = (to: Shape, axes: readonly number[]) => (x: Value) => ops.broadcast(x, to, axes);
const slice = (starts: readonly number[], limits: readonly number[], strides: readonly number[]) => (x: Value) => ops.slice(x, starts, limits, strides);

function padded(shape: Shape, low: readonly number[], high: readonly number[], interior: readonly number[]): Sample {
  const name = `[${shape.join(",")}] ${low.join(",")} / ${high.join(",")} / ${interior.join(",")}`;
  return sample(name, [random.uniform(shape), operand([], [0.75])], ([x, v]) => (x && v ? ops.pad(x, v, low, high, interior) : []));
}

function joined(name: string, shapes: readonly Shape[], axis: number): Sample {
  return sample(name, shapes.map((shape) => random.uniform(shape)), (xs) => ops.concat(xs, axis));
}

export const movementInfos: readonly OpInfo[] = [
  {
    op: "reshape",
    accuracy: "exact",
    samples: [
      of([], "to [1]", reshape([1])),
      of([6], "to [2,3]", reshape([2, 3])),
      of([4, 6], "to [3,8]", reshape([3, 8])),
      of([5, 7], "to [35]", reshape([35])),
      of([0, 3], "to [7,0]", reshape([7, 0])),
      of([2, 3, 2, 2, 1, 2, 1, 1], "to [48]", reshape([48])),
      of([48], "to rank 8", reshape([2, 1, 3, 2, 1, 2, 2, 1])),
      of([3, 4, 5], "after a transposition", (x) => ops.reshape(ops.transpose(x, [2, 0, 1]), [4, 15])),
      ...dtypes([3, 5], reshape([15])),
    ],
    errors: [
      refused("another size", ShapeError, () => ops.reshape(leaf([2, 3]), [4])),
      refused("a size of -1", ShapeError, () => ops.reshape(leaf([2, 3]), [-1, -6])),
      refused("rank 9", ShapeError, () => ops.reshape(leaf([1]), [1, 1, 1, 1, 1, 1, 1, 1, 1])),
    ],
  },
  {
    op: "transpose",
    accuracy: "exact",
    samples: [
      of([], "of nothing", transpose([])),
      of([5], "identity", transpose([0])),
      of([3, 5], "", transpose([1, 0])),
      of([33, 17], "", transpose([1, 0])),
      of([2, 3, 4], "2,0,1", transpose([2, 0, 1])),
      of([2, 3, 4], "0,2,1", transpose([0, 2, 1])),
      of([0, 4], "", transpose([1, 0])),
      of([2, 1, 3, 1, 2, 1, 2, 2], "of rank 8", transpose([7, 6, 5, 4, 3, 2, 1, 0])),
      of([130, 67], "", transpose([1, 0])),
      ...dtypes([4, 9], transpose([1, 0])),
    ],
    errors: [
      refused("an axis twice", IndexError, () => ops.transpose(leaf([2, 3]), [0, 0])),
      refused("too few axes", IndexError, () => ops.transpose(leaf([2, 3]), [0])),
    ],
  },
  {
    op: "reverse",
    accuracy: "exact",
    samples: [
      of([17], "", reverse([0])),
      of([3, 5], "0", reverse([0])),
      of([3, 5], "1", reverse([1])),
      of([2, 3, 4], "0,2", reverse([0, 2])),
      of([2, 3], "none", reverse([])),
      of([0, 3], "", reverse([0, 1])),
      ...dtypes([2, 5], reverse([1])),
    ],
    errors: [refused("an axis out of range", IndexError, () => ops.reverse(leaf([2, 3]), [2]))],
  },
  {
    op: "broadcast",
    accuracy: "exact",
    samples: [
      of([], "to [5]", broadcast([5], [])),
      of([3], "to rows", broadcast([4, 3], [1])),
      of([4], "to columns", broadcast([4, 17], [0])),
      of([1, 5], "to [3,5]", broadcast([3, 5], [0, 1])),
      of([3, 1], "to [2,3,4]", broadcast([2, 3, 4], [1, 2])),
      of([2, 1, 3], "to [2,5,3,2]", broadcast([2, 5, 3, 2], [0, 1, 2])),
      of([1], "to nothing", broadcast([0], [0])),
      of([3], "to [0,3]", broadcast([0, 3], [1])),
      of([1, 1], "to rank 8", broadcast([2, 1, 2, 1, 2, 1, 3, 1], [2, 6])),
      ...dtypes([3], broadcast([5, 3], [1])),
    ],
    errors: [
      refused("a size that does not fit", ShapeError, () => ops.broadcast(leaf([2]), [3], [0])),
      refused("an axis twice", GradusError, () => ops.broadcast(leaf([2, 2]), [2, 2], [1, 1])),
      refused("an axis out of range", IndexError, () => ops.broadcast(leaf([2]), [2], [1])),
      refused("axes that descend", ShapeError, () => ops.broadcast(leaf([2, 3]), [3, 2], [1, 0])),
    ],
  },
  {
    op: "slice",
    accuracy: "exact",
    samples: [
      of([17], "1:16", slice([1], [16], [1])),
      of([17], "2:17:3", slice([2], [17], [3])),
      of([17], "2:16:5", slice([2], [16], [5])),
      of([4, 5], "a window", slice([1, 2], [3, 5], [1, 1])),
      of([6, 7, 3], "every second", slice([0, 1, 0], [6, 7, 3], [2, 2, 1])),
      of([5], "nothing", slice([3], [3], [1])),
      of([0, 2], "of nothing", slice([0, 0], [0, 2], [1, 1])),
      of([], "scalar", slice([], [], [])),
      of([9], "one element with a large step", slice([4], [9], [100])),
      ...dtypes([4, 6], slice([1, 1], [4, 6], [1, 2])),
    ],
    errors: [
      refused("a limit past the end", ShapeError, () => ops.slice(leaf([3]), [0], [4], [1])),
      refused("a start after the limit", ShapeError, () => ops.slice(leaf([3]), [2], [1], [1])),
      refused("a step of 0", ShapeError, () => ops.slice(leaf([3]), [0], [3], [0])),
      refused("a negative start", ShapeError, () => ops.slice(leaf([3]), [-1], [3], [1])),
      refused("too few starts", ShapeError, () => ops.slice(leaf([3, 3]), [0], [3], [1])),
      refused("a start that is no whole number", ShapeError, () => ops.slice(leaf([3]), [0.5], [3], [1])),
    ],
  },
  {
    op: "pad",
    accuracy: "exact",
    samples: [
      padded([5], [2], [3], [0]),
      padded([5], [0], [0], [1]),
      padded([5], [1], [2], [2]),
      padded([5], [-1], [-2], [0]),
      padded([5], [-2], [3], [1]),
      padded([5], [-3], [-3], [2]),
      padded([3, 4], [1, 0], [0, 2], [0, 0]),
      padded([2, 3, 4], [1, 0, 2], [0, 1, 1], [1, 0, 2]),
      padded([0], [2], [1], [0]),
      padded([0, 2], [1, 1], [1, 0], [3, 0]),
      padded([], [], [], []),
      padded([3], [-3], [0], [0]),
      padded([6, 33], [1, 1], [1, 1], [0, 0]),
      sample("int32", [random.any([3], "int32"), operand([], [7], "int32")], ([x, v]) => (x && v ? ops.pad(x, v, [1], [2], [1]) : [])),
      sample("bool", [random.any([3], "bool"), operand([], [1], "bool")], ([x, v]) => (x && v ? ops.pad(x, v, [1], [2], [1]) : [])),
    ],
    errors: [
      refused("more taken than there is", ShapeError, () => ops.pad(leaf([3]), leaf([]), [-4], [0], [0])),
      refused("negative interior", ShapeError, () => ops.pad(leaf([3]), leaf([]), [0], [0], [-1])),
      refused("a value that is no scalar", ShapeError, () => ops.pad(leaf([3]), leaf([1]), [0], [0], [0])),
      refused("a value of another dtype", DTypeError, () => ops.pad(leaf([3]), leaf([], "int32"), [0], [0], [0])),
      refused("too few widths", ShapeError, () => ops.pad(leaf([3, 3]), leaf([]), [0], [0], [0])),
    ],
  },
  {
    op: "concat",
    accuracy: "exact",
    samples: [
      joined("one", [[3]], 0),
      joined("two", [[3], [5]], 0),
      joined("along the last axis", [[2, 3], [2, 1], [2, 4]], 1),
      joined("along the first axis", [[2, 17], [1, 17], [33, 17]], 0),
      joined("in the middle", [[2, 1, 3], [2, 4, 3]], 1),
      joined("with empty ones", [[0], [3], [0], [2], [0]], 0),
      joined("all empty", [[0, 2], [0, 2]], 0),
      joined("many short rows", [[33, 2], [33, 2]], 0),
      joined("many", Array.from({ length: 11 }, (_, i) => [(i % 3) + 1]), 0),
      sample("the same twice", [random.uniform([3, 2])], ([x]) => (x ? ops.concat([x, x], 1) : [])),
      sample("int8", [random.any([3], "int8"), random.any([2], "int8")], (xs) => ops.concat(xs, 0)),
      sample("float64", [random.any([3], "float64"), random.any([2], "float64")], (xs) => ops.concat(xs, 0)),
    ],
    errors: [
      refused("none", ShapeError, () => ops.concat([], 0)),
      refused("other sizes", ShapeError, () => ops.concat([leaf([2, 3]), leaf([3, 2])], 0)),
      refused("other ranks", ShapeError, () => ops.concat([leaf([2]), leaf([2, 1])], 0)),
      refused("other dtypes", DTypeError, () => ops.concat([leaf([2]), leaf([2], "int32")], 0)),
      refused("scalars", ShapeError, () => ops.concat([leaf([]), leaf([])], 0)),
    ],
  },
];
