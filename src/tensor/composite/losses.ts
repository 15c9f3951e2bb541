import { isInteger } from "../../core/dtype.js";
import { ArgumentError, DTypeError, ShapeError } from "../../core/errors.js";
import { formatShape, sameShape } from "../../core/shape.js";
import type { Value } from "../../ir/graph.js";
import * as ops from "../../ops/index.js";
import { sub } from "./arithmetic.js";
import { toDType, toFloat } from "./operands.js";
import { logSoftmax, mean, sum } from "./reduction.js";

/** What becomes of the losses of single examples: their mean, their sum, or themselves. */
export type Reduction = "mean" | "sum" | "none";

export interface LossOptions {
  /** "mean" if not given. */
  readonly reduction?: Reduction | undefined;
}

function finish(op: string, losses: Value, { reduction = "mean" }: LossOptions): Value {
  switch (reduction) {
    case "mean":
      return mean(losses);
    case "sum":
      return sum(losses);
    case "none":
      return losses;
    default:
      throw new ArgumentError(`[${op}] reduction ${JSON.stringify(reduction)} must be "mean", "sum" or "none"`);
  }
}

/**
 * −ln softmax(logits)[target]: logits [N, C] (or [C], or [N, C, d…]) and class indices [N] ([], [N, d…]), which must lie in
 * [0, C). An index outside picks no class, so its loss is 0. Throws ShapeError, and DTypeError for a target of floats.
 */
export function crossEntropy(logits: Value, target: Value, options: LossOptions = {}): Value {
  const axis = logits.shape.length === 1 ? 0 : 1;
  const expected = logits.shape.filter((_, i) => i !== axis);
  if (logits.shape.length === 0 || !sameShape(target.shape, expected)) {
    throw new ShapeError(`[crossEntropy] logits ${formatShape(logits.shape)} and target ${formatShape(target.shape)}: expected class indices of shape ${formatShape(expected)}`);
  }
  if (!isInteger(target.dtype)) throw new DTypeError(`[crossEntropy] target holds ${target.dtype}: expected class indices as integers, such as int32`);
  const logProbabilities = logSoftmax(logits, axis);
  const shape = logits.shape;
  const classes = ops.broadcast(toDType(target, "int32"), shape, shape.map((_, i) => i).filter((i) => i !== axis));
  const isTarget = ops.eq(classes, ops.iota(shape, axis, "int32"));
  // A select instead of a gather: it fuses with the rows' softmax, and so does its gradient.
  const picked = ops.select(isTarget, logProbabilities, ops.constant(0, logProbabilities.dtype, shape));
  return finish("crossEntropy", ops.neg(sum(picked, axis)), options);
}

/** (input − target)². Throws ShapeError unless the shapes are equal. */
export function mseLoss(input: Value, target: Value, options: LossOptions = {}): Value {
  if (!sameShape(input.shape, target.shape)) {
    throw new ShapeError(`[mseLoss] input ${formatShape(input.shape)} and target ${formatShape(target.shape)} differ: reshape one, lest broadcasting average over pairs`);
  }
  const difference = toFloat(sub(input, target));
  return finish("mseLoss", ops.mul(difference, difference), options);
}
