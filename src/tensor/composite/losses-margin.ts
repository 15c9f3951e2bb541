import type { Value } from "../../ir/graph.js";
import * as ops from "../../ops/index.js";
import { add, mul, sub } from "./arithmetic.js";
import { hinged, like, reduceLosses, requireSameShapes, type LossOptions } from "./loss-reduction.js";
import { toDType, toFloat } from "./operands.js";

export interface MarginOptions extends LossOptions {
  /** The distance beyond which nothing is lost. */
  readonly margin?: number | undefined;
}

/**
 * max(0, margin − t·x) of scores x and labels t of −1 and 1, as in a support vector machine (Cortes and Vapnik 1995); the
 * margin is 1 if not given. Throws ShapeError unless the shapes are equal.
 */
export function hingeLoss(input: Value, target: Value, { margin = 1, ...options }: MarginOptions = {}): Value {
  requireSameShapes("hingeLoss", { input, target });
  const x = toFloat(input);
  return reduceLosses("hingeLoss", hinged(sub(margin, ops.mul(toDType(target, x.dtype), x))), options);
}

/**
 * x where the label is 1, max(0, margin − x) where it is −1: x is a distance of pairs that should be alike or not; the
 * margin is 1 if not given. Throws ShapeError unless the shapes are equal.
 */
export function hingeEmbeddingLoss(input: Value, target: Value, { margin = 1, ...options }: MarginOptions = {}): Value {
  requireSameShapes("hingeEmbeddingLoss", { input, target });
  const x = toFloat(input);
  const t = toDType(target, x.dtype);
  const isAlike = ops.eq(t, like(t, 1));
  return reduceLosses("hingeEmbeddingLoss", ops.select(isAlike, x, hinged(sub(margin, x))), options);
}

/**
 * max(0, margin − t·(first − second)): with the label t = 1 the first score should be the higher, with −1 the second; the
 * margin is 0 if not given. Throws ShapeError unless the shapes are equal.
 */
export function marginRankingLoss(
  first: Value,
  second: Value,
  target: Value,
  { margin = 0, ...options }: MarginOptions = {},
): Value {
  requireSameShapes("marginRankingLoss", { first, second, target });
  const gap = toFloat(sub(first, second));
  const losses = hinged(add(mul(ops.neg(toDType(target, gap.dtype)), gap), margin));
  return reduceLosses("marginRankingLoss", losses, options);
}
