import { ArgumentError } from "../../core/errors.js";
import type { Value } from "../../ir/graph.js";
import * as ops from "../../ops/index.js";
import { softplus } from "./activation.js";
import { add, maximum, mul, sub } from "./arithmetic.js";
import { like, reduceLosses, requireSameShapes, type LossOptions, type Reduction } from "./loss-reduction.js";
import { broadcastTo, toDType, toFloat } from "./operands.js";
import { sum } from "./reduction.js";

/** `T` is the type of tensors. */
export interface BinaryOptions<T> extends LossOptions {
  /** A factor for each loss; broadcasts. */
  readonly weight?: T | undefined;
}

export interface BinaryLogitsOptions<T> extends BinaryOptions<T> {
  /** A factor for the losses of positive examples, which trades precision for recall; broadcasts. */
  readonly posWeight?: T | undefined;
}

function weighted(op: string, losses: Value, weight: Value | undefined): Value {
  return weight ? ops.mul(losses, broadcastTo(op, toDType(weight, losses.dtype), losses.shape)) : losses;
}

/** max(ln p, −100), with a slope of at most 1e12, as PyTorch bounds both. */
function boundedLog(p: Value): Value {
  const isSmall = ops.lt(p, like(p, 1e-12));
  const fixed = ops.stopGradient(p);
  const below = add(maximum(ops.log(fixed), -100), mul(sub(p, fixed), 1e12));
  return ops.select(isSmall, below, ops.log(ops.select(isSmall, like(p, 1), p)));
}

/**
 * −w·(t·ln p + (1 − t)·ln(1 − p)) of probabilities p and targets t in [0, 1]; logarithms are −100 or more. Throws
 * ShapeError unless the shapes are equal.
 */
export function binaryCrossEntropy(input: Value, target: Value, options: BinaryOptions<Value> = {}): Value {
  requireSameShapes("binaryCrossEntropy", { input, target });
  const p = toFloat(input);
  const t = toDType(target, p.dtype);
  const positive = ops.mul(t, boundedLog(p));
  const negative = mul(sub(1, t), boundedLog(sub(1, p)));
  return reduceLosses(
    "binaryCrossEntropy",
    weighted("binaryCrossEntropy", ops.neg(ops.add(positive, negative)), options.weight),
    options,
  );
}

/**
 * −w·(posWeight·t·ln σ(x) + (1 − t)·ln(1 − σ(x))) of logits x and targets t in [0, 1], without overflow. Throws ShapeError
 * unless the shapes are equal.
 */
export function binaryCrossEntropyWithLogits(
  input: Value,
  target: Value,
  options: BinaryLogitsOptions<Value> = {},
): Value {
  const op = "binaryCrossEntropyWithLogits";
  requireSameShapes(op, { input, target });
  const x = toFloat(input);
  const t = toDType(target, x.dtype);
  // −ln σ(x) = softplus(−x), and −ln(1 − σ(x)) = x + softplus(−x).
  const cost = softplus(ops.neg(x));
  const { posWeight } = options;
  const factor = posWeight && add(ops.mul(t, add(broadcastTo(op, toDType(posWeight, x.dtype), x.shape), -1)), 1);
  const losses = ops.add(mul(sub(1, t), x), factor ? ops.mul(factor, cost) : cost);
  return reduceLosses(op, weighted(op, losses, options.weight), options);
}

export interface KlDivOptions {
  /** "batchMean", the sum divided by the size of the first axis, is the divergence; "mean" is over elements and the default. */
  readonly reduction?: Reduction | "batchMean" | undefined;
  /** Whether the target is a logarithm too; false if not given. */
  readonly logTarget?: boolean | undefined;
}

/**
 * t·(ln t − input) of log-probabilities and target probabilities t, 0 where t = 0. Kullback and Leibler 1951. Throws
 * ShapeError unless the shapes are equal.
 */
export function klDiv(input: Value, target: Value, { reduction = "mean", logTarget = false }: KlDivOptions = {}): Value {
  requireSameShapes("klDiv", { input, target });
  const x = toFloat(input);
  const t = toDType(target, x.dtype);
  const isPositive = ops.gt(t, like(t, 0));
  const entropy = logTarget ? t : ops.log(ops.select(isPositive, t, like(t, 1)));
  const divergence = ops.mul(logTarget ? ops.exp(t) : t, ops.sub(entropy, x));
  const losses = logTarget ? divergence : ops.select(isPositive, divergence, like(x, 0));
  if (reduction !== "batchMean") return reduceLosses("klDiv", losses, { reduction });
  const [batch] = x.shape;
  if (batch === undefined) throw new ArgumentError('[klDiv] a scalar has no batch axis: use the reduction "sum"');
  return mul(sum(losses), 1 / batch);
}
