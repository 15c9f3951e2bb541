import { ShapeError } from "../../core/errors.js";
import { formatShape, sameShape } from "../../core/shape.js";
import type { Value } from "../../ir/graph.js";
import * as ops from "../../ops/index.js";
import { add, div, mul, sub } from "./arithmetic.js";
import { clamp } from "./elementwise.js";
import { like, reduceLosses, requireAtLeast, requireSameShapes, type LossOptions } from "./loss-reduction.js";
import { unsqueeze } from "./movement.js";
import { broadcastTo, toFloat } from "./operands.js";

function differences(op: string, input: Value, target: Value): Value {
  requireSameShapes(op, { input, target });
  return toFloat(sub(input, target));
}

/** (input − target)². Throws ShapeError unless the shapes are equal. */
export function mseLoss(input: Value, target: Value, options: LossOptions = {}): Value {
  const d = differences("mseLoss", input, target);
  return reduceLosses("mseLoss", ops.mul(d, d), options);
}

/** |input − target|; its gradient at 0 is 0. Throws ShapeError unless the shapes are equal. */
export function l1Loss(input: Value, target: Value, options: LossOptions = {}): Value {
  return reduceLosses("l1Loss", ops.abs(differences("l1Loss", input, target)), options);
}

export interface HuberOptions extends LossOptions {
  /** Where the loss turns from a square into a line; above 0, 1 if not given. */
  readonly delta?: number | undefined;
}

/**
 * ½·d² for d = |input − target| ≤ delta, else delta·(d − ½·delta). Huber 1964. Throws ShapeError unless the shapes are
 * equal, ArgumentError.
 */
export function huberLoss(input: Value, target: Value, { delta = 1, ...options }: HuberOptions = {}): Value {
  requireAtLeast("huberLoss", "delta", delta, Number.MIN_VALUE);
  const d = differences("huberLoss", input, target);
  return reduceLosses("huberLoss", squareThenLine(d, delta, 0.5, delta), options);
}

export interface SmoothL1Options extends LossOptions {
  /** Where the loss turns from a square into a line; 0 gives the L1 loss, 1 if not given. */
  readonly beta?: number | undefined;
}

/**
 * ½·d²/beta for d = |input − target| < beta, else d − ½·beta. Girshick 2015, "Fast R-CNN". Throws ShapeError unless the
 * shapes are equal, ArgumentError.
 */
export function smoothL1Loss(input: Value, target: Value, { beta = 1, ...options }: SmoothL1Options = {}): Value {
  requireAtLeast("smoothL1Loss", "beta", beta, 0);
  const d = differences("smoothL1Loss", input, target);
  return reduceLosses("smoothL1Loss", beta === 0 ? ops.abs(d) : squareThenLine(d, beta, 0.5 / beta, 1), options);
}

/** factor·d² within ±edge, and the line of this slope beyond. */
function squareThenLine(d: Value, edge: number, factor: number, slope: number): Value {
  const size = ops.abs(d);
  const line = mul(add(size, -edge / 2), slope);
  return ops.select(ops.lt(size, like(d, edge)), mul(ops.mul(d, d), factor), line);
}

export interface GaussianNllOptions extends LossOptions {
  /** Whether ½·ln 2π is added; false if not given. */
  readonly full?: boolean | undefined;
  /** The least variance; 1e-6 if not given. */
  readonly eps?: number | undefined;
}

/**
 * ½·(ln v + (input − target)²/v) with v = max(variance, eps): targets distributed normally about the input. The variance
 * has the shape of the input, or that without its last axis or with 1 there. The bound is no part of the gradient. Nix and
 * Weigend 1994. Throws ShapeError, ArgumentError.
 */
export function gaussianNllLoss(
  input: Value,
  target: Value,
  variance: Value,
  { full = false, eps = 1e-6, ...options }: GaussianNllOptions = {},
): Value {
  requireAtLeast("gaussianNllLoss", "eps", eps, Number.MIN_VALUE);
  const d = differences("gaussianNllLoss", input, target);
  const given = toFloat(variance);
  const spread = broadcastTo("gaussianNllLoss", perExample(given, input), d.shape);
  const v = add(spread, ops.stopGradient(sub(clamp(spread, { min: eps }), spread)));
  const losses = mul(add(ops.log(v), div(ops.mul(d, d), v)), 0.5);
  return reduceLosses("gaussianNllLoss", full ? add(losses, Math.log(2 * Math.PI) / 2) : losses, options);
}

/** The variance with a last axis. */
function perExample(variance: Value, input: Value): Value {
  const outer = input.shape.slice(0, -1);
  if (sameShape(variance.shape, input.shape) || sameShape(variance.shape, [...outer, 1])) return variance;
  if (sameShape(variance.shape, outer)) return unsqueeze(variance, -1);
  throw new ShapeError(
    `[gaussianNllLoss] variance ${formatShape(variance.shape)} does not fit input ${formatShape(input.shape)}: expected ` +
      `that shape, or ${formatShape(outer)}, or ${formatShape([...outer, 1])}`,
  );
}

export interface PoissonNllOptions extends LossOptions {
  /** Whether the input is the logarithm of the rate; true if not given. */
  readonly logInput?: boolean | undefined;
  /** Whether Stirling's approximation of ln target! is added for targets above 1; false if not given. */
  readonly full?: boolean | undefined;
  /** Added to a rate before its logarithm; 1e-8 if not given. */
  readonly eps?: number | undefined;
}

/**
 * rate − target·ln rate, the rate of a Poisson distribution being e^input, or the input where `logInput` is false. Throws
 * ShapeError unless the shapes are equal, ArgumentError.
 */
export function poissonNllLoss(
  input: Value,
  target: Value,
  { logInput = true, full = false, eps = 1e-8, ...options }: PoissonNllOptions = {},
): Value {
  requireSameShapes("poissonNllLoss", { input, target });
  requireAtLeast("poissonNllLoss", "eps", eps, 0);
  const x = toFloat(input);
  const t = toFloat(target);
  const losses = logInput ? sub(ops.exp(x), mul(t, x)) : sub(x, mul(t, ops.log(add(x, eps))));
  return reduceLosses("poissonNllLoss", full ? add(losses, logFactorial(t)) : losses, options);
}

/** t·ln t − t + ½·ln 2πt for t > 1, else 0. */
function logFactorial(t: Value): Value {
  const large = ops.gt(t, like(t, 1));
  const safe = ops.select(large, t, like(t, 1));
  const log = ops.log(safe);
  const stirling = add(sub(mul(safe, log), safe), mul(add(log, Math.log(2 * Math.PI)), 0.5));
  return ops.select(large, stirling, like(t, 0));
}
