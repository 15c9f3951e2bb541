import { ArgumentError, ShapeError } from "../../core/errors.js";
import { formatShape, normalizeAxis } from "../../core/shape.js";
import type { Value } from "../../ir/graph.js";
import * as ops from "../../ops/index.js";
import { add, mul, where } from "./arithmetic.js";
import { reshape, split } from "./movement.js";
import { toFloat, toNumeric } from "./operands.js";
import { softmax } from "./reduction.js";

function like(x: Value, value: number): Value {
  return ops.constant(value, x.dtype, x.shape);
}

function isPositive(x: Value): Value {
  return ops.gt(x, like(x, 0));
}

/**
 * e^−|x|, which never overflows. Written with a select, because |x| has no derivative at 0 while the functions that are
 * built from this have one.
 */
function decay(x: Value, nonNegative: Value): Value {
  return ops.exp(ops.select(nonNegative, ops.neg(x), x));
}

/** max(x, 0); NaN stays NaN, the gradient at 0 is 0. */
export function relu(x: Value): Value {
  const input = toNumeric(x);
  return ops.select(ops.le(input, like(input, 0)), like(input, 0), input);
}

/** x for x > 0, else slope · x. */
export function leakyRelu(x: Value, { negativeSlope = 0.01 }: { readonly negativeSlope?: number } = {}): Value {
  const input = toFloat(x);
  return ops.select(isPositive(input), input, ops.mul(input, like(input, negativeSlope)));
}

/** x for x > 0, else alpha · (eˣ − 1). Clevert et al. 2015. */
export function elu(x: Value, { alpha = 1 }: { readonly alpha?: number } = {}): Value {
  const input = toFloat(x);
  const positive = isPositive(input);
  // The exponential sees 0 where it is not used: its overflow would turn a gradient of 0 into NaN.
  const negative = ops.expm1(ops.select(positive, like(input, 0), input));
  return ops.select(positive, input, ops.mul(like(input, alpha), negative));
}

/** 1 / (1 + e⁻ˣ), without overflow and exact in both tails. */
export function sigmoid(x: Value): Value {
  return ops.sigmoid(toFloat(x));
}

/** ln(1 / (1 + e⁻ˣ)), without overflow. */
export function logSigmoid(x: Value): Value {
  return ops.neg(softplus(ops.neg(toFloat(x))));
}

/** x · sigmoid(x). Elfwing et al. 2017. */
export function silu(x: Value): Value {
  const input = toFloat(x);
  return ops.mul(input, sigmoid(input));
}

export interface SoftplusOptions {
  /** 1 if not given. */
  readonly beta?: number | undefined;
  /** Where beta·x is above it the result is x; nowhere if not given, which float32 cannot tell from PyTorch's 20. */
  readonly threshold?: number | undefined;
}

/** ln(1 + e^(beta·x)) / beta, without overflow. */
export function softplus(x: Value, { beta = 1, threshold }: SoftplusOptions = {}): Value {
  const input = toFloat(x);
  const scaled = beta === 1 ? input : ops.mul(input, like(input, beta));
  const nonNegative = ops.ge(scaled, like(input, 0));
  const above = ops.select(nonNegative, scaled, like(input, 0));
  const sum = ops.add(above, ops.log1p(decay(scaled, nonNegative)));
  const result = beta === 1 ? sum : ops.div(sum, like(input, beta));
  return threshold === undefined ? result : ops.select(ops.gt(scaled, like(scaled, threshold)), input, result);
}

/**
 * x · Φ(x), Φ being the normal distribution's cumulative function; `approximate: "tanh"` uses
 * 0.5·x·(1 + tanh(√(2/π)·(x + 0.044715·x³))). Hendrycks and Gimpel 2016.
 */
export function gelu(x: Value, { approximate = "none" }: { readonly approximate?: "none" | "tanh" } = {}): Value {
  const input = toFloat(x);
  const half = ops.mul(input, like(input, 0.5));
  let curve: Value;
  if (approximate === "tanh") {
    const cubic = ops.mul(ops.mul(input, ops.mul(input, input)), like(input, 0.044715));
    curve = ops.tanh(ops.mul(ops.add(input, cubic), like(input, Math.sqrt(2 / Math.PI))));
  } else {
    curve = ops.erf(ops.mul(input, like(input, Math.SQRT1_2)));
  }
  return ops.mul(half, ops.add(curve, like(input, 1)));
}

