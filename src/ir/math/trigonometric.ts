import type { Expr } from "../loop.js";
import type { Real } from "./real.js";

/**
 * π/2 in parts of 12 (float32) or 33 bits (float64) and a tail: Cody and Waite's reduction. A number of quarter turns below
 * 2²² or 2³¹ is taken in two halves, so that every product with a part is exact. The reduction is good to the last bits up
 * to |x| = 6.5 million in float32 and 3.3 billion in float64; beyond, the result is some number between −1 and 1.
 */
const reductions = {
  float32: { lowBits: 12, parts: [1.5703125, 0.0004837512969970703125, 0.0000000754953362047672271728515625, 0.00000000000255795384873636066913604736328125], tail: 5.3903028581581191e-15 },
  float64: {
    lowBits: 20,
    parts: [1.570796326734125614166259765625, 6.077100506303965976595549136618501506746e-11, 2.022266248711166455795995623655170701782e-21],
    tail: 8.478427660368899644e-32,
  },
};

/** x less the given number of quarter turns. */
function subtractTurns(real: Real, x: Expr, turns: Expr): Expr {
  const { b, k, type } = real;
  const { lowBits, parts, tail } = reductions[type];
  const unit = k(2 ** lowBits);
  const high = b.mul(b.op("trunc", b.mul(turns, k(2 ** -lowBits))), unit);
  const low = b.sub(turns, high);
  const rest = parts.reduce((r, part) => b.sub(b.sub(r, b.mul(high, k(part))), b.mul(low, k(part))), x);
  return b.sub(rest, b.mul(turns, k(tail)));
}

function alternatingInverseFactorials(first: number, terms: number): number[] {
  const list: number[] = [];
  let value = 1;
  for (let i = 0; i < terms; i++) {
    list.push(value);
    value /= -(2 * i + first + 1) * (2 * i + first + 2);
  }
  return list;
}

function sinOrCos(real: Real, x: Expr, quarterTurns: number): Expr {
  const { b, k, single } = real;
  const { whole, int } = real.nearestWhole(b.mul(x, k(2 / Math.PI)));
  const r = real.atMost(real.atLeast(subtractTurns(real, x, whole), -1.25), 1.25);
  const squared = b.mul(r, r);
  const odd = alternatingInverseFactorials(1, single ? 5 : 9).slice(1);
  const sine = b.add(r, b.mul(b.mul(r, squared), real.polynomial(squared, odd)));
  const cosine = real.polynomial(squared, alternatingInverseFactorials(0, single ? 6 : 10));
  const bit = (e: Expr, mask: number): Expr => b.ne(b.and(e, b.const(mask, "int32")), b.const(0, "int32"));
  const quarter = b.add(int, b.const(quarterTurns, "int32"));
  const value = b.select(bit(quarter, 1), cosine, sine);
  return b.select(bit(quarter, 2), b.neg(value), value);
}

/** sin x; NaN at ±∞. */
export function sinExpr(real: Real, x: Expr): Expr {
  const { b, k } = real;
  return b.select(b.eq(x, k(0)), x, sinOrCos(real, x, 0));
}

/** cos x; NaN at ±∞. */
export function cosExpr(real: Real, x: Expr): Expr {
  return sinOrCos(real, x, 1);
}

/** The angle of a point in the first quadrant, y and x not negative and not both 0 or infinite. */
function firstQuadrant(real: Real, y: Expr, x: Expr): Expr {
  const { b, k, single } = real;
  // One division by rotation to an angle of at most π/8: by π/2 or by π/4.
  const isSteep = b.lt(b.mul(x, k(1 + Math.SQRT2)), y);
  const isMiddle = b.lt(b.mul(x, k(Math.SQRT2 - 1)), y);
  const [plus, minus] = [b.add(y, x), b.sub(y, x)];
  const above = b.select(isSteep, b.neg(x), b.select(isMiddle, minus, y));
  const below = b.select(isSteep, y, b.select(isMiddle, plus, x));
  const t = b.div(above, below);
  const squared = b.mul(t, t);
  const series = Array.from({ length: single ? 9 : 20 }, (_, i) => (i % 2 === 0 ? -1 : 1) / (2 * i + 3));
  const angle = b.add(t, b.mul(b.mul(t, squared), real.polynomial(squared, series)));
  const turned = b.select(isSteep, k(Math.PI / 2), b.select(isMiddle, k(Math.PI / 4), k(0)));
  return b.add(turned, angle);
}

/** The angle in −π/2 … π/2 whose tangent is x. */
export function atanExpr(real: Real, x: Expr): Expr {
  const { b, k } = real;
  return b.select(b.eq(x, k(0)), x, real.withSign(firstQuadrant(real, b.abs(x), k(1)), x));
}

/** The angle of the point (x, y) in −π … π, with IEEE 754's rules for zeros and infinities. */
export function atan2Expr(real: Real, y: Expr, x: Expr): Expr {
  const { b, k, single } = real;
  const [height, width] = [b.abs(y), b.abs(x)];
  const large = k(single ? 2 ** 120 : 2 ** 1000);
  const isLarge = b.or(b.lt(large, height), b.lt(large, width));
  const down = b.select(isLarge, k(2 ** -16), k(1));
  const bothInfinite = b.and(b.eq(height, k(Infinity)), b.eq(width, k(Infinity)));
  const bothZero = b.and(b.eq(y, k(0)), b.eq(x, k(0)));
  const h = b.select(bothInfinite, k(1), b.mul(height, down));
  const w = b.select(b.or(bothInfinite, bothZero), k(1), b.mul(width, down));
  const angle = firstQuadrant(real, h, w);
  const folded = b.select(real.signBit(x), b.sub(k(Math.PI), angle), angle);
  const signed = b.select(real.signBit(y), b.neg(folded), folded);
  return b.select(b.and(b.eq(x, x), b.eq(y, y)), signed, k(NaN));
}
