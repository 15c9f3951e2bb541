import type { DType } from "../../src/core/dtype.js";
import { DTypeError, IndexError, ShapeError } from "../../src/core/errors.js";
import type { Shape } from "../../src/core/shape.js";
import * as ops from "../../src/ops/index.js";
import { leaf, Numbers, operand, refused, sample, type OpInfo, type Operand, type Sample } from "./sample.js";

const random = new Numbers(6);

function gathered(shape: Shape, indices: Operand, batch: number, dtype: DType = "float32"): Sample {
  const name = `${dtype} [${shape.join(",")}] at [${indices.shape.join(",")}] batch ${batch}`;
  return sample(name, [random.any(shape, dtype), indices], ([x, i]) => (x && i ? ops.gather(x, i, { batch }) : []));
}

type Mode = "add" | "set" | "min" | "max";

function scattered(mode: Mode, shape: Shape, indices: Operand, batch: number, dtype: DType = "float32", extra: Parameters<typeof sample>[3] = {}): Sample {
  const updates = [...indices.shape, ...shape.slice(batch + 1)];
  const name = `${mode} ${dtype} [${shape.join(",")}] at [${indices.shape.join(",")}] batch ${batch}`;
  // Neighbours negate minima and maxima; ties between x and updates have no derivative.
  const values = mode === "min" || mode === "max" ? random.distinct : random.any;
  return sample(name, [values.call(random, shape, dtype), indices, random.any(updates, dtype)], ([x, i, u]) => (x && i && u ? ops.scatter(x, i, u, { batch, mode }) : []), {
    accuracy: mode === "add" ? "sum" : "exact",
    ...extra,
  });
}

const modes: readonly Mode[] = ["add", "set", "min", "max"];

function starts(...at: readonly number[]): Operand[] {
  return at.map((v) => operand([], [v], "int32"));
}

function windowed(shape: Shape, at: readonly number[], sizes: Shape): Sample {
  return sample(`[${shape.join(",")}] at ${at.join(",")} [${sizes.join(",")}]`, [random.uniform(shape), ...starts(...at)], ([x, ...s]) => (x ? ops.dynamicSlice(x, s, sizes) : []));
}

function replaced(shape: Shape, at: readonly number[], sizes: Shape): Sample {
  return sample(`[${shape.join(",")}] at ${at.join(",")} [${sizes.join(",")}]`, [random.uniform(shape), random.uniform(sizes), ...starts(...at)], ([x, u, ...s]) =>
    x && u ? ops.dynamicUpdateSlice(x, u, s) : [],
  );
}

const windows: readonly (readonly [Shape, readonly number[], Shape])[] = [
  [[17], [3], [5]],
  [[17], [15], [5]],
  [[17], [-4], [5]],
  [[4, 6], [1, 2], [2, 3]],
  [[4, 6], [9, -9], [2, 6]],
  [[3, 4, 5], [1, 1, 1], [1, 3, 2]],
  [[5], [2], [0]],
  [[3], [2 ** 30], [2]],
  [[], [], []],
];

