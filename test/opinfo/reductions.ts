import type { DType } from "../../src/core/dtype.js";
import { DTypeError, IndexError, ShapeError } from "../../src/core/errors.js";
import type { Shape } from "../../src/core/shape.js";
import * as ops from "../../src/ops/index.js";
import { extremes, leaf, Numbers, operand, refused, sample, type Accuracy, type ErrorSample, type OpInfo, type Operand, type Sample } from "./sample.js";

type Fold = Parameters<typeof ops.reduce>[2];

const random = new Numbers(7);

const cases: readonly (readonly [Shape, readonly number[]])[] = [
  [[1], [0]],
  [[3], [0]],
  [[17], [0]],
  [[33], [0]],
  [[5, 7], [0]],
  [[5, 7], [1]],
  [[5, 7], [0, 1]],
  [[16, 33], [1]],
  [[33, 16], [0]],
  [[2, 3, 4], [1]],
  [[2, 3, 4], [0, 2]],
  [[2, 1, 3, 1, 2, 1, 2, 2], [1, 3, 6, 7]],
];

/** Longer than a block of a blocked sum, and with more rows than threads. */
const long: readonly (readonly [Shape, readonly number[]])[] = [
  [[1025], [0]],
  [[3, 5000], [1]],
  [[5000, 3], [0]],
  [[70, 65], [0]],
  [[300, 140], [0]],
  [[9, 40, 31], [0, 2]],
  [[100_003], [0]],
];

/** Reductions of nothing, and to nothing. */
const empty: readonly (readonly [Shape, readonly number[]])[] = [
  [[0], [0]],
  [[0, 3], [0]],
  [[3, 0], [1]],
];
const toNothing: readonly (readonly [Shape, readonly number[]])[] = [[[0, 3], [1]]];

function reduced(fold: Fold, x: Operand, axes: readonly number[], options: Parameters<typeof sample>[3] = {}): Sample {
  const name = `${x.dtype} [${x.shape.join(",")}] over ${axes.join(",")}`;
  return sample(name, [x], ([v]) => (v ? ops.reduce(v, axes, fold) : []), options);
}

interface FoldOptions {
  readonly accuracy: Accuracy;
  operand(shape: Shape): Operand;
  readonly dtypes: readonly DType[];
  readonly ofNothing: boolean;
}

function fold(kind: Fold, { accuracy, operand: make, dtypes, ofNothing }: FoldOptions, errors: readonly ErrorSample[]): OpInfo {
  const gradient = kind === "mul" ? "none" : "first";
  const before = kind === "mul" ? "same" : "double";
  const special = [[1, NaN, 2], [Infinity, 1, 2], [-Infinity, 3, Infinity], [-Infinity, 1, 2], [0, -0, -0]].flat();
  const floats = make([3]).dtype === "float32";
  return {
    op: `reduce-${kind}`,
    accuracy,
    samples: [
      ...cases.map(([shape, axes]) => reduced(kind, make(shape), axes, { before })),
      ...long.map(([shape, axes]) => reduced(kind, make(shape), axes, { gradient, before, smooth: false })),
      ...(ofNothing ? empty : []).map(([shape, axes]) => reduced(kind, make(shape), axes, { before })),
      // A backward inner loop of two, in the order of summation, is where gcc 12's own vectorizer goes wrong.
      ...(floats ? [sample("[33,2] backwards", [make([33, 2])], ([x]) => (x ? ops.reduce(ops.reverse(x, [1]), [0, 1], kind) : []), { before, smooth: false })] : []),
      ...toNothing.map(([shape, axes]) => reduced(kind, make(shape), axes, { before })),
      ...(floats ? [reduced(kind, operand([5, 3], special), [1], { gradient: "none" })] : []),
      ...dtypes.flatMap((dtype) => [
        reduced(kind, random.any([6, 19], dtype), [1], { gradient: "none", before }),
        reduced(kind, random.any([6, 19], dtype), [0], { gradient: "none", before }),
        reduced(kind, dtype.startsWith("float") || dtype === "bfloat16" ? random.any([40], dtype) : operand([extremes(dtype).length], extremes(dtype), dtype), [0], { gradient: "none", before }),
      ]),
    ],
    errors: [
      ...errors,
      refused("an axis out of range", IndexError, () => ops.reduce(leaf([3], make([1]).dtype), [1], kind)),
      refused("an axis twice", IndexError, () => ops.reduce(leaf([3, 3], make([1]).dtype), [0, 0], kind)),
    ],
  };
}

