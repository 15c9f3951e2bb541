import { isFloat } from "../../core/dtype.js";
import { ArgumentError } from "../../core/errors.js";
import type { Value } from "../../ir/graph.js";
import * as ops from "../../ops/index.js";
import { where } from "./arithmetic.js";
import { commonDType, materialize, toDType, toFloat, toNumeric } from "./operands.js";

type Unary = (x: Value) => Value;

/** Functions with fractional results: integers and bools are taken as float32. */
function onFloats(op: Unary): Unary {
  return (x) => op(toFloat(x));
}

/** Functions that keep the dtype, except that bools are taken as int32. */
function onNumbers(op: Unary): Unary {
  return (x) => op(toNumeric(x));
}

/** Roundings leave integers and bools as they are. */
function rounding(op: Unary): Unary {
  return (x) => (isFloat(x.dtype) ? op(x) : x);
}

/** −x. */
export const neg = onNumbers(ops.neg);
/** |x|. */
export const abs = onNumbers(ops.abs);
/** −1, 0 or 1 with the sign of x. */
export const sign = onNumbers(ops.sign);
/** The largest integer ≤ x. */
export const floor = rounding(ops.floor);
/** The smallest integer ≥ x. */
export const ceil = rounding(ops.ceil);
/** The nearest integer, halves to even. */
export const round = rounding(ops.round);
/** x cut toward 0. */
export const trunc = rounding(ops.trunc);
/** √x; NaN for negative x. */
export const sqrt = onFloats(ops.sqrt);
/** eˣ. */
export const exp = onFloats(ops.exp);
/** eˣ − 1, exact near 0. */
export const expm1 = onFloats(ops.expm1);
/** ln x; −∞ at 0, NaN below. */
export const log = onFloats(ops.log);
/** ln(1 + x), exact near 0. */
export const log1p = onFloats(ops.log1p);
/** log₂ x. */
export const log2 = onFloats((x) => ops.mul(ops.log(x), like(x, Math.LOG2E)));
/** log₁₀ x. */
export const log10 = onFloats((x) => ops.mul(ops.log(x), like(x, Math.LOG10E)));
/** sin x, x in radians. */
export const sin = onFloats(ops.sin);
/** cos x, x in radians. */
export const cos = onFloats(ops.cos);
/** tan x, x in radians. */
export const tan = onFloats((x) => ops.div(ops.sin(x), ops.cos(x)));
/** arctan x in radians. */
export const atan = onFloats(ops.atan);
/** arcsin x in radians; NaN outside [−1, 1]. */
export const asin = onFloats((x) => ops.atan2(x, oppositeSide(x)));
/** arccos x in radians; NaN outside [−1, 1]. */
export const acos = onFloats((x) => ops.atan2(oppositeSide(x), x));
/** tanh x. */
export const tanh = onFloats(ops.tanh);
/** sinh x = (eˣ − e⁻ˣ) / 2, exact near 0. */
export const sinh = onFloats((x) => {
  const h = half(x);
  // 2 · sinh(x/2) · cosh(x/2), because eˣ overflows before the result does.
  return ops.mul(half(ops.sub(ops.expm1(h), ops.expm1(ops.neg(h)))), ops.add(ops.exp(h), ops.exp(ops.neg(h))));
});
/** cosh x = (eˣ + e⁻ˣ) / 2. */
export const cosh = onFloats((x) => {
  const [a, b] = [ops.exp(half(x)), ops.exp(ops.neg(half(x)))];
  return ops.add(ops.mul(half(a), a), ops.mul(half(b), b));
});
/** The error function 2/√π ∫₀ˣ exp(−t²) dt. */
export const erf = onFloats(ops.erf);
/** x². */
export const square = onNumbers((x) => ops.mul(x, x));
/** 1 / x. */
export const reciprocal = onFloats((x) => ops.div(like(x, 1), x));
/** 1 / √x. */
export const rsqrt = onFloats((x) => ops.div(like(x, 1), ops.sqrt(x)));

/** √(1 − x²), with the cancellation near ±1 avoided. */
function oppositeSide(x: Value): Value {
  const one = like(x, 1);
  return ops.sqrt(ops.mul(ops.sub(one, x), ops.add(one, x)));
}

function half(x: Value): Value {
  return ops.mul(x, like(x, 0.5));
}

function like(x: Value, value: number): Value {
  return ops.constant(value, x.dtype, x.shape);
}

/** Whether each element is NaN, as bool. */
export function isnan(x: Value): Value {
  return ops.ne(x, x);
}

/** Whether each element is +∞ or −∞, as bool. */
export function isinf(x: Value): Value {
  return isFloat(x.dtype) ? ops.eq(ops.abs(x), like(x, Infinity)) : ops.constant(0, "bool", x.shape);
}

/** Whether each element is neither infinite nor NaN, as bool. */
export function isfinite(x: Value): Value {
  return isFloat(x.dtype) ? ops.lt(ops.abs(x), like(x, Infinity)) : ops.constant(1, "bool", x.shape);
}

/**
 * x limited to [min, max]; NaN stays NaN. The gradient passes where x lies within. Throws ArgumentError when neither
 * bound is given.
 */
export function clamp(
  x: Value,
  { min, max }: { readonly min?: number | undefined; readonly max?: number | undefined },
): Value {
  if (min === undefined && max === undefined) throw new ArgumentError("[clamp] needs a bound: give min, max or both");
  const dtype = commonDType([
    x,
    ...[min, max].filter((bound) => bound !== undefined && Number.isFinite(bound)).map(Number),
  ]);
  const input = toDType(x, dtype);
  const at = (bound: number): Value => materialize("clamp", bound, dtype, x.shape);
  let result = input;
  // Selects, unlike max and min, give a bound that is met exactly the whole gradient, as PyTorch does.
  if (min !== undefined) result = ops.select(ops.lt(input, at(min)), at(min), result);
  if (max !== undefined) result = ops.select(ops.gt(result, at(max)), at(max), result);
  return result;
}

/** NaN as `nan`, +∞ and −∞ as the given numbers; 0 and the largest finite float32 by default. */
export function nanToNum(
  x: Value,
  options: { readonly nan?: number; readonly posinf?: number; readonly neginf?: number } = {},
): Value {
  const largest = 3.4028234663852886e38;
  const { nan = 0, posinf = largest, neginf = -largest } = options;
  const finite = where(ops.eq(x, like(x, Infinity)), posinf, where(ops.eq(x, like(x, -Infinity)), neginf, x));
  return where(isnan(x), nan, finite);
}
