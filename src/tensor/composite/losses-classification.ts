import { isFloat, type DType } from "../../core/dtype.js";
import { ArgumentError, DTypeError, ShapeError } from "../../core/errors.js";
import { formatShape, sameShape } from "../../core/shape.js";
import type { Value } from "../../ir/graph.js";
import * as ops from "../../ops/index.js";
import { add, mul, sub } from "./arithmetic.js";
import { like, reduceLosses, requireAtLeast, type LossOptions } from "./loss-reduction.js";
import { toDType, toFloat } from "./operands.js";
import { belowMax, sum } from "./reduction.js";

/** `T` is the type of tensors. */
export interface NllOptions<T> extends LossOptions {
  /** A factor [C] for each class; the mean divides by the sum of the factors of the targets. */
  readonly weight?: T | undefined;
  /** Examples whose class index is this count for nothing; −100 if not given. */
  readonly ignoreIndex?: number | undefined;
}

export interface CrossEntropyOptions<T> extends NllOptions<T> {
  /** The share ε of the target's probability that is spread evenly over all classes; 0 if not given. */
  readonly labelSmoothing?: number | undefined;
}

/**
 * −w[target]·ln softmax(logits)[target]: logits [N, C] (or [C], or [N, C, d…]) and class indices [N] ([], [N, d…]), which
 * must lie in [0, C) or be `ignoreIndex`: another gives a loss that means nothing. A target of floats in the shape of the
 * logits holds probabilities: −Σ w·target·ln softmax(logits). Label smoothing (Szegedy et al. 2015) replaces the target's
 * probabilities q by (1 − ε)·q + ε/C. Throws ShapeError, DTypeError, ArgumentError.
 */
export function crossEntropy(logits: Value, target: Value, options: CrossEntropyOptions<Value> = {}): Value {
  const op = "crossEntropy";
  const { labelSmoothing = 0 } = options;
  const axis = classAxis(logits);
  const isSoft = isFloat(target.dtype);
  requireTarget(op, "logits", logits, target, isSoft ? "probabilities" : "class indices");
  requireAtLeast(op, "labelSmoothing", labelSmoothing, 0);
  if (labelSmoothing > 1) throw new ArgumentError(`[${op}] labelSmoothing ${labelSmoothing} must be 1 or less`);
  const x = belowMax(op, logits, axis);
  const weight = weightLike(op, options.weight, x, axis);
  const weighted = (v: Value): Value => (weight ? ops.mul(v, weight) : v);
  const log = ops.log(sum(ops.exp(x), axis));
  const even = labelSmoothing / (x.shape[axis] ?? 1);
  /** −Σ q·ln softmax for factors q of each class: ln Σ eˣ has a factor of its own, so that nothing is spread. */
  const surprise = (q: Value): Value => ops.sub(ops.mul(sum(q, axis), log), sum(ops.mul(q, x), axis));
  if (isSoft) {
    const q = toDType(target, x.dtype);
    return reduceLosses(op, surprise(weighted(even > 0 ? add(mul(q, 1 - labelSmoothing), even) : q)), options);
  }
  const picking = new Picking(target, x, axis);
  const hard = ops.sub(log, picking.of(x));
  const factor = weight && picking.of(weight);
  let losses = factor ? ops.mul(hard, factor) : hard;
  if (even > 0) losses = add(mul(losses, 1 - labelSmoothing), surprise(weighted(like(x, even))));
  return picking.reduce(op, losses, factor, options);
}

/**
 * −w[target]·input[target]: log-probabilities [N, C] (or [C], or [N, C, d…]) and class indices [N] ([], [N, d…]), which
 * must lie in [0, C) or be `ignoreIndex`. Throws ShapeError, DTypeError.
 */
export function nllLoss(input: Value, target: Value, options: NllOptions<Value> = {}): Value {
  const axis = classAxis(input);
  if (isFloat(target.dtype)) throw new DTypeError(`[nllLoss] the target is ${target.dtype}: expected class indices as integers`);
  requireTarget("nllLoss", "input", input, target, "class indices");
  const x = toFloat(input);
  const picking = new Picking(target, x, axis);
  const weight = weightLike("nllLoss", options.weight, x, axis);
  const factor = weight && picking.of(weight);
  const losses = ops.neg(picking.of(x));
  return picking.reduce("nllLoss", factor ? ops.mul(losses, factor) : losses, factor, options);
}

/** The axis of classes: the second, or the only one. */
function classAxis({ shape }: Value): number {
  return shape.length === 1 ? 0 : 1;
}