const small: readonly DType[] = ["int32", "uint32", "float64", "float16", "bfloat16"];
const ordered: readonly DType[] = [...small, "int8", "uint8"];

const refusesSmall = (kind: Fold): ErrorSample[] =>
  (["int8", "uint8", "bool"] as const).map((dtype) => refused(dtype, DTypeError, () => ops.reduce(leaf([3], dtype), [0], kind)));
const refusesNothing = (kind: Fold): ErrorSample[] => [
  refused("nothing", ShapeError, () => ops.reduce(leaf([0]), [0], kind)),
  refused("bool", DTypeError, () => ops.reduce(leaf([3], "bool"), [0], kind)),
];
const refusesNumbers = (kind: Fold): ErrorSample[] => [refused("float32", DTypeError, () => ops.reduce(leaf([3]), [0], kind))];

function argReduced(kind: "max" | "min", x: Operand, axis: number): Sample {
  const name = `${x.dtype} [${x.shape.join(",")}] along ${axis}`;
  return sample(name, [x], ([v]) => (v ? ops.argReduce(v, axis, kind) : []));
}

function argReduction(kind: "max" | "min"): Sample[] {
  return [
    ...[[1], [3], [17], [5, 7], [2, 3, 4], [33, 16], [0, 3]].flatMap((shape: Shape) =>
      shape.flatMap((size, axis) => (size > 0 ? [argReduced(kind, random.distinct(shape), axis)] : [])),
    ),
    argReduced(kind, random.integers([4, 50], 0, 4, "float32"), 1),
    argReduced(kind, random.integers([50, 4], 0, 4, "float32"), 0),
    argReduced(kind, operand([4, 3], [1, NaN, 2, NaN, 1, NaN, Infinity, -Infinity, Infinity, -Infinity, -Infinity, -Infinity]), 1),
    argReduced(kind, random.distinct([3000]), 0),
    ...ordered.map((dtype) => argReduced(kind, random.any([6, 19], dtype), 1)),
    argReduced(kind, operand([extremes("uint32").length], extremes("uint32"), "uint32"), 0),
    argReduced(kind, operand([extremes("int32").length], extremes("int32"), "int32"), 0),
  ];
}

function named(samples: readonly Sample[], prefix: string): Sample[] {
  return samples.map((s) => ({ ...s, name: `${prefix} ${s.name}` }));
}

export const reductionInfos: readonly OpInfo[] = [
  fold("add", { accuracy: "sum", operand: (shape) => random.uniform(shape), dtypes: small, ofNothing: true }, refusesSmall("add")),
  fold("mul", { accuracy: "scalar", operand: (shape) => random.uniform(shape, 0.9, 1.1), dtypes: small, ofNothing: true }, refusesSmall("mul")),
  fold("max", { accuracy: "exact", operand: (shape) => random.distinct(shape), dtypes: ordered, ofNothing: false }, refusesNothing("max")),
  fold("min", { accuracy: "exact", operand: (shape) => random.distinct(shape), dtypes: ordered, ofNothing: false }, refusesNothing("min")),
  fold("and", { accuracy: "exact", operand: (shape) => random.integers(shape, 0, 12, "bool"), dtypes: [], ofNothing: true }, refusesNumbers("and")),
  fold("or", { accuracy: "exact", operand: (shape) => random.bools(shape), dtypes: [], ofNothing: true }, refusesNumbers("or")),
  {
    op: "arg-reduce",
    accuracy: "exact",
    samples: [...named(argReduction("max"), "max"), ...named(argReduction("min"), "min")],
    errors: [
      refused("nothing", ShapeError, () => ops.argReduce(leaf([0]), 0, "max")),
      refused("an axis out of range", IndexError, () => ops.argReduce(leaf([3]), 1, "max")),
    ],
  },
];

