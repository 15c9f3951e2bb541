import type { ScalarBuilder } from "../scalar-builder.js";
import type { Expr } from "../loop.js";
import { ln2Parts } from "./exponential.js";
import { realOf, splitExponent, type Real } from "./real.js";

/** ln x as high + low for positive finite x: high = exponent·ln 2 + (mantissa − 1), exact but for one rounding. */
function logTerms(real: Real, x: Expr): { whole: Expr; fraction: Expr; rest: Expr } {
  const { b, k, single } = real;
  const ln2 = ln2Parts(real);
  const { mantissa, exponent } = splitExponent(real, x);
  // ln(1 + f) = 2·artanh(s) with s = f / (2 + f), and 2s = f − s·f.
  const f = b.sub(mantissa, k(1));
  const s = b.div(f, b.add(f, k(2)));
  const squared = b.mul(s, s);
  const series = Array.from({ length: single ? 5 : 11 }, (_, i) => 2 / (2 * i + 3));
  const tail = b.mul(squared, real.polynomial(squared, series));
  const rest = b.sub(b.mul(exponent, k(ln2.low)), b.mul(s, b.sub(f, tail)));
  return { whole: b.mul(exponent, k(ln2.high)), fraction: f, rest };
}

/** The natural logarithm; −∞ at 0, NaN below. */
export function logExpr(b: ScalarBuilder, x: Expr): Expr {
  const real = realOf(b, x);
  const { k } = real;
  const { whole, fraction, rest } = logTerms(real, x);
  const finite = b.add(whole, b.add(fraction, rest));
  const positive = b.select(b.lt(x, k(Infinity)), finite, x);
  return b.select(b.lt(k(0), x), positive, b.select(b.eq(x, k(0)), k(-Infinity), k(NaN)));
}

/** ln x for x ≥ 0 as a sum of two floats, the second holding what rounding took from the first. */
export function logPair(b: ScalarBuilder, x: Expr): { high: Expr; low: Expr } {
  const real = realOf(b, x);
  const { k } = real;
  const { whole, fraction, rest } = logTerms(real, x);
  const sum = b.add(whole, fraction);
  const small = b.add(b.sub(fraction, b.sub(sum, whole)), rest);
  const high = b.add(sum, small);
  const low = b.sub(small, b.sub(high, sum));
  const isFinite = b.and(b.lt(k(0), x), b.lt(x, k(Infinity)));
  const limit = b.select(b.eq(x, k(0)), k(-Infinity), x);
  return { high: b.select(isFinite, high, limit), low: b.select(isFinite, low, k(0)) };
}

/** ln(1 + x), exact for small x: the error of u = 1 + x is undone by the factor x / (u − 1). */
export function log1pExpr(b: ScalarBuilder, x: Expr): Expr {
  const { k } = realOf(b, x);
  const sum = b.add(x, k(1));
  const log = logExpr(b, sum);
  const kept = b.sub(sum, k(1));
  const corrected = b.select(b.eq(kept, k(0)), x, b.mul(log, b.div(x, kept)));
  return b.select(b.lt(x, k(1e10)), corrected, log);
}
