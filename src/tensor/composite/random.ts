import { likelyBelow } from "../../core/rng.js";
import { isFloat, isInteger, type DType } from "../../core/dtype.js";
import { ArgumentError, DTypeError } from "../../core/errors.js";
import type { Shape } from "../../core/shape.js";
import type { Value } from "../../ir/graph.js";
import * as ops from "../../ops/index.js";
import { erfNumber } from "../../core/erf-number.js";
import { add, mul } from "./arithmetic.js";
import { clamp } from "./elementwise.js";
import { broadcastTo, toDType } from "./operands.js";

// Every function takes the key of one draw, as `randomBits` does: equal keys give equal numbers.

/** 24 random bits as int32, in [0, 2²⁴). */
function mantissa(key: Value, shape: Shape): Value {
  return ops.convert(ops.shr(ops.randomBits(key, shape), ops.constant(8, "uint32", shape)), "int32");
}

function requireFloat(op: string, dtype: DType): void {
  if (!isFloat(dtype))
    throw new DTypeError(`[${op}] ${dtype} cannot hold fractions: use float32, or randint for integers`);
}

/** Uniform numbers of [0, 1), multiples of 2⁻²⁴. */
function unit(key: Value, shape: Shape): Value {
  return mul(toDType(mantissa(key, shape), "float32"), 2 ** -24);
}

export interface UniformOptions {
  readonly low?: number | undefined;
  readonly high?: number | undefined;
  readonly dtype?: DType | undefined;
}

/**
 * Uniform numbers low + (high − low)·u with u in [0, 1) a multiple of 2⁻²⁴; low 0 and high 1 if not given. Throws
 * DTypeError, ArgumentError.
 */
export function uniform(
  key: Value,
  shape: Shape,
  { low = 0, high = 1, dtype = "float32" }: UniformOptions = {},
): Value {
  requireFloat("uniform", dtype);
  if (!(low <= high)) throw new ArgumentError(`[uniform] low ${low} exceeds high ${high}`);
  const u = unit(key, shape);
  return toDType(low === 0 && high === 1 ? u : add(mul(u, high - low), low), dtype);
}

/**
 * Coefficients of two polynomials, highest power first, by which Giles (2010), "Approximating the erfinv function",
 * gives erf⁻¹(x)/x.
 */
const central = [
  2.81022636e-8, 3.43273939e-7, -3.5233877e-6, -4.39150654e-6, 0.00021858087, -0.00125372503, -0.00417768164,
  0.246640727, 1.50140941,
];
const tail = [
  -0.000200214257, 0.000100950558, 0.00134934322, -0.00367342844, 0.00573950773, -0.0076224613, 0.00943887047,
  1.00167406, 2.83297682,
];

function polynomial(coefficients: readonly number[], x: Value): Value {
  const [first = 0, ...rest] = coefficients;
  return rest.reduce((sum, c) => add(mul(sum, x), c), ops.constant(first, x.dtype, x.shape));
}

/** erf⁻¹(x) for float32 x with |x| < 1, to about 5e-7 of its value. */
export function erfinv(x: Value): Value {
  const one = ops.constant(1, x.dtype, x.shape);
  const w = ops.neg(ops.log(ops.mul(ops.sub(one, x), ops.add(one, x))));
  const isCentral = ops.lt(w, ops.constant(5, x.dtype, x.shape));
  const factor = ops.select(isCentral, polynomial(central, add(w, -2.5)), polynomial(tail, add(ops.sqrt(w), -3)));
  return ops.mul(factor, x);
}

export interface NormalOptions {
  readonly mean?: number | undefined;
  readonly std?: number | undefined;
  readonly dtype?: DType | undefined;
}

/**
 * Normally distributed numbers, within ±5.4 standard deviations; mean 0 and std 1 if not given. Throws DTypeError,
 * ArgumentError.
 */
export function normal(key: Value, shape: Shape, { mean = 0, std = 1, dtype = "float32" }: NormalOptions = {}): Value {
  requireFloat("normal", dtype);
  if (!(std >= 0)) throw new ArgumentError(`[normal] std ${std} must be 0 or more`);
  // An odd multiple of 2⁻²⁴ in (−1, 1): symmetric, exact in float32 and never ±1, where the inverse is infinite.
  const odd = toDType(add(mul(mantissa(key, shape), 2), 1 - 2 ** 24), "float32");
  const z = mul(erfinv(mul(odd, 2 ** -24)), Math.SQRT2 * std);
  return toDType(mean === 0 ? z : add(z, mean), dtype);
}

export interface TruncatedNormalOptions extends NormalOptions {
  /** The bounds in units of the numbers themselves; −2 and 2 if not given. */
  readonly low?: number | undefined;
  readonly high?: number | undefined;
}

