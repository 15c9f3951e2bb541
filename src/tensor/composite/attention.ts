import { ArgumentError, DTypeError, ShapeError } from "../../core/errors.js";
import { isFloat } from "../../core/dtype.js";
import { broadcastShapes, formatShape } from "../../core/shape.js";
import type { Value } from "../../ir/graph.js";
import * as ops from "../../ops/index.js";
import { add, mul } from "./arithmetic.js";
import { matmul } from "./linear.js";
import { swapaxes } from "./movement.js";
import { broadcastTo, toDType, toFloat } from "./operands.js";
import { dropout } from "./random.js";
import { softmax } from "./reduction.js";

/** Which keys a query may look at, and how strongly scores count. */
export interface AttentionScoreOptions<T> {
  /** Broadcast to [..., L, S]: bools that are true where a query may attend, or floats that are added to the scores. */
  readonly mask?: T | undefined;
  /** Whether query i sees the keys 0 … i only; false if not given. With a mask both must allow a key. */
  readonly causal?: boolean | undefined;
  /** Factor on the scores; 1/√E if not given. */
  readonly scale?: number | undefined;
}

/** How a query becomes a mean of values. */
export interface AttentionOptions<T> extends AttentionScoreOptions<T> {
  /** Probability with which a weight is set to 0, the others being scaled by 1/(1 − p); 0 if not given. */
  readonly dropout?: number | undefined;
}

/**
 * The weights softmax(scale · q·kᵀ + mask) of attention, q [..., L, E] and k [..., S, E] giving [..., L, S]. A query
 * that may attend to no key under masks of bools has weights 0. Throws ShapeError, DTypeError.
 */
export function attentionWeights(q: Value, k: Value, options: AttentionScoreOptions<Value> = {}): Value {
  const features = q.shape.at(-1) ?? 0;
  const { mask, causal = false, scale = 1 / Math.sqrt(features) } = options;
  if (q.shape.length < 2 || k.shape.length < 2 || features !== k.shape.at(-1)) {
    throw new ShapeError(
      `[scaledDotProductAttention] queries ${formatShape(q.shape)} do not fit keys ${formatShape(k.shape)}: expected ` +
        "[..., L, E] and [..., S, E]",
    );
  }
  // The scale goes to the queries, which are fewer than the scores.
  let scores = matmul(mul(toFloat(q), scale), swapaxes(toFloat(k), -2, -1));
  let allowed: Value | undefined;
  if (mask?.dtype === "bool") allowed = broadcastTo("scaledDotProductAttention", mask, scores.shape);
  else if (mask) {
    if (!isFloat(mask.dtype)) {
      throw new DTypeError(
        `[scaledDotProductAttention] the mask is ${mask.dtype}: expected bools (true where a query may attend) or ` +
          "floats that are added to the scores",
      );
    }
    const bias = broadcastTo("scaledDotProductAttention", mask, scores.shape);
    scores = add(scores, toDType(bias, scores.dtype));
  }
  if (causal) {
    const { shape } = scores;
    const visible = ops.le(ops.iota(shape, shape.length - 1, "int32"), ops.iota(shape, shape.length - 2, "int32"));
    allowed = allowed ? ops.and(allowed, visible) : visible;
  }
  if (!allowed) return softmax(scores);
  // Finite, so that a row without keys gives neither NaN nor a gradient of NaN; the second select makes its weights 0.
  const least = ops.constant(scores.dtype === "float16" ? -6e4 : -1e30, scores.dtype, scores.shape);
  return ops.select(
    allowed,
    softmax(ops.select(allowed, scores, least)),
    ops.constant(0, scores.dtype, scores.shape),
  );
}

/**
 * softmax(scale · q·kᵀ + mask) · v, with q [..., L, E], k [..., S, E], v [..., S, Ev] giving [..., L, Ev]; axes before
 * the last two broadcast. `key` is that of one random draw and needed where weights are dropped. Vaswani et al. 2017.
 * Throws ShapeError, DTypeError, ArgumentError.
 */
export function scaledDotProductAttention(
  q: Value,
  k: Value,
  v: Value,
  options: AttentionOptions<Value> & { readonly key?: Value | undefined } = {},
): Value {
  const { dropout: p = 0, key } = options;
  if (v.shape.length < 2 || v.shape.at(-2) !== k.shape.at(-2)) {
    throw new ShapeError(
      `[scaledDotProductAttention] keys ${formatShape(k.shape)} do not fit values ${formatShape(v.shape)}: expected ` +
        "[..., S, E] and [..., S, Ev]",
    );
  }
  if (!(p >= 0 && p <= 1)) throw new ArgumentError(`[scaledDotProductAttention] dropout ${p} must lie in [0, 1]`);
  broadcastShapes("scaledDotProductAttention", q.shape.slice(0, -2), k.shape.slice(0, -2), v.shape.slice(0, -2));
  const weights = attentionWeights(q, k, options);
  return matmul(p > 0 && key ? dropout(key, weights, p) : weights, v);
}
