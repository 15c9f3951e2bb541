import { ArgumentError, ShapeError } from "../../core/errors.js";
import { formatShape } from "../../core/shape.js";
import type { Value } from "../../ir/graph.js";
import * as ops from "../../ops/index.js";
import { add, div, minimum, mul, sub } from "./arithmetic.js";
import { crossEntropy } from "./losses-classification.js";
import type { MarginOptions } from "./losses-margin.js";
import { hinged, like, reduceLosses, requireSameShapes, type LossOptions } from "./loss-reduction.js";
import { matmul } from "./linear.js";
import { concat, swapaxes } from "./movement.js";
import { toDType, toFloat } from "./operands.js";
import { norm, sum } from "./reduction.js";

export interface TripletOptions extends MarginOptions {
  /** The exponent of the distance; 2 if not given. */
  readonly p?: number | undefined;
  /** Added to every coordinate's difference; 1e-6 if not given. */
  readonly eps?: number | undefined;
  /** Whether the negative's distance is the smaller of those to anchor and positive (Balntas et al. 2016); false if not given. */
  readonly swap?: boolean | undefined;
}

/**
 * max(0, ‖anchor − positive‖ₚ − ‖anchor − negative‖ₚ + margin) of vectors along the last axis; the margin is 1 if not
 * given. Schroff et al. 2015. Throws ShapeError unless the shapes are equal, ArgumentError.
 */
export function tripletMarginLoss(
  anchor: Value,
  positive: Value,
  negative: Value,
  { margin = 1, p = 2, eps = 1e-6, swap = false, ...options }: TripletOptions = {},
): Value {
  requireVectors("tripletMarginLoss", { anchor, positive, negative });
  const distance = (a: Value, b: Value): Value => norm(add(toFloat(sub(a, b)), eps), -1, { ord: p });
  const toNegative = distance(anchor, negative);
  const far = swap ? minimum(toNegative, distance(positive, negative)) : toNegative;
  return reduceLosses("tripletMarginLoss", hinged(add(ops.sub(distance(anchor, positive), far), margin)), options);
}

/**
 * ½·((1 − t)·d² + t·max(0, margin − d)²) with d = ‖first − second‖₂ along the last axis: t is 0 for pairs that are alike and
 * 1 for others; the margin is 1 if not given. Hadsell et al. 2006. Throws ShapeError.
 */
export function contrastiveLoss(
  first: Value,
  second: Value,
  target: Value,
  { margin = 1, ...options }: MarginOptions = {},
): Value {
  requireVectors("contrastiveLoss", { first, second });
  const difference = toFloat(sub(first, second));
  const t = labelsOf("contrastiveLoss", target, difference);
  const gap = hinged(sub(margin, norm(difference, -1)));
  const alike = mul(sub(1, t), sum(ops.mul(difference, difference), -1));
  return reduceLosses("contrastiveLoss", mul(ops.add(alike, ops.mul(t, ops.mul(gap, gap))), 0.5), options);
}

/**
 * 1 − cos(first, second) where the label is 1, max(0, cos(first, second) − margin) where it is −1, of vectors along the last
 * axis; the margin is 0 if not given. Throws ShapeError.
 */
export function cosineEmbeddingLoss(
  first: Value,
  second: Value,
  target: Value,
  { margin = 0, ...options }: MarginOptions = {},
): Value {
  requireVectors("cosineEmbeddingLoss", { first, second });
  const [a, b] = [toFloat(first), toFloat(second)];
  const t = labelsOf("cosineEmbeddingLoss", target, a);
  const square = (x: Value): Value => add(sum(ops.mul(x, x), -1), 1e-12);
  const cosine = div(sum(ops.mul(a, b), -1), ops.sqrt(ops.mul(square(a), square(b))));
  const losses = ops.select(ops.eq(t, like(t, 1)), sub(1, cosine), hinged(add(cosine, -margin)));
  return reduceLosses("cosineEmbeddingLoss", losses, options);
}

/** Labels, one for each vector. */
function labelsOf(op: string, target: Value, vectors: Value): Value {
  const labels = toDType(target, vectors.dtype);
  const expected = vectors.shape.slice(0, -1);
  if (formatShape(labels.shape) === formatShape(expected)) return labels;
  throw new ShapeError(
    `[${op}] target ${formatShape(target.shape)} and vectors ${formatShape(vectors.shape)}: expected a label for each ` +
      `vector, ${formatShape(expected)}`,
  );
}