/**
 * Normally distributed numbers of those within [low, high]; mean 0 and std 1, which are those before the cut, if not given.
 * Throws DTypeError, ArgumentError for a range that is empty or beyond 5 standard deviations.
 */
export function truncatedNormal(
  key: Value,
  shape: Shape,
  { mean = 0, std = 1, low = -2, high = 2, dtype = "float32" }: TruncatedNormalOptions = {},
): Value {
  requireFloat("truncatedNormal", dtype);
  if (!(std > 0)) throw new ArgumentError(`[truncatedNormal] std ${std} must be above 0`);
  /** erf of a bound is 2Φ − 1, between which the uniform numbers lie that the inverse makes normal. */
  const from = erfNumber((low - mean) / (std * Math.SQRT2));
  const to = erfNumber((high - mean) / (std * Math.SQRT2));
  const most = 1 - 2 ** -24;
  if (!(low < high) || from > most || to < -most) {
    throw new ArgumentError(`[truncatedNormal] no numbers of mean ${mean} and std ${std} lie in [${low}, ${high}]`);
  }
  const u = clamp(uniform(key, shape, { low: from, high: to }), { min: -most, max: most });
  const z = add(mul(erfinv(u), std * Math.SQRT2), mean);
  return toDType(clamp(z, { min: low, max: high }), dtype);
}

/** True with the given probability, as bool. Throws ArgumentError for a probability outside [0, 1]. */
export function bernoulli(key: Value, shape: Shape, probability: number): Value {
  if (!(probability >= 0 && probability <= 1))
    throw new ArgumentError(`[bernoulli] probability ${probability} must lie in [0, 1]`);
  return ops.lt(mantissa(key, shape), ops.constant(likelyBelow(probability), "int32", shape));
}

/**
 * Whole numbers in [low, high), uniform up to a bias of (high − low)·2⁻³². Throws ArgumentError for an empty range or
 * one
 * that int32 does not hold, DTypeError for a dtype that is no integer.
 */
export function randint(
  key: Value,
  shape: Shape,
  low: number,
  high: number,
  { dtype = "int32" }: { readonly dtype?: DType | undefined } = {},
): Value {
  if (!isInteger(dtype))
    throw new DTypeError(`[randint] ${dtype} is no integer type: use int32, or uniform for fractions`);
  if (
    !Number.isInteger(low) ||
    !Number.isInteger(high) ||
    low >= high ||
    low < -(2 ** 31) ||
    high > 2 ** 31 ||
    high - low === 2 ** 32
  ) {
    throw new ArgumentError(
      `[randint] [${low}, ${high}) must be a range of whole numbers that is not empty and fits int32`,
    );
  }
  const offset = ops.mod(ops.randomBits(key, shape), ops.constant(high - low, "uint32", shape));
  return toDType(add(ops.convert(offset, "int32"), low), dtype);
}

/** The numbers 0 … n − 1 in random order, as int32: positions that would sort random bits. */
export function permutation(key: Value, n: number): Value {
  return ops.sort(ops.randomBits(key, [n]), 0).indices;
}

function requireProbability(op: string, p: number): void {
  if (!(p >= 0 && p <= 1)) throw new ArgumentError(`[${op}] p ${p} must lie in [0, 1]`);
}

/**
 * x with each element set to 0 with the given probability and the others scaled by 1/(1 − p). One draw decides for all
 * elements that differ in no more than the axes after the first `axes`; every element has its own if not given. Throws
 * ArgumentError.
 */
export function dropout(key: Value, x: Value, p: number, axes = x.shape.length): Value {
  requireProbability("dropout", p);
  const zero = ops.constant(0, x.dtype, x.shape);
  const drawn = x.shape.map((size, axis) => (axis < axes ? size : 1));
  const kept = broadcastTo("dropout", bernoulli(key, drawn, 1 - p), x.shape);
  return ops.select(kept, p === 1 ? zero : mul(x, 1 / (1 - p)), zero);
}

/** What SELU gives for −∞: −1.0507 · 1.6733. */
const seluLowest = -1.7580993408473766;

/**
 * x with each element set to SELU's lowest value with the given probability, then scaled and shifted so that mean 0 and
 * variance 1 stay. Klambauer et al. 2017, section "New dropout technique". Throws ArgumentError.
 */
export function alphaDropout(key: Value, x: Value, p: number): Value {
  requireProbability("alphaDropout", p);
  if (p === 1) return ops.constant(0, x.dtype, x.shape);
  const scale = 1 / Math.sqrt((1 - p) * (1 + p * seluLowest ** 2));
  const shift = -scale * p * seluLowest;
  const lowest = ops.constant(scale * seluLowest + shift, x.dtype, x.shape);
  return ops.select(bernoulli(key, x.shape, 1 - p), add(mul(x, scale), shift), lowest);
}
