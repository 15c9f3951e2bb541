import type { DType } from "../../src/core/dtype.js";
import { DTypeError, ShapeError } from "../../src/core/errors.js";
import type { Value } from "../../src/ir/graph.js";
import * as ops from "../../src/ops/index.js";
import {
  elementwiseShapes,
  extremes,
  integerDTypes,
  leaf,
  Numbers,
  operand,
  pairs,
  refused,
  sample,
  specials,
  type Accuracy,
  type ErrorSample,
  type OpInfo,
  type Sample,
} from "./sample.js";

type Build = (a: Value, b: Value) => Value;
type Range = readonly [low: number, high: number];

const random = new Numbers(2);

function two(build: Build): Sample["build"] {
  return ([a, b]) => {
    if (!a || !b) throw new RangeError("a sample of two operands");
    return build(a, b);
  };
}

interface FloatOptions {
  readonly left?: Range;
  readonly right?: Range;
  readonly smooth?: boolean;
  readonly before?: Sample["before"];
  /** Special values in whose combinations the operator is documented to be exact; all if not given. */
  readonly special?: readonly number[];
}

function floatSamples(build: Build, { left = [-2, 2], right = [0.5, 2], smooth = true, before = "double", special = specials }: FloatOptions): Sample[] {
  const f = two(build);
  return [
    ...elementwiseShapes.map((shape) => sample(`[${shape.join(",")}]`, [random.uniform(shape, ...left), random.uniform(shape, ...right)], f, { smooth, before })),
    sample("both alike", [random.uniform([6], ...right)], ([x]) => (x ? build(x, x) : []), { gradient: "first", smooth: false, before }),
    sample("special values", pairs(special, special, "float32"), f, { gradient: "none", before: "same" }),
    sample("float64", [random.uniform([21], ...left, "float64"), random.uniform([21], ...right, "float64")], f, { before }),
    sample("float64 special values", pairs(special, special, "float64"), f, { gradient: "none", before: "same" }),
    sample("float16", [random.uniform([21], ...left, "float16"), random.uniform([21], ...right, "float16")], f, { gradient: "none", before: "same" }),
    sample("bfloat16", [random.uniform([21], ...left, "bfloat16"), random.uniform([21], ...right, "bfloat16")], f, { gradient: "none", before: "same" }),
  ];
}

function integerSamples(build: Build, dtypes: readonly DType[] = integerDTypes): Sample[] {
  return dtypes.flatMap((dtype) => [
    sample(`${dtype} extremes`, pairs(extremes(dtype), extremes(dtype), dtype), two(build)),
    sample(`${dtype} [5,7]`, [random.any([5, 7], dtype), random.any([5, 7], dtype)], two(build)),
  ]);
}

function boolSamples(build: Build): Sample[] {
  return [sample("bool", pairs([0, 1], [0, 1], "bool"), two(build)), sample("bool [33]", [random.bools([33]), random.bools([33])], two(build))];
}

function refuses(build: Build, dtypes: readonly DType[]): ErrorSample[] {
  return [
    refused("shapes that differ", ShapeError, () => build(leaf([2, 3]), leaf([3, 2]))),
    refused("a shape that would broadcast", ShapeError, () => build(leaf([2, 3]), leaf([3]))),
    refused("dtypes that differ", DTypeError, () => build(leaf([2]), leaf([2], "int32"))),
    ...dtypes.map((dtype) => refused(dtype, DTypeError, () => build(leaf([3], dtype), leaf([3], dtype)))),
  ];
}

function numeric(op: string, build: Build, accuracy: Accuracy, options: FloatOptions): OpInfo {
  return { op, accuracy, samples: [...floatSamples(build, options), ...integerSamples(build)], errors: refuses(build, ["bool"]) };
}

function comparison(op: string, build: Build): OpInfo {
  return {
    op,
    accuracy: "exact",
    samples: [
      ...floatSamples(build, { right: [-2, 2], smooth: false }),
      sample("few values", [random.integers([40], -2, 3, "float32"), random.integers([40], -2, 3, "float32")], two(build)),
      ...integerSamples(build),
      ...boolSamples(build),
    ],
    errors: refuses(build, []).filter((e) => e.name !== "bool"),
  };
}

