import { isFloat } from "../../core/dtype.js";
import { ArgumentError, DTypeError, ShapeError } from "../../core/errors.js";
import { formatShape, sameShape } from "../../core/shape.js";
import type { Value } from "../../ir/graph.js";
import * as ops from "../../ops/index.js";
import { mul, sub } from "./arithmetic.js";
import { toDType, toFloat } from "./operands.js";
import { belowMax, logSoftmax, mean, sum } from "./reduction.js";

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
 * −ln softmax(logits)[target]: logits [N, C] (or [C], or [N, C, d…]) and class indices [N] ([], [N, d…]), which must
 * lie in
 * [0, C): one outside gives a loss that means nothing. A target of floats in the shape of the logits holds
 * probabilities: −Σ target · ln softmax(logits). Throws ShapeError, DTypeError.
 */
export function crossEntropy(logits: Value, target: Value, options: LossOptions = {}): Value {
  const { shape } = logits;
  const axis = shape.length === 1 ? 0 : 1;
  const indexShape = shape.filter((_, i) => i !== axis);
  const isSoft = isFloat(target.dtype);
  const expected = isSoft ? shape : indexShape;
  if (shape.length === 0 || !sameShape(target.shape, expected)) {
    const what = isSoft ? "probabilities" : "class indices";
    throw new ShapeError(
      `[crossEntropy] logits ${formatShape(shape)} and target ${formatShape(target.shape)} of ${target.dtype}: ` +
        `expected ${what} of shape ${formatShape(expected)}`,
    );
  }
  if (target.dtype === "bool")
    throw new DTypeError(
      "[crossEntropy] the target holds bools: expected class indices as integers, or probabilities as floats",
    );
  const losses = isSoft ? ops.neg(sum(mul(logSoftmax(logits, axis), target), axis)) : surprises(logits, target, axis);
  return finish("crossEntropy", losses, options);
}

/** ln Σ eˣ − x[class] along an axis, both of x less its maximum. */
function surprises(logits: Value, classes: Value, axis: number): Value {
  const x = belowMax("crossEntropy", logits, axis);
  const { shape } = x;
  const others = shape.map((_, i) => i).filter((i) => i !== axis);
  const index = toDType(classes, "int32");
  // A select instead of a gather: it fuses with the row's other sums, and so does its gradient.
  const isTarget = ops.eq(ops.broadcast(index, shape, others), ops.iota(shape, axis, "int32"));
  const picked = sum(ops.select(isTarget, x, ops.constant(0, x.dtype, shape)), axis);
  return ops.sub(ops.log(sum(ops.exp(x), axis)), picked);
}

/** (input − target)². Throws ShapeError unless the shapes are equal. */
export function mseLoss(input: Value, target: Value, options: LossOptions = {}): Value {
  if (!sameShape(input.shape, target.shape)) {
    throw new ShapeError(
      `[mseLoss] input ${formatShape(input.shape)} and target ${formatShape(target.shape)} differ: reshape one, ` +
        "lest broadcasting average over pairs",
    );
  }
  const difference = toFloat(sub(input, target));
  return finish("mseLoss", ops.mul(difference, difference), options);
}