function requireVectors(op: string, tensors: Readonly<Record<string, Value>>): void {
  requireSameShapes(op, tensors);
  const [first] = Object.values(tensors);
  if (first?.shape.length === 0) throw new ShapeError(`[${op}] scalars are no vectors: expected [..., size]`);
}

export interface SimilarityOptions extends LossOptions {
  /** What similarities are divided by; above 0. */
  readonly temperature?: number | undefined;
}

/** `T` is the type of tensors. */
export interface InfoNceOptions<T> extends SimilarityOptions {
  /** Vectors [M, D] that suit no query; the other queries' keys if not given. */
  readonly negatives?: T | undefined;
  /** Whether vectors are divided by their lengths first, so that products are cosines; true if not given. */
  readonly normalize?: boolean | undefined;
}

/**
 * −ln(e^(q·k₊/τ) / Σ e^(q·k/τ)) for each query [N, D] and its key [N, D], the sum being over the key and the negatives; τ is
 * 0.1 if not given. InfoNCE of van den Oord et al. 2018. Throws ShapeError, ArgumentError.
 */
export function infoNce(query: Value, key: Value, options: InfoNceOptions<Value> = {}): Value {
  const { temperature = 0.1, negatives, normalize = true, reduction } = options;
  requireMatrices("infoNce", { query, key });
  const scaled = (x: Value): Value => (normalize ? unit(x) : toFloat(x));
  const [q, k] = [scaled(query), scaled(key)];
  if (!negatives) return matching("infoNce", matmul(q, swapaxes(k, 0, 1)), temperature, { reduction });
  const width = query.shape[1];
  if (negatives.shape.length !== 2 || negatives.shape[1] !== width) {
    throw new ShapeError(`[infoNce] negatives ${formatShape(negatives.shape)} must be [M, ${width}]`);
  }
  const positive = sum(ops.mul(q, k), 1, { keepdims: true });
  const scores = concat([positive, matmul(q, swapaxes(scaled(negatives), 0, 1))], 1);
  return matching("infoNce", scores, temperature, { reduction }, 0);
}

/**
 * The normalized temperature-scaled cross-entropy of SimCLR (Chen et al. 2020): of the 2N vectors of two views [N, D], each
 * should be most like its other view: −ln(e^(cos/τ) / Σ e^(cos/τ)), the sum being over all but itself. τ is 0.5 if not given.
 * Without reduction [2N], the first view's losses first. Throws ShapeError, ArgumentError.
 */
export function ntXentLoss(first: Value, second: Value, { temperature = 0.5, ...options }: SimilarityOptions = {}): Value {
  requireMatrices("ntXentLoss", { first, second });
  const [a, b] = [unit(first), unit(second)];
  const all = concat([a, b], 0);
  const scores = matmul(all, swapaxes(concat([b, a], 0), 0, 1));
  // Column j holds the other view of row j: the row itself is N columns away.
  const count = all.shape[0] ?? 0;
  const shape = [count, count];
  const other = ops.mod(
    add(ops.iota(shape, 0, "int32"), count / 2),
    ops.constant(Math.max(count, 1), "int32", shape),
  );
  const isItself = ops.eq(ops.iota(shape, 1, "int32"), other);
  return matching("ntXentLoss", ops.select(isItself, like(scores, -1e9), scores), temperature, options);
}

/** Cross-entropy of scores where row i should choose column i, or the given one. */
function matching(op: string, scores: Value, temperature: number, options: LossOptions, column?: number): Value {
  if (!(temperature > 0)) throw new ArgumentError(`[${op}] temperature ${temperature} must be above 0`);
  const rows = scores.shape.slice(0, 1);
  const choice = column === undefined ? ops.iota(rows, 0, "uint32") : ops.constant(column, "uint32", rows);
  return crossEntropy(mul(scores, 1 / temperature), choice, options);
}

function requireMatrices(op: string, tensors: Readonly<Record<string, Value>>): void {
  requireSameShapes(op, tensors);
  const [first] = Object.values(tensors);
  if (first?.shape.length !== 2) throw new ShapeError(`[${op}] ${formatShape(first?.shape ?? [])} must be [N, D]`);
}

/** Vectors divided by their lengths; those shorter than 1e-12 by that. */
function unit(x: Value): Value {
  const vectors = toFloat(x);
  const length = norm(vectors, -1, { keepdims: true });
  return div(vectors, ops.select(ops.lt(length, like(length, 1e-12)), like(length, 1e-12), length));
}