function bitwise(op: string, build: Build): OpInfo {
  return { op, accuracy: "exact", samples: [...integerSamples(build), ...boolSamples(build)], errors: refuses(build, ["float32"]) };
}

function shift(op: string, build: Build): OpInfo {
  const amounts = [0, 1, 2, 7, 8, 15, 30, 31];
  const samples = integerDTypes.map((dtype) => sample(`${dtype} extremes`, pairs(extremes(dtype), amounts, dtype), two(build)));
  const beyond = integerDTypes.map((dtype) => sample(`${dtype} by all bits and more`, pairs(extremes(dtype), dtype.startsWith("u") ? [32, 33, 255] : [32, 100, -1, -128], dtype), two(build)));
  return { op, accuracy: "exact", samples: [...samples, ...beyond], errors: refuses(build, ["float32", "bool"]) };
}

export const binaryInfos: readonly OpInfo[] = [
  numeric("add", ops.add, "scalar", {}),
  numeric("sub", ops.sub, "scalar", {}),
  numeric("mul", ops.mul, "scalar", {}),
  numeric("div", ops.div, "scalar", {}),
  numeric("mod", ops.mod, "scalar", { smooth: false, special: specials.filter((v) => !Number.isFinite(v) || v === 0 || (Math.abs(v) > 1e-3 && Math.abs(v) < 1e6)) }),
  numeric("min", ops.min, "exact", { smooth: false }),
  numeric("max", ops.max, "exact", { smooth: false }),
  { op: "pow", accuracy: "scalar", samples: [...floatSamples(ops.pow, { left: [0.3, 3], right: [-2, 2] }), ...integerSamples(ops.pow)], errors: refuses(ops.pow, ["bool"]) },
  { op: "atan2", accuracy: "scalar", samples: floatSamples(ops.atan2, { left: [-2, 2], right: [0.5, 2] }), errors: refuses(ops.atan2, ["int32", "bool"]) },
  comparison("eq", ops.eq),
  comparison("ne", ops.ne),
  comparison("lt", ops.lt),
  comparison("le", ops.le),
  bitwise("and", ops.and),
  bitwise("or", ops.or),
  bitwise("xor", ops.xor),
  shift("shl", ops.shl),
  shift("shr", ops.shr),
];

function three(build: (a: Value, b: Value, c: Value) => Value): Sample["build"] {
  return ([a, b, c]) => {
    if (!a || !b || !c) throw new RangeError("a sample of three operands");
    return build(a, b, c);
  };
}

export const selectInfo: OpInfo = {
  op: "select",
  accuracy: "exact",
  samples: [
    ...elementwiseShapes.map((shape) => sample(`[${shape.join(",")}]`, [random.bools(shape), random.uniform(shape), random.uniform(shape)], three(ops.select))),
    ...[...integerDTypes, "float64" as const, "float16" as const].map((dtype) =>
      sample(dtype, [random.bools([23]), random.any([23], dtype), random.any([23], dtype)], three(ops.select), { before: "same" }),
    ),
    sample("bool", [random.bools([9]), random.bools([9]), random.bools([9])], three(ops.select)),
    sample("special values", [random.bools([specials.length]), operand([specials.length], specials), operand([specials.length], [...specials].reverse())], three(ops.select), {
      gradient: "none",
    }),
  ],
  errors: [
    refused("a condition that is no bool", DTypeError, () => ops.select(leaf([3]), leaf([3]), leaf([3]))),
    refused("branches of two dtypes", DTypeError, () => ops.select(leaf([3], "bool"), leaf([3]), leaf([3], "int32"))),
    refused("branches of two shapes", ShapeError, () => ops.select(leaf([3], "bool"), leaf([3]), leaf([1]))),
    refused("a condition of another shape", ShapeError, () => ops.select(leaf([], "bool"), leaf([3]), leaf([3]))),
  ],
};
