import { sizeOf } from "../core/shape.js";
import { apply, type Op, type Value } from "../ir/graph.js";
import { mul } from "./arithmetic.js";
import { attentionGradient } from "./attention-gradient.js";
import { attentionPart } from "./attention-part.js";
import { attentionMask, attentionShape, checkAttention, type AttentionAttrs } from "./attention-shape.js";
import { at } from "./indexing.js";
import { reduce } from "./reduce.js";

export const attentionOp: Op<AttentionAttrs> = {
  name: "attention",
  infer: (inputs, attrs) => {
    const { batch, queries, values } = checkAttention("attention", inputs, attrs, attentionMask);
    const { dtype } = at(inputs, 0);
    return [{ shape: [...batch, queries, values], dtype }, { shape: [...batch, queries], dtype }];
  },
  vjp: (node, [ct]) => {
    if (!ct) return [];
    const [q, k, v, ...rest] = node.inputs;
    const [mean, logSum] = node.outputs;
    if (!q || !k || !v || !mean || !logSum) throw new RangeError("[attention] has three operands and two results");
    const offset = reduce(mul(ct, mean), [mean.shape.length - 1], "add");
    return attentionGradient([q, k, v, logSum, offset, ct, ...rest], node.attrs);
  },
  batch: ({ inputs, all, attrs }) => apply(attentionOp, inputs.map((_, k) => all(k)), attrs),
  lower: { kind: "loops", part: attentionPart, build: (b, ctx) => attentionPart.value.buildAttention(b, ctx, ctx.attrs) },
  multiplyAdds: (inputs) => {
    const { batch, queries, keys, features, values } = attentionShape(at(inputs, 0).shape, at(inputs, 1).shape, at(inputs, 2).shape);
    return sizeOf(batch) * queries * keys * (features + values);
  },
};

export interface AttentionOperands {
  readonly q: Value;
  readonly k: Value;
  readonly v: Value;
  /** Of the scores' shape: bools that say which keys a query sees, or floats that are added. It gets no gradient. */
  readonly mask?: Value | undefined;
  /** The state of the random bits that say which weights are kept. */
  readonly state?: Value | undefined;
}

/**
 * softmax(scale · q·kᵀ + mask) · v for q [..., L, E], k [..., S, E], v [..., S, D] with equal leading axes, in memory that
 * grows with L and S only. A query whose scores are all −∞ gets 0. Throws ShapeError, DTypeError.
 */
export function attention({ q, k, v, mask: given, state }: AttentionOperands, { scale, causal, keep }: Omit<AttentionAttrs, "mask">): Value {
  const attrs = { scale, causal, keep: state ? keep : 1, mask: given !== undefined };
  return at(apply(attentionOp, [q, k, v, ...(given ? [given] : []), ...(state ? [state] : [])], attrs), 0);
}