/** x limited to [minVal, maxVal]; the gradient is 0 at and beyond the limits. Throws ArgumentError for limits in disorder. */
export function hardtanh(
  x: Value,
  { minVal = -1, maxVal = 1 }: { readonly minVal?: number; readonly maxVal?: number } = {},
): Value {
  if (!(minVal < maxVal)) throw new ArgumentError(`[hardtanh] minVal ${minVal} must be below maxVal ${maxVal}`);
  const input = toFloat(x);
  const [low, high] = [like(input, minVal), like(input, maxVal)];
  return ops.select(ops.le(input, low), low, ops.select(ops.ge(input, high), high, input));
}

/** min(max(x, 0), 6). Krizhevsky 2010. */
export function relu6(x: Value): Value {
  return hardtanh(x, { minVal: 0, maxVal: 6 });
}

/** (x + 3)/6 limited to [0, 1]. Courbariaux et al. 2015. */
export function hardsigmoid(x: Value): Value {
  const input = toFloat(x);
  return hardtanh(add(mul(input, 1 / 6), 0.5), { minVal: 0, maxVal: 1 });
}

/** x · hardsigmoid(x). Howard et al. 2019. */
export function hardswish(x: Value): Value {
  return mul(x, hardsigmoid(x));
}

/** x for x > 0, else alpha · (e^(x/alpha) − 1). Barron 2017. */
export function celu(x: Value, { alpha = 1 }: { readonly alpha?: number } = {}): Value {
  return mul(elu(mul(toFloat(x), 1 / alpha)), alpha);
}

const seluAlpha = 1.6732632423543772;
const seluScale = 1.0507009873554805;

/** 1.0507 · elu(x) with alpha 1.6733, which keeps mean 0 and variance 1. Klambauer et al. 2017. */
export function selu(x: Value): Value {
  return mul(elu(x, { alpha: seluAlpha }), seluScale);
}

/** x · tanh(ln(1 + eˣ)). Misra 2019. */
export function mish(x: Value): Value {
  const input = toFloat(x);
  return ops.mul(input, ops.tanh(softplus(input)));
}

/** x / (1 + |x|). */
export function softsign(x: Value): Value {
  const input = toFloat(x);
  return ops.div(input, add(ops.abs(input), 1));
}

/**
 * x for x > 0, else weight · x, weight [1] or one number for each channel (axis 1). He et al. 2015. Throws ShapeError
 * for a weight of another size.
 */
export function prelu(x: Value, weight: Value): Value {
  const input = toFloat(x);
  const channels = input.shape.length > 1 ? (input.shape[1] ?? 1) : 1;
  if (weight.shape.length !== 1 || (weight.shape[0] !== 1 && weight.shape[0] !== channels)) {
    throw new ShapeError(
      `[prelu] weight ${formatShape(weight.shape)} must be [1] or [${channels}], for input ${formatShape(x.shape)}`,
    );
  }
  const slope = weight.shape[0] === 1 ? weight : reshape(weight, [-1, ...input.shape.slice(2).map(() => 1)]);
  return where(isPositive(input), input, mul(input, slope));
}

/** a · sigmoid(b), a and b being the halves of x along an axis. Dauphin et al. 2016. Throws ShapeError for an odd size. */
export function glu(x: Value, axis = -1): Value {
  const at = normalizeAxis("glu", axis, x.shape.length);
  const size = x.shape[at] ?? 0;
  if (size % 2 !== 0)
    throw new ShapeError(`[glu] axis ${axis} of ${formatShape(x.shape)} has ${size} elements: it must be even`);
  const [a = x, b = x] = split(x, [size / 2, size / 2], at);
  return mul(a, sigmoid(b));
}

/** e⁻ˣ / Σ e⁻ˣ along an axis, the last if not given. */
export function softmin(x: Value, axis = -1): Value {
  return softmax(ops.neg(toFloat(x)), axis);
}