export const indexingInfos: readonly OpInfo[] = [
  {
    op: "gather",
    accuracy: "exact",
    samples: [
      gathered([5], operand([3], [4, 0, 4], "int32"), 0),
      gathered([5, 3], operand([4], [0, 2, 2, 1], "int32"), 0),
      gathered([5, 17], random.integers([2, 3], 0, 5), 0),
      gathered([5], operand([], [3], "int32"), 0),
      gathered([5, 2], operand([4], [-1, 5, 100, -100], "int32"), 0),
      gathered([2, 4, 3], random.integers([2, 5], 0, 4), 1),
      gathered([2, 3, 4], random.integers([2, 3], 0, 4), 2),
      gathered([2, 3, 4], random.integers([2, 3, 2], 0, 4), 2),
      gathered([5, 3], operand([0], [], "int32"), 0),
      gathered([300, 33], random.integers([150], 0, 300), 0),
      ...(["int32", "uint8", "bool", "float64", "float16"] as const).map((dtype) => gathered([5, 3], operand([4], [0, 2, 2, 1], "int32"), 0, dtype)),
    ],
    errors: [
      refused("indices of floats", DTypeError, () => ops.gather(leaf([3]), leaf([2]))),
      refused("a scalar", ShapeError, () => ops.gather(leaf([]), leaf([2], "int32"))),
      refused("batches that differ", ShapeError, () => ops.gather(leaf([2, 3]), leaf([3, 1], "int32"), { batch: 1 })),
      refused("an empty axis", IndexError, () => ops.gather(leaf([0]), leaf([2], "int32"))),
    ],
  },
  {
    op: "scatter",
    accuracy: "exact",
    samples: [
      ...modes.flatMap((mode) => [
        scattered(mode, [5], operand([4], [4, 0, 4, 4], "int32"), 0),
        scattered(mode, [5, 3], operand([4], [0, 2, 2, 1], "int32"), 0),
        scattered(mode, [4, 2], operand([4], [-1, 4, 1, 100], "int32"), 0),
        scattered(mode, [2, 4, 3], random.integers([2, 5], 0, 4), 1),
        scattered(mode, [2, 3, 4], random.integers([2, 3, 2], 0, 4), 2),
        scattered(mode, [5, 70], random.integers([2, 3], 0, 5), 0),
        scattered(mode, [2, 300, 2], random.integers([2, 400], -5, 305), 1, "float32", { gradient: "none" }),
        scattered(mode, [3, 2], operand([0], [], "int32"), 0),
        scattered(mode, [4], operand([3], [3, 3, 0], "int32"), 0, "int32"),
      ]),
      scattered("set", [4], operand([3], [3, 3, 0], "int32"), 0, "bool"),
      scattered("set", [4], operand([3], [3, 3, 0], "int32"), 0, "uint8"),
      scattered("add", [4], operand([3], [3, 3, 0], "int32"), 0, "float64"),
      scattered("max", [4], operand([3], [3, 3, 0], "int32"), 0, "int8"),
    ],
    errors: [
      refused("indices of floats", DTypeError, () => ops.scatter(leaf([3]), leaf([2]), leaf([2]), { mode: "add" })),
      refused("updates of another shape", ShapeError, () => ops.scatter(leaf([3, 2]), leaf([2], "int32"), leaf([2]), { mode: "add" })),
      refused("updates of another dtype", DTypeError, () => ops.scatter(leaf([3]), leaf([2], "int32"), leaf([2], "int32"), { mode: "add" })),
      refused("sums in int8", DTypeError, () => ops.scatter(leaf([3], "int8"), leaf([2], "int32"), leaf([2], "int8"), { mode: "add" })),
      refused("a maximum of bools", DTypeError, () => ops.scatter(leaf([3], "bool"), leaf([2], "int32"), leaf([2], "bool"), { mode: "max" })),
    ],
  },
  {
    op: "dynamic-slice",
    accuracy: "exact",
    samples: windows.map((w) => windowed(...w)),
    errors: [
      refused("a window that is too large", ShapeError, () => ops.dynamicSlice(leaf([3]), [leaf([], "int32")], [4])),
      refused("too few starts", ShapeError, () => ops.dynamicSlice(leaf([3, 3]), [leaf([], "int32")], [1, 1])),
      refused("starts of floats", DTypeError, () => ops.dynamicSlice(leaf([3]), [leaf([])], [1])),
    ],
  },
  {
    op: "dynamic-update-slice",
    accuracy: "exact",
    samples: windows.map((w) => replaced(...w)),
    errors: [
      refused("an update that is too large", ShapeError, () => ops.dynamicUpdateSlice(leaf([3]), leaf([4]), [leaf([], "int32")])),
      refused("an update of another dtype", DTypeError, () => ops.dynamicUpdateSlice(leaf([3]), leaf([2], "int32"), [leaf([], "int32")])),
      refused("starts of floats", DTypeError, () => ops.dynamicUpdateSlice(leaf([3]), leaf([2]), [leaf([])])),
    ],
  },
];
