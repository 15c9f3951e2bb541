import { ArgumentError, DTypeError, ShapeError } from "../../core/errors.js";
import { isFloat } from "../../core/dtype.js";
import { broadcastShapes, formatShape, type Shape } from "../../core/shape.js";
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

function checkScores(q: Value, k: Value): void {
  if (q.shape.length >= 2 && k.shape.length >= 2 && q.shape.at(-1) === k.shape.at(-1)) return;
  throw new ShapeError(
    `[scaledDotProductAttention] queries ${formatShape(q.shape)} do not fit keys ${formatShape(k.shape)}: expected ` +
      "[..., L, E] and [..., S, E]",
  );
}

/**
 * The weights softmax(scale · q·kᵀ + mask) of attention, q [..., L, E] and k [..., S, E] giving [..., L, S]. A query
 * that may attend to no key under masks of bools has weights 0. Throws ShapeError, DTypeError.
 */
export function attentionWeights(q: Value, k: Value, options: AttentionScoreOptions<Value> = {}): Value {
  const features = q.shape.at(-1) ?? 0;
  const { mask, causal = false, scale = 1 / Math.sqrt(features) } = options;
  checkScores(q, k);
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
  return allowed ? maskedSoftmax(scores, allowed) : softmax(scores);
}

/**
 * The softmax over the last axis of what bools, broadcast to the shape of x, allow; 0 for the rest, and everywhere in a
 * row where nothing is allowed. Throws ShapeError, DTypeError.
 */
export function maskedSoftmax(x: Value, mask: Value): Value {
  const scores = toFloat(x);
  if (mask.dtype !== "bool") throw new DTypeError(`[maskedSoftmax] the mask is ${mask.dtype}: expected bools`);
  const allowed = broadcastTo("maskedSoftmax", mask, scores.shape);
  // Finite, so that a row without keys gives neither NaN nor a gradient of NaN; the second select makes its weights 0.
  const least = ops.constant(scores.dtype === "float16" ? -6e4 : -1e30, scores.dtype, scores.shape);
  const zero = ops.constant(0, scores.dtype, scores.shape);
  return ops.select(allowed, softmax(ops.select(allowed, scores, least)), zero);
}

/** Whether the kernel of attention serves: it computes in float32 or float64, and a mask that it adds gets no gradient. */
function isOneKernel(operands: readonly Value[], mask: Value | undefined, dropout: number): boolean {
  const [dtype] = operands.map((x) => x.dtype);
  const alike = operands.every((x) => x.dtype === dtype) && (dtype === "float32" || dtype === "float64");
  return alike && dropout < 1 && !(mask && (mask.requiresGrad || (mask.dtype !== "bool" && mask.dtype !== dtype)));
}

/**
 * softmax(scale · q·kᵀ + mask) · v, with q [..., L, E], k [..., S, E], v [..., S, Ev] giving [..., L, Ev]; axes before
 * the last two broadcast. One kernel computes it in memory that grows with L and S, not with their product, and another
 * its gradients; a mask of floats that wants a gradient, or a dtype of 16 bits, keeps all weights instead. A query that sees no key
 * gets 0. `key` is that of one random draw and needed where weights are dropped. Vaswani et al. 2017; Dao et al. 2022.
 * Throws ShapeError, DTypeError, ArgumentError.
 */
export function scaledDotProductAttention(
  q: Value,
  k: Value,
  v: Value,
  options: AttentionOptions<Value> & { readonly key?: Value | undefined } = {},
): Value {
  const { dropout: p = 0, key, mask, causal = false, scale = 1 / Math.sqrt(q.shape.at(-1) ?? 0) } = options;
  const name = "scaledDotProductAttention";
  if (v.shape.length < 2 || v.shape.at(-2) !== k.shape.at(-2)) {
    throw new ShapeError(
      `[${name}] keys ${formatShape(k.shape)} do not fit values ${formatShape(v.shape)}: expected ` +
        "[..., S, E] and [..., S, Ev]",
    );
  }
  if (!(p >= 0 && p <= 1)) throw new ArgumentError(`[${name}] dropout ${p} must lie in [0, 1]`);
  const batch = broadcastShapes(name, q.shape.slice(0, -2), k.shape.slice(0, -2), v.shape.slice(0, -2));
  const dropped = p > 0 && key !== undefined;
  if (!isOneKernel([q, k, v], mask, dropped ? p : 0)) {
    const weights = attentionWeights(q, k, options);
    return matmul(dropped ? dropout(key, weights, p) : weights, v);
  }
  checkScores(q, k);
  const whole = (x: Value): Value => broadcastTo(name, x, [...batch, ...x.shape.slice(-2)]);
  const scores: Shape = [...batch, q.shape.at(-2) ?? 0, k.shape.at(-2) ?? 0];
  const operands = {
    q: whole(q),
    k: whole(k),
    v: whole(v),
    mask: mask && broadcastTo(name, mask, scores),
    state: dropped ? key : undefined,
  };
  return ops.attention(operands, { scale, causal, keep: 1 - p });
}