function requireTarget(op: string, name: string, x: Value, target: Value, what: "probabilities" | "class indices"): void {
  const axis = classAxis(x);
  const expected = what === "probabilities" ? x.shape : x.shape.filter((_, i) => i !== axis);
  if (x.shape.length === 0 || !sameShape(target.shape, expected)) {
    throw new ShapeError(
      `[${op}] ${name} ${formatShape(x.shape)} and target ${formatShape(target.shape)} of ${target.dtype}: ` +
        `expected ${what} of shape ${formatShape(expected)}`,
    );
  }
  if (target.dtype !== "bool") return;
  throw new DTypeError(`[${op}] the target holds bools: expected class indices as integers, or probabilities as floats`);
}

/** The weights of the classes in the shape of x. */
function weightLike(op: string, weight: Value | undefined, x: Value, axis: number): Value | undefined {
  if (!weight) return undefined;
  const classes = x.shape[axis];
  if (weight.shape.length !== 1 || weight.shape[0] !== classes) {
    throw new ShapeError(`[${op}] weight ${formatShape(weight.shape)} must be [${classes}], a factor for each class`);
  }
  return ops.broadcast(toDType(weight, x.dtype), x.shape, [axis]);
}

/** Elements at class indices. */
class Picking {
  private readonly index: Value;
  private readonly isTarget: Value;
  private readonly axis: number;
  private readonly dtype: DType;

  constructor(target: Value, x: Value, axis: number) {
    const others = x.shape.map((_, i) => i).filter((i) => i !== axis);
    this.index = toDType(target, "int32");
    // A select instead of a gather: it fuses with the row's other sums, and so does its gradient.
    this.isTarget = ops.eq(ops.broadcast(this.index, x.shape, others), ops.iota(x.shape, axis, "int32"));
    this.axis = axis;
    this.dtype = target.dtype;
  }

  of(x: Value): Value {
    return sum(ops.select(this.isTarget, x, like(x, 0)), this.axis);
  }

  /** x with 0 at the class indices. */
  others(x: Value): Value {
    return ops.select(this.isTarget, like(x, 0), x);
  }

  /** The losses without those of the ignored index; a mean is over the others, by the weights of their targets. */
  reduce(op: string, losses: Value, factor: Value | undefined, options: NllOptions<Value>): Value {
    const { ignoreIndex = -100 } = options;
    if (!Number.isInteger(ignoreIndex)) throw new ArgumentError(`[${op}] ignoreIndex ${ignoreIndex} must be a whole number`);
    const isPossible = ignoreIndex >= 0 || !this.dtype.startsWith("u");
    if (!isPossible) return reduceLosses(op, losses, options, factor && sum(factor));
    const kept = ops.ne(this.index, like(this.index, ignoreIndex));
    const only = (v: Value): Value => ops.select(kept, v, like(v, 0));
    const total = (options.reduction ?? "mean") === "mean" ? sum(only(factor ?? like(losses, 1))) : undefined;
    return reduceLosses(op, only(losses), options, total);
  }
}

export interface MultiMarginOptions<T> extends LossOptions {
  /** The exponent, 1 (the default) or 2. */
  readonly p?: 1 | 2 | undefined;
  /** By how much the target's score should exceed the others'; 1 if not given. */
  readonly margin?: number | undefined;
  /** A factor [C] for each class. */
  readonly weight?: T | undefined;
}

/**
 * Σ over classes j ≠ target of w[target]·max(0, margin − x[target] + x[j])ᵖ / C: scores [N, C] (or [C]) and class indices
 * [N] ([]). Crammer and Singer 2001. Throws ShapeError, DTypeError, ArgumentError.
 */
export function multiMarginLoss(input: Value, target: Value, options: MultiMarginOptions<Value> = {}): Value {
  const { p = 1, margin = 1 } = options;
  const op = "multiMarginLoss";
  const axis = classAxis(input);
  if (isFloat(target.dtype)) throw new DTypeError(`[${op}] the target is ${target.dtype}: expected class indices as integers`);
  requireTarget(op, "input", input, target, "class indices");
  if (input.shape.length > 2) throw new ShapeError(`[${op}] input ${formatShape(input.shape)} must be [N, C] or [C]`);
  if (p !== 1 && p !== 2) throw new ArgumentError(`[${op}] p ${String(p)} must be 1 or 2`);
  const x = toFloat(input);
  const picking = new Picking(target, x, axis);
  const own = ops.broadcast(picking.of(x), x.shape, x.shape.map((_, i) => i).slice(0, -1));
  const short = add(sub(x, own), margin);
  // A gap of exactly 0 has the gradient 0 here, as in PyTorch.
  const gap = ops.select(ops.gt(short, like(short, 0)), short, like(short, 0));
  const costs = picking.others(p === 2 ? ops.mul(gap, gap) : gap);
  const losses = mul(sum(costs, axis), 1 / (x.shape[axis] ?? 1));
  const weight = weightLike(op, options.weight, x, axis);
  return reduceLosses(op, weight ? ops.mul(losses, picking.of(weight)) : losses, options);
}
