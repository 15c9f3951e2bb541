import { DTypeError, IndexError, ShapeError } from "../../src/core/errors.js";
import type { DType } from "../../src/core/dtype.js";
import type { Shape } from "../../src/core/shape.js";
import * as ops from "../../src/ops/index.js";
import { extremes, leaf, Numbers, operand, refused, sample, type OpInfo, type Operand, type Sample } from "./sample.js";

const random = new Numbers(10);

type WindowOptions = Omit<Parameters<typeof ops.reduceWindow>[1], "fold">;
type Fold = Parameters<typeof ops.reduceWindow>[1]["fold"];

const windows: readonly (readonly [Shape, WindowOptions])[] = [
  [[7], { window: [3] }],
  [[17], { window: [2], strides: [2] }],
  [[9], { window: [3], strides: [2], padding: [[1, 1]] }],
  [[11], { window: [3], dilation: [3], padding: [[2, 0]] }],
  [[5], { window: [1] }],
  [[5], { window: [2], strides: [4] }],
  [[6], { window: [2], padding: [[-1, -2]] }],
  [[2, 2, 6, 7], { window: [1, 1, 2, 2], strides: [1, 1, 2, 2] }],
  [[1, 2, 7, 6], { window: [1, 1, 3, 3], strides: [1, 1, 2, 2], padding: [[0, 0], [0, 0], [1, 1], [1, 1]] }],
  [[1, 1, 5, 5], { window: [1, 1, 3, 2], strides: [1, 1, 1, 2], dilation: [1, 1, 2, 1] }],
  [[1, 2, 4, 5, 4], { window: [1, 1, 2, 3, 2], strides: [1, 1, 2, 1, 2] }],
  [[3, 4], { window: [2, 2] }],
];

function windowed(fold: Fold, x: Operand, options: WindowOptions, extra: Parameters<typeof sample>[3] = {}): Sample {
  const name = `${fold} ${x.dtype} [${x.shape.join(",")}] ${JSON.stringify(options)}`;
  return sample(name, [x], ([v]) => (v ? ops.reduceWindow(v, { ...options, fold }) : []), {
    accuracy: fold === "add" ? "sum" : fold === "mul" ? "scalar" : "exact",
    ...extra,
  });
}

function located(fold: "min" | "max", x: Operand, options: WindowOptions, note = ""): Sample {
  const name = `${note}${fold} ${x.dtype} [${x.shape.join(",")}] ${JSON.stringify(options)}`;
  return sample(name, [x], ([v]) => (v ? ops.argReduceWindow(v, { ...options, fold }) : []));
}

const ties = operand([3, 4], [1, 1, 2, 2, 2, 1, NaN, 0, 0, 0, NaN, -Infinity]);

type CumulativeFold = Parameters<typeof ops.cumulative>[2];
const cumulatives: readonly CumulativeFold[] = ["add", "mul", "min", "max"];

function accumulated(fold: CumulativeFold, x: Operand, axis: number, backward: boolean, extra: Parameters<typeof sample>[3] = {}): Sample {
  const name = `${fold} ${x.dtype} [${x.shape.join(",")}] along ${axis}${backward ? " from the end" : ""}`;
  return sample(name, [x], ([v]) => (v ? ops.cumulative(v, axis, fold, backward) : []), {
    accuracy: fold === "add" ? "sum" : fold === "mul" ? "scalar" : "exact",
    ...extra,
  });
}

function sorted(x: Operand, axis: number, descending: boolean, extra: Parameters<typeof sample>[3] = {}): Sample {
  const name = `${x.dtype} [${x.shape.join(",")}] along ${axis}${descending ? " descending" : ""}`;
  return sample(
    name,
    [x],
    ([v]) => {
      if (!v) return [];
      const { values, indices } = ops.sort(v, axis, descending);
      return [values, indices];
    },
    extra,
  );
}

const integers: readonly DType[] = ["int32", "uint32", "int8", "uint8"];
const unordered = operand([9], [2, NaN, -Infinity, 0, -0, Infinity, NaN, -3, 2]);

