import type { ExprBuilder } from "../../ir/expr-builder.js";
import type { Expr } from "../../ir/loop.js";
import { atLeast, atMost, nearestWhole, polynomial, powerOfTwo, realOf, scale, withSign, type Real } from "./real.js";

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
  const { high, low } = ln2Parts(real);
  const { whole, int } = nearestWhole(real, b.mul(x, k(Math.LOG2E)));
  return { rest: b.sub(b.sub(x, b.mul(whole, k(high))), b.mul(whole, k(low))), n: int };
}

/** eˣ⁺ᵈ, where d is a correction far smaller than x. */
export function expExpr(b: ExprBuilder, x: Expr, correction?: Expr): Expr {
  const real = realOf(b, x);
  const clamped = atMost(real, atLeast(real, x, real.single ? -104 : -746), real.single ? 89 : 710);
  const { rest, n } = reduceByLn2(real, clamped);
  const r = correction ? b.add(rest, correction) : rest;
  return scale(real, polynomial(real, r, inverseFactorials(real, 0)), n);
}

/** eˣ − 1 without cancellation: 2ⁿ·(eʳ − 1 + (1 − 2⁻ⁿ)). */
export function expm1Expr(b: ExprBuilder, x: Expr): Expr {
  const real = realOf(b, x);
  const { k, single } = real;
  const clamped = atMost(real, atLeast(real, x, single ? -18 : -39), single ? 89 : 710);
  const { rest, n } = reduceByLn2(real, clamped);
  const small = b.mul(rest, polynomial(real, rest, inverseFactorials(real, 1)));
  const most = b.const(64, "int32");
  const inverse = powerOfTwo(real, b.neg(b.select(b.lt(most, n), most, n)));
  const result = scale(real, b.add(small, b.sub(k(1), inverse)), n);
  return b.select(b.eq(x, k(0)), x, result);
}

/** tanh x = (e²ˣ − 1) / (e²ˣ + 1). */
export function tanhExpr(b: ExprBuilder, x: Expr): Expr {
  const real = realOf(b, x);
  const { k } = real;
  const size = atMost(real, b.abs(x), real.single ? 10 : 22);
  const t = expm1Expr(b, b.add(size, size));
  return b.select(b.eq(x, k(0)), x, withSign(real, b.div(t, b.add(t, k(2))), x));
}

/** 1 / (1 + e⁻ˣ) = e^min(x, 0) / (1 + e^−|x|), exact in both tails. */
export function sigmoidExpr(b: ExprBuilder, x: Expr): Expr {
  const { k } = realOf(b, x);
  const decay = expExpr(b, b.neg(b.abs(x)));
  return b.div(b.select(b.lt(x, k(0)), decay, k(1)), b.add(k(1), decay));
}
