import type { ScalarBuilder } from "../scalar-builder.js";
import type { Expr } from "../loop.js";
import type { Real } from "./real.js";

/** What powers are made of. */
interface ExpAndLog {
  readonly expExpr: (b: ScalarBuilder, x: Expr, correction: Expr) => Expr;
  readonly logPair: (b: ScalarBuilder, x: Expr) => { readonly high: Expr; readonly low: Expr };
}

/** What rounding took from the product x·y, exactly, unless a part overflows. Dekker 1971. */
function productError(real: Real, x: Expr, y: Expr, product: Expr): Expr {
  const { b, single, k } = real;
  const halves = (v: Expr): [Expr, Expr] => {
    const wide = b.mul(v, k(single ? 2 ** 12 + 1 : 2 ** 27 + 1));
    const high = b.sub(wide, b.sub(wide, v));
    return [high, b.sub(v, high)];
  };
  const [xh, xl] = halves(x);
  const [yh, yl] = halves(y);
  const inner = b.add(b.add(b.sub(b.mul(xh, yh), product), b.mul(xh, yl)), b.mul(xl, yh));
  return b.add(inner, b.mul(xl, yl));
}

/** xʸ with IEEE 754's special cases; the exponent y·ln x is held in two floats, so that large results stay exact. */
export function powExpr(real: Real, x: Expr, y: Expr, { expExpr, logPair }: ExpAndLog): Expr {
  const { b, k } = real;
  const size = b.abs(x);
  const log = logPair(b, size);
  const exponent = b.mul(y, log.high);
  const lost = b.add(productError(real, y, log.high, exponent), b.mul(y, log.low));
  // Where the product overflows or the logarithm is infinite there is nothing to correct.
  const correction = b.select(b.lt(b.abs(exponent), k(1e4)), lost, k(0));
  const power = expExpr(b, exponent, correction);

  const half = b.mul(y, k(0.5));
  const isWhole = b.eq(b.op("trunc", y), y);
  const isOdd = b.and(isWhole, b.ne(b.op("trunc", half), half));
  const signed = b.select(b.and(real.signBit(x), isOdd), b.neg(power), power);
  const isNegative = b.and(b.lt(x, k(0)), b.lt(k(-Infinity), x));
  const defined = b.select(b.and(isNegative, b.not(isWhole)), k(NaN), signed);
  const ofOne = b.select(b.and(b.eq(x, k(-1)), isOdd), k(-1), k(1));
  const unitBase = b.select(b.and(b.eq(size, k(1)), b.or(b.eq(x, k(1)), isWhole)), ofOne, defined);
  return b.select(b.eq(y, k(0)), k(1), unitBase);
}

/** xⁿ of integers, wrapping, by repeated squaring; for negative n the quotient 1 / x⁻ⁿ rounded toward zero, 0 for x = 0. */
export function integerPowExpr(b: ScalarBuilder, x: Expr, n: Expr, exponentBits: number): Expr {
  const k = (v: number): Expr => b.const(v, x.type);
  let [result, square] = [k(1), x];
  for (let bit = 0; bit < exponentBits; bit++) {
    const isSet = b.ne(b.and(n, k(bit === 31 ? -(2 ** 31) : 2 ** bit)), k(0));
    result = b.select(isSet, b.mul(result, square), result);
    square = b.mul(square, square);
  }
  if (x.type !== "int32") return result;
  const isOdd = b.ne(b.and(n, k(1)), k(0));
  const ofMinusOne = b.select(isOdd, k(-1), k(1));
  const inverse = b.select(b.eq(x, k(1)), k(1), b.select(b.eq(x, k(-1)), ofMinusOne, k(0)));
  return b.select(b.lt(n, k(0)), inverse, result);
}

/**
 * x − y·⌊x / y⌋, with the sign of y: exact while |x / y| is below 2²³ (float32) or 2⁵² (float64), where the product is
 * subtracted with what rounding took from it and a quotient that was rounded up is put right; 0 beyond, where no digit of
 * the quotient's fraction is left.
 */
export function modExpr(real: Real, x: Expr, y: Expr): Expr {
  const { b, k, single } = real;
  const ratio = b.div(x, y);
  const quotient = b.op("floor", ratio);
  const product = b.mul(quotient, y);
  const lost = productError(real, quotient, y, product);
  // For huge divisors the parts of the product overflow; their quotient is small and its product exact.
  const rest = b.sub(b.sub(x, product), b.select(b.eq(lost, lost), lost, k(0)));
  const isOpposite = (v: Expr): Expr => b.and(b.ne(v, k(0)), b.op("xor", b.lt(v, k(0)), b.lt(y, k(0))));
  const size = b.abs(y);
  const mended = b.select(isOpposite(rest), b.add(rest, y), rest);
  const isFinite = b.lt(b.abs(x), k(Infinity));
  const isBeyond = b.and(isFinite, b.and(b.lt(k(0), size), b.le(k(single ? 2 ** 23 : 2 ** 52), b.abs(ratio))));
  const isInfinite = b.and(isFinite, b.eq(size, k(Infinity)));
  return b.select(isBeyond, k(0), b.select(isInfinite, b.select(isOpposite(x), y, x), mended));
}