export const windowInfos: readonly OpInfo[] = [
  {
    op: "reduce-window",
    accuracy: "exact",
    samples: [
      ...windows.flatMap(([shape, options]) => [
        windowed("add", random.uniform(shape), options),
        windowed("max", random.distinct(shape), options),
        windowed("min", random.distinct(shape), options, { gradient: "first" }),
      ]),
      ...windows.slice(0, 5).map(([shape, options]) => windowed("mul", random.uniform(shape, 0.5, 1.5), options)),
      windowed("mul", operand([6], [1, 0, 2, 0, 0, 3]), { window: [3] }, { gradient: "first" }),
      { ...windowed("max", ties, { window: [2, 2] }, { gradient: "none" }), name: "max with NaN and ties" },
      windowed("max", operand([4, 5], Array.from({ length: 20 }, (_, i) => i % 3)), { window: [2, 2] }, { gradient: "first", smooth: false }),
      windowed("add", random.uniform([4, 5]), { window: [5, 1] }),
      windowed("add", random.uniform([0, 5]), { window: [1, 2] }),
      windowed("add", random.any([9], "int32"), { window: [4] }),
      windowed("max", random.any([9], "int8"), { window: [4] }),
      windowed("max", random.any([9], "uint8"), { window: [4], padding: [[2, 2]] }),
      windowed("add", random.any([9], "float64"), { window: [4] }),
      windowed("max", random.any([9], "float16"), { window: [4] }, { gradient: "none" }),
    ],
    errors: [
      refused("a window of another rank", ShapeError, () => ops.reduceWindow(leaf([3, 3]), { window: [2], fold: "add" })),
      refused("a window of size 0", ShapeError, () => ops.reduceWindow(leaf([3]), { window: [0], fold: "add" })),
      refused("a stride of 0", ShapeError, () => ops.reduceWindow(leaf([3]), { window: [1], strides: [0], fold: "add" })),
      refused("sums in int8", DTypeError, () => ops.reduceWindow(leaf([3], "int8"), { window: [1], fold: "add" })),
    ],
  },
  {
    op: "arg-reduce-window",
    accuracy: "exact",
    samples: [
      ...windows.flatMap(([shape, options]) => [located("max", random.distinct(shape), options), located("min", random.distinct(shape), options)]),
      located("max", ties, { window: [2, 2] }, "NaN and ties "),
      located("min", ties, { window: [2, 2] }, "NaN and ties "),
      located("max", operand([4, 5], Array.from({ length: 20 }, (_, i) => i % 3)), { window: [2, 2] }),
      located("max", operand([4], [-Infinity, -Infinity, NaN, 1]), { window: [2], padding: [[2, 2]] }),
      located("max", random.any([9], "int32"), { window: [4] }),
    ],
    errors: [
      refused("a window of another rank", ShapeError, () => ops.argReduceWindow(leaf([3, 3]), { window: [2], fold: "max" })),
      refused("bool", DTypeError, () => ops.argReduceWindow(leaf([3], "bool"), { window: [2], fold: "max" })),
    ],
  },
  {
    op: "cumulative",
    accuracy: "exact",
    samples: [
      ...cumulatives.flatMap((fold) => [
        accumulated(fold, fold === "mul" ? random.uniform([17], 0.5, 1.5) : random.distinct([17]), 0, false),
        accumulated(fold, fold === "mul" ? random.uniform([3, 5], 0.5, 1.5) : random.distinct([3, 5]), 1, true),
        accumulated(fold, fold === "mul" ? random.uniform([4, 3, 2], 0.5, 1.5) : random.distinct([4, 3, 2]), 0, false),
        accumulated(fold, random.uniform([0, 3]), 0, false),
        accumulated(fold, random.uniform([3, 0]), 0, false),
        accumulated(fold, random.uniform([1]), 0, true),
        ...(["int32", "uint32", "float64"] as const).map((dtype) => accumulated(fold, random.any([13], dtype), 0, false, { gradient: "none", before: "same" })),
        accumulated(fold, operand([7], [1, 0, 2, 0, -1, 3, 0.5]), 0, false, { gradient: fold === "mul" ? "first" : "none" }),
        accumulated(fold, operand([6], [1, Infinity, 2, -Infinity, NaN, 1]), 0, false, { gradient: "none" }),
      ]),
      accumulated("add", operand([5], [3e38, 3e38, 1, -1, 2]), 0, false, { gradient: "none" }),
      accumulated("add", random.uniform([5003]), 0, false, { gradient: "none" }),
      accumulated("add", random.uniform([40, 65]), 0, false, { gradient: "none" }),
      accumulated("add", random.uniform([3, 600]), 1, true, { gradient: "first" }),
      accumulated("max", random.distinct([600, 2]), 0, true, { gradient: "none" }),
      accumulated("mul", random.any([600], "int32"), 0, false, { gradient: "none", before: "same" }),
      accumulated("mul", random.uniform([600], 0.5, 1.5), 0, false, { gradient: "none" }),
    ],
    errors: [
      refused("an axis out of range", IndexError, () => ops.cumulative(leaf([3]), 1, "add")),
      refused("sums in int8", DTypeError, () => ops.cumulative(leaf([3], "int8"), 0, "add")),
      refused("bool", DTypeError, () => ops.cumulative(leaf([3], "bool"), 0, "max")),
    ],
  },
  {
    op: "sort",
    accuracy: "exact",
    samples: [
      ...[[1], [2], [3], [5], [16], [17], [33]].flatMap((shape) => [sorted(random.distinct(shape), 0, false), sorted(random.distinct(shape), 0, true)]),
      sorted(random.distinct([4, 7]), 1, false),
      sorted(random.distinct([7, 4]), 0, true),
      sorted(random.distinct([3, 5, 2]), 1, false),
      sorted(random.uniform([0, 3]), 0, false),
      sorted(random.uniform([3, 0]), 0, false),
      sorted(random.integers([60], 0, 5, "float32"), 0, false, { gradient: "first", smooth: false }),
      sorted(random.integers([60], 0, 5, "float32"), 0, true, { gradient: "first", smooth: false }),
      sorted(unordered, 0, false, { gradient: "none" }),
      sorted(unordered, 0, true, { gradient: "none" }),
      sorted(random.distinct([1000]), 0, false, { gradient: "first" }),
      ...integers.map((dtype) => sorted(operand([extremes(dtype).length], extremes(dtype), dtype), 0, false)),
      ...integers.map((dtype) => sorted(random.any([40], dtype), 0, true)),
      sorted(random.integers([2500], 0, 900, "float32"), 0, false, { gradient: "none" }),
      sorted(random.integers([2, 2100], 0, 900, "float16"), 1, true, { gradient: "none" }),
      sorted(random.any([19], "float64"), 0, false),
      sorted(random.any([19], "float16"), 0, false, { gradient: "none" }),
    ],
    errors: [
      refused("an axis out of range", IndexError, () => ops.sort(leaf([3]), 1)),
      refused("bool", DTypeError, () => ops.sort(leaf([3], "bool"), 0)),
    ],
  },
];
