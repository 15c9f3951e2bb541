import type { ScalarBuilder } from "../scalar-builder.js";
import type { Expr } from "../loop.js";
import { powerOfTwo, realOf, scale, type Real } from "./real.js";

/** ln 2 in two parts; the first has so few bits that its product with an exponent is exact. */
export function ln2Parts({ single }: Real): { high: number; low: number } {
  return single
    ? { high: 0.693359375, low: -2.1219444005469058e-4 }
    : { high: 0.6931471803691238, low: 1.9082149292705878e-10 };
}

/** 1/k! for k from `first` to the degree at which the Taylor series on |r| ≤ ln(2)/2 is exact to the last bit. */
function inverseFactorials({ single }: Real, first: number): number[] {
  const list = [1];
  for (let k = 1; k <= (single ? 7 : 13); k++) list.push((list[k - 1] ?? 1) / k);
  return list.slice(first);
}

/** x = n·ln 2 + rest with |rest| ≤ ln(2)/2. */
function reduceByLn2(real: Real, x: Expr): { rest: Expr; n: Expr } {
  const { b, k } = real;
  const { whole, int } = real.nearestWhole(b.mul(x, k(Math.LOG2E)));
  return { rest: restOfLn2(real, x, whole), n: int };
}

/** x − whole·ln 2. */
function restOfLn2(real: Real, x: Expr, whole: Expr): Expr {
  const { b, k } = real;
  const { high, low } = ln2Parts(real);
  return b.sub(b.sub(x, b.mul(whole, k(high))), b.mul(whole, k(low)));
}

/** eʳ on |r| ≤ ln(2)/2 in float32, exact at 0: the polynomial of the least relative error, 2e-9. */
const expSeries = [1, 1.000000032, 0.4999999421, 0.1666643117, 0.04166800258, 0.008374163388, 0.001384364408];

/** eˣ⁺ᵈ in float32 for −104 ≤ x ≤ 89. */
function expSingle(real: Real, x: Expr, correction: Expr | undefined): Expr {
  const { b, k } = real;
  // The sum with 1.5·2^23 + 2·127 ends in the bits of n plus twice the bias of an exponent; what lies above them is shifted
  // out. 2ⁿ goes in as two factors, so that large and subnormal results are rounded once.
  const magic = k(1.5 * 2 ** 23 + 254);
  const shifted = b.add(b.mul(x, k(Math.LOG2E)), magic);
  const rest = restOfLn2(real, x, b.sub(shifted, magic));
  const bits = b.bitcast(shifted, "int32");
  const half = b.op("shr", bits, b.const(1, "int32"));
  const factor = (exponent: Expr): Expr => b.bitcast(b.op("shl", exponent, b.const(23, "int32")), "float32");
  const power = real.polynomial(correction ? b.add(rest, correction) : rest, expSeries);
  return b.mul(b.mul(power, factor(half)), factor(b.sub(bits, half)));
}

/** eˣ⁺ᵈ, where d is a correction far smaller than x. */
export function expExpr(b: ScalarBuilder, x: Expr, correction?: Expr): Expr {
  const real = realOf(b, x);
  const clamped = real.atMost(real.atLeast(x, real.single ? -104 : -746), real.single ? 89 : 710);
  if (real.single) return expSingle(real, clamped, correction);
  const { rest, n } = reduceByLn2(real, clamped);
  const r = correction ? b.add(rest, correction) : rest;
  return scale(real, real.polynomial(r, inverseFactorials(real, 0)), n);
}

/** eˣ − 1 without cancellation: 2ⁿ·(eʳ − 1 + (1 − 2⁻ⁿ)). */
export function expm1Expr(b: ScalarBuilder, x: Expr): Expr {
  const real = realOf(b, x);
  const { k, single } = real;
  const clamped = real.atMost(real.atLeast(x, single ? -18 : -39), single ? 89 : 710);
  const { rest, n } = reduceByLn2(real, clamped);
  const small = b.mul(rest, real.polynomial(rest, inverseFactorials(real, 1)));
  const most = b.const(64, "int32");
  const inverse = powerOfTwo(real, b.neg(b.select(b.lt(most, n), most, n)));
  const result = scale(real, b.add(small, b.sub(k(1), inverse)), n);
  return b.select(b.eq(x, k(0)), x, result);
}

/** (e²ʸ − 1) / y on |y| ≤ ln(2)/4 in float32, exact at 0: the polynomial of the least relative error, 1.4e-8. */
const doubledSeries = [2, 1.9999998807907104, 1.3333234786987305, 0.6666752099990845, 0.26773056387901306, 0.0888480618596077];

/** tanh x in float32: e²ˣ − 1 = 2ⁿ·(e²ʸ − 1) + (2ⁿ − 1) with x = n·ln(2)/2 + y, which cancels on neither side of 0. */
function tanhSingle(real: Real, x: Expr): Expr {
  const { b, k } = real;
  // From 9.02 on the result is 1. The sum with 1.5·2^23 + 127 ends in the bits of n plus the bias of an exponent.
  const clamped = real.atMost(real.atLeast(x, -9.1), 9.1);
  const magic = k(1.5 * 2 ** 23 + 127);
  const shifted = b.add(b.mul(clamped, k(2 * Math.LOG2E)), magic);
  const whole = b.sub(shifted, magic);
  const { high, low } = ln2Parts(real);
  const y = b.sub(b.sub(clamped, b.mul(whole, k(high / 2))), b.mul(whole, k(low / 2)));
  const power = b.bitcast(b.op("shl", b.bitcast(shifted, "int32"), b.const(23, "int32")), "float32");
  const t = b.add(b.mul(b.mul(y, real.polynomial(y, doubledSeries)), power), b.sub(power, k(1)));
  return b.select(b.eq(x, k(0)), x, b.div(t, b.add(t, k(2))));
}

/** tanh x = (e²ˣ − 1) / (e²ˣ + 1), without cancellation where x is small. */
export function tanhExpr(b: ScalarBuilder, x: Expr): Expr {
  const real = realOf(b, x);
  const { k } = real;
  if (real.single) return tanhSingle(real, x);
  const size = real.atMost(b.abs(x), 22);
  const t = expm1Expr(b, b.add(size, size));
  return b.select(b.eq(x, k(0)), x, real.withSign(b.div(t, b.add(t, k(2))), x));
}

/** 1 / (1 + e⁻ˣ) = e^min(x, 0) / (1 + e^−|x|), exact in both tails. */
export function sigmoidExpr(b: ScalarBuilder, x: Expr): Expr {
  const { k } = realOf(b, x);
  const decay = expExpr(b, b.neg(b.abs(x)));
  return b.div(b.select(b.lt(x, k(0)), decay, k(1)), b.add(k(1), decay));
}
