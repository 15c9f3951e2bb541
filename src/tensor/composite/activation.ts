import type { Value } from "../../ir/graph.js";
import * as ops from "../../ops/index.js";
import { toFloat, toNumeric } from "./operands.js";

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

/** ln(1 + e^(beta·x)) / beta, without overflow. */
export function softplus(x: Value, { beta = 1 }: { readonly beta?: number } = {}): Value {
  const input = toFloat(x);
  const scaled = beta === 1 ? input : ops.mul(input, like(input, beta));
  const nonNegative = ops.ge(scaled, like(input, 0));
  const above = ops.select(nonNegative, scaled, like(input, 0));
  const sum = ops.add(above, ops.log1p(decay(scaled, nonNegative)));
  return beta === 1 ? sum : ops.div(sum, like(input, beta));
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
