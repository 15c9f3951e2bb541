import { dtypes, isFloat, type DType } from "../../src/core/dtype.js";
import { DTypeError, IndexError, ShapeError } from "../../src/core/errors.js";
import * as ops from "../../src/ops/index.js";
import { extremes, leaf, Numbers, operand, refused, sample, specials, type OpInfo } from "./sample.js";

const random = new Numbers(3);

const floatsToConvert = [...specials, 2 ** 31, -(2 ** 31), 2 ** 32, 2 ** 33, 300, -300, 255.9, 127.5, -128.9, 65504, 65519.9, 65520, 1.0009765625, 1.0004882, 2.9e-8, 3e-8, 6.1e-5, 1.00390625, 1.01171875];

function valuesOf(dtype: DType): number[] {
  if (isFloat(dtype)) return floatsToConvert;
  return extremes(dtype);
}

export const creationInfos: readonly OpInfo[] = [
  {
    op: "constant",
    accuracy: "exact",
    samples: [
      ...dtypes.map((dtype) => sample(dtype, [], () => ops.constant(isFloat(dtype) ? 1.5 : 1, dtype, [5]))),
      ...[NaN, Infinity, -Infinity, -0, 0.1, 1e-45, 3e38].map((v) => sample(`float32 ${v}`, [], () => ops.constant(v, "float32", [3]))),
      ...[300, -129, 2 ** 31, 2 ** 32 - 1].flatMap((v) => (["int8", "uint8", "int32", "uint32"] as const).map((dtype) => sample(`${dtype} ${v}`, [], () => ops.constant(v, dtype, [2])))),
      sample("scalar", [], () => ops.constant(7, "int32")),
      sample("empty", [], () => ops.constant(7, "float32", [0, 3])),
    ],
    errors: [
      refused("a negative size", ShapeError, () => ops.constant(0, "float32", [-1])),
      refused("rank 9", ShapeError, () => ops.constant(0, "float32", [1, 1, 1, 1, 1, 1, 1, 1, 1])),
    ],
  },
  {
    op: "iota",
    accuracy: "exact",
    samples: [
      ...dtypes.filter((d) => d !== "bool").map((dtype) => sample(dtype, [], () => ops.iota([19], 0, dtype))),
      sample("int8 wraps", [], () => ops.iota([300], 0, "int8")),
      sample("uint8 wraps", [], () => ops.iota([300], 0, "uint8")),
      ...[0, 1, 2].map((axis) => sample(`axis ${axis}`, [], () => ops.iota([3, 5, 17], axis, "float32"))),
      sample("empty", [], () => ops.iota([0, 3], 1, "int32")),
      sample("a million", [], () => ops.iota([1_000_001], 0, "float32")),
    ],
    errors: [
      refused("bool", DTypeError, () => ops.iota([3], 0, "bool")),
      refused("an axis out of range", IndexError, () => ops.iota([3], 1, "int32")),
    ],
  },
  {
    op: "convert",
    accuracy: "exact",
    samples: dtypes.flatMap((from) =>
      dtypes
        .filter((to) => to !== from)
        .map((to) => {
          const values = valuesOf(from);
          return sample(`${from} to ${to}`, [operand([values.length], values, from)], ([x]) => (x ? ops.convert(x, to) : []), {
            gradient: isFloat(from) && isFloat(to) ? "first" : "none",
            smooth: false,
            before: "same",
          });
        }),
    ),
    errors: [],
  },
  {
    op: "random-bits",
    accuracy: "exact",
    samples: [
      ...[[0, 0, 0], [1, 2, 3], [2 ** 32 - 1, 2 ** 32 - 1, 2 ** 32 - 1], [0x13198a2e, 0x03707344, 7]].map((state) =>
        sample(state.join(","), [operand([3], state, "uint32")], ([s]) => (s ? ops.randomBits(s, [33]) : [])),
      ),
      sample("with an offset", [operand([3], [1, 2, 3], "uint32")], ([s]) => (s ? ops.randomBits(s, [5], 4) : [])),
      sample("[3,17,2]", [operand([3], [5, 6, 7], "uint32")], ([s]) => (s ? ops.randomBits(s, [3, 17, 2]) : [])),
      sample("two states", [operand([2, 3], [5, 6, 7, 8, 9, 10], "uint32")], ([s]) => (s ? ops.randomBits(s, [3, 2], 1) : [])),
      sample("scalar", [operand([3], [5, 6, 7], "uint32")], ([s]) => (s ? ops.randomBits(s, []) : [])),
      sample("empty", [operand([3], [5, 6, 7], "uint32")], ([s]) => (s ? ops.randomBits(s, [0]) : [])),
    ],
    errors: [
      refused("a state of two words", ShapeError, () => ops.randomBits(leaf([2], "uint32"), [3])),
      refused("a state of int32", DTypeError, () => ops.randomBits(leaf([3], "int32"), [3])),
    ],
  },
  {
    op: "stop-gradient",
    accuracy: "exact",
    samples: [sample("[2,3]", [random.uniform([2, 3])], ([x]) => (x ? ops.stopGradient(x) : []))],
    errors: [],
  },
];
