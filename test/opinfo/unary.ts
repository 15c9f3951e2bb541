import type { DType } from "../../src/core/dtype.js";
import { DTypeError } from "../../src/core/errors.js";
import type { Value } from "../../src/ir/graph.js";
import * as ops from "../../src/ops/index.js";
import { elementwiseShapes, extremes, integerDTypes, leaf, Numbers, operand, refused, sample, specials, type ErrorSample, type OpInfo, type Sample } from "./sample.js";

type Build = (x: Value) => Value;
type Range = readonly [low: number, high: number];

interface Domain {
  /** Where arguments of derivative samples and of most shapes come from. */
  readonly usual: Range;
  /** Where results are still finite and not 0 in float32. */
  readonly wide: Range;
  /** No derivative at some points, or at none. */
  readonly smooth?: boolean;
  /** Where the function is documented to end being exact. */
  readonly largest?: number;
}

const random = new Numbers(1);

function one(build: Build): Sample["build"] {
  return ([x]) => {
    if (!x) throw new RangeError("a sample of one operand");
    return build(x);
  };
}

/** Numbers spread over a range, evenly and towards 0 by halves. */
function spread([low, high]: Range): number[] {
  const even = Array.from({ length: 120 }, (_, i) => low + ((high - low) * (i + 0.37)) / 120);
  const small = Array.from({ length: 40 }, (_, i) => 2 ** -i * 0.7).flatMap((v) => [v, -v]);
  return [...even, ...small.filter((v) => v >= low && v <= high)];
}

function floatSamples(build: Build, { usual, wide, smooth = true, largest = Infinity }: Domain): Sample[] {
  const f = one(build);
  const special = specials.filter((v) => !Number.isFinite(v) || Math.abs(v) <= largest);
  const values = spread(wide);
  const half = spread(usual);
  return [
    ...elementwiseShapes.map((shape) => sample(`[${shape.join(",")}]`, [random.uniform(shape, ...usual)], f, { smooth, before: "same" })),
    sample("wide range", [operand([values.length], values)], f, { gradient: "none" }),
    sample("usual range", [operand([half.length], half)], f, { gradient: "first", smooth: false }),
    sample("special values", [operand([special.length], special)], f, { gradient: "none", before: "same" }),
    sample("float64", [operand([half.length], half, "float64")], f, { gradient: "first", smooth: false }),
    sample("float64 special values", [operand([special.length], special, "float64")], f, { gradient: "none", before: "same" }),
    sample("float16", [random.uniform([19], ...usual, "float16")], f, { gradient: "none", before: "same" }),
    sample("bfloat16", [random.uniform([19], ...usual, "bfloat16")], f, { gradient: "none", before: "same" }),
  ];
}

function integerSamples(build: Build, dtypes: readonly DType[]): Sample[] {
  return dtypes.flatMap((dtype) => {
    const values = extremes(dtype);
    return [
      sample(`${dtype} extremes`, [operand([values.length], values, dtype)], one(build)),
      sample(`${dtype} [3,17]`, [random.any([3, 17], dtype)], one(build)),
    ];
  });
}

function refuses(build: Build, dtypes: readonly DType[]): ErrorSample[] {
  return dtypes.map((dtype) => refused(dtype, DTypeError, () => build(leaf([3], dtype))));
}

/** A function of floats with fractional results. */
function math(op: string, build: Build, domain: Domain): OpInfo {
  return { op, accuracy: "scalar", samples: floatSamples(build, domain), errors: refuses(build, ["int32", "bool"]) };
}

/** A function that is exact, of floats and integers. */
function exact(op: string, build: Build, smooth: boolean): OpInfo {
  const halves = [-2.5, -1.5, -0.5, -0.25, 0.25, 0.5, 1.5, 2.5, 3.5, 8388607.5, 8388609, -8388607.5, 4503599627370497];
  return {
    op,
    accuracy: "exact",
    samples: [
      ...floatSamples(build, { usual: [-3, 3], wide: [-1000, 1000], smooth }),
      sample("halves", [operand([halves.length], halves)], one(build), { gradient: "none", before: "same" }),
      ...integerSamples(build, integerDTypes),
    ],
    errors: refuses(build, ["bool"]),
  };
}

export const unaryInfos: readonly OpInfo[] = [
  math("exp", ops.exp, { usual: [-2, 2], wide: [-43, 44] }),
  math("expm1", ops.expm1, { usual: [-2, 2], wide: [-43, 44] }),
  math("log", ops.log, { usual: [0.2, 4], wide: [1e-30, 1e30] }),
  math("log1p", ops.log1p, { usual: [-0.6, 4], wide: [-0.49, 1e30] }),
  math("sin", ops.sin, { usual: [-3, 3], wide: [-2000, 2000], largest: 6.5e6 }),
  math("cos", ops.cos, { usual: [-3, 3], wide: [-2000, 2000], largest: 6.5e6 }),
  math("tanh", ops.tanh, { usual: [-2, 2], wide: [-40, 40] }),
  math("sigmoid", ops.sigmoid, { usual: [-2, 2], wide: [-40, 40] }),
  math("erf", ops.erf, { usual: [-2, 2], wide: [-20, 20] }),
  math("atan", ops.atan, { usual: [-2, 2], wide: [-1e20, 1e20] }),
  math("sqrt", ops.sqrt, { usual: [0.2, 4], wide: [1e-30, 1e30] }),
  exact("neg", ops.neg, true),
  exact("abs", ops.abs, false),
  exact("sign", ops.sign, false),
  exact("floor", ops.floor, false),
  exact("ceil", ops.ceil, false),
  exact("trunc", ops.trunc, false),
  exact("round", ops.round, false),
  {
    op: "not",
    accuracy: "exact",
    samples: [...elementwiseShapes.map((shape) => sample(`[${shape.join(",")}]`, [random.bools(shape)], one(ops.not))), ...integerSamples(ops.not, integerDTypes)],
    errors: refuses(ops.not, ["float32"]),
  },
];
