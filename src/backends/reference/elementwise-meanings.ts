import { isFloat, type DType } from "../../core/dtype.js";
import { fromBfloat16, fromFloat16, toBfloat16, toFloat16 } from "../../core/half.js";
import type { Op } from "../../ir/graph.js";
import { addOp, divOp, maxOp, minOp, mulOp, negOp, subOp } from "../../ops/arithmetic.js";
import { andOp, notOp, orOp, shlOp, shrOp, xorOp } from "../../ops/bitwise.js";
import { eqOp, leOp, ltOp, neOp, selectOp } from "../../ops/compare.js";
import { convertOp } from "../../ops/convert.js";
import { integerRange, wrapNumber } from "../../ops/dtype-rules.js";
import { at } from "../../ops/indexing.js";
import { erfNumber } from "../../core/erf-number.js";
import { atan2Op, modOp, powOp } from "../../ops/power.js";
import { absOp, ceilOp, floorOp, roundOp, signOp, truncOp } from "../../ops/rounding.js";
import { atanOp, cosOp, erfOp, expm1Op, expOp, log1pOp, logOp, sigmoidOp, sinOp, sqrtOp, tanhOp } from "../../ops/transcendental.js";
import { meaning, type Meaning } from "./meaning.js";
import { numberAt } from "./numbers.js";

function unary(op: Op, of: (x: number, dtype: DType) => number): readonly [Op, Meaning] {
  return meaning(op, (inputs) => {
    const { data, dtype } = at(inputs, 0);
    return [data.map((v) => of(v, dtype))];
  });
}

function binary(op: Op, of: (x: number, y: number, dtype: DType) => number): readonly [Op, Meaning] {
  return meaning(op, (inputs) => {
    const [x, y] = [at(inputs, 0), at(inputs, 1)];
    return [x.data.map((v, i) => of(v, numberAt(y.data, i), x.dtype))];
  });
}

function compare(op: Op, holds: (x: number, y: number) => boolean): readonly [Op, Meaning] {
  return binary(op, (x, y) => (holds(x, y) ? 1 : 0));
}

export const elementwiseMeanings = [
  binary(addOp, (x, y) => x + y),
  binary(subOp, (x, y) => x - y),
  unary(negOp, (x) => -x),
  binary(mulOp, (x, y, dtype) => (isFloat(dtype) ? x * y : Math.imul(x, y))),
  binary(divOp, (x, y, dtype) => (isFloat(dtype) ? x / y : y === 0 ? 0 : Math.floor(x / y))),
  binary(minOp, (x, y) => Math.min(x, y)),
  binary(maxOp, (x, y) => Math.max(x, y)),
  binary(powOp, powNumber),
  binary(modOp, (x, y, dtype) => {
    if (y === 0) return isFloat(dtype) ? NaN : 0;
    const rest = x % y;
    return rest !== 0 && rest < 0 !== y < 0 ? rest + y : rest;
  }),
  binary(atan2Op, Math.atan2),
  unary(notOp, (x, dtype) => (dtype === "bool" ? Number(!x) : ~x)),
  binary(andOp, (x, y) => x & y),
  binary(orOp, (x, y) => x | y),
  binary(xorOp, (x, y) => x ^ y),
  binary(shlOp, (x, y) => (y < 0 || y > 31 ? 0 : x << y)),
  binary(shrOp, (x, y) => (y < 0 || y > 31 ? (x < 0 ? -1 : 0) : Math.floor(x / 2 ** y))),
  compare(ltOp, (x, y) => x < y),
  compare(leOp, (x, y) => x <= y),
  compare(eqOp, (x, y) => x === y),
  compare(neOp, (x, y) => x !== y),
  meaning(selectOp, (inputs) => {
    const [condition, a, b] = [at(inputs, 0), at(inputs, 1), at(inputs, 2)];
    return [a.data.map((v, i) => (numberAt(condition.data, i) ? v : numberAt(b.data, i)))];
  }),
  meaning(convertOp, (inputs, { dtype }) => {
    const x = at(inputs, 0);
    return [x.data.map((v) => convertNumber(v, x.dtype, dtype))];
  }),
  unary(floorOp, Math.floor),
  unary(ceilOp, Math.ceil),
  unary(truncOp, Math.trunc),
  unary(roundOp, roundHalfToEven),
  unary(signOp, Math.sign),
  unary(absOp, Math.abs),
  unary(sqrtOp, Math.sqrt),
  unary(expOp, Math.exp),
  unary(expm1Op, Math.expm1),
  unary(logOp, Math.log),
  unary(log1pOp, Math.log1p),
  unary(sinOp, Math.sin),
  unary(cosOp, Math.cos),
  unary(tanhOp, Math.tanh),
  unary(sigmoidOp, (x) => (x < 0 ? Math.exp(x) / (1 + Math.exp(x)) : 1 / (1 + Math.exp(-x)))),
  unary(erfOp, erfNumber),
  unary(atanOp, Math.atan),
];

function powNumber(x: number, y: number, dtype: DType): number {
  if (isFloat(dtype)) return x === 1 || (x === -1 && Math.abs(y) === Infinity) ? 1 : x ** y;
  if (y < 0) return x === 1 ? 1 : x === -1 ? (y % 2 === 0 ? 1 : -1) : 0;
  let [result, square] = [1, x];
  for (let rest = y; rest > 0; rest = Math.floor(rest / 2)) {
    if (rest % 2 === 1) result = Math.imul(result, square);
    square = Math.imul(square, square);
  }
  return result;
}

function convertNumber(value: number, from: DType, to: DType): number {
  switch (to) {
    case "float64":
      return value;
    case "float32":
      return Math.fround(value);
    case "float16":
      return fromFloat16(toFloat16(Math.fround(value)));
    case "bfloat16":
      return fromBfloat16(toBfloat16(value));
    case "bool":
      return value !== 0 ? 1 : 0;
    default: {
      if (!isFloat(from)) return wrapNumber(value, to);
      const [low, high] = integerRange(to);
      return Number.isNaN(value) ? 0 : Math.max(low, Math.min(high, Math.trunc(value)));
    }
  }
}

function roundHalfToEven(x: number): number {
  const below = Math.floor(x);
  const rest = x - below;
  if (rest === 0.5) return 2 * Math.round(below / 2);
  return rest < 0.5 ? below : below + 1;
}
