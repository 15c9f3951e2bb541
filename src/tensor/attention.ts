import { defaultGenerator, type Generator } from "../runtime/generator.js";
import * as c from "./composite/attention.js";
import { Tensor } from "./tensor.js";

export interface AttentionOptions extends c.AttentionOptions<Tensor> {
  /** The stream to draw from where weights are dropped; the one that `manualSeed` starts if not given. */
  readonly generator?: Generator | undefined;
}

/**
 * softmax(scale · q·kᵀ + mask) · v: q [..., L, E], k [..., S, E] and v [..., S, Ev] give [..., L, Ev]; axes before the
 * last two broadcast. A mask of bools is true where a query may attend, one of floats is added to the scores; `causal`
 * lets query i see the keys 0 … i; `scale` is 1/√E if not given. A query that bools leave no key gives 0.
 * `dropout` acts wherever it is above 0. Vaswani et al. 2017. Throws ShapeError, DTypeError, ArgumentError.
 */
export function scaledDotProductAttention(q: Tensor, k: Tensor, v: Tensor, options: AttentionOptions = {}): Tensor {
  const op = "scaledDotProductAttention";
  const { mask, dropout = 0, generator = defaultGenerator, ...rest } = options;
  return new Tensor(
    c.scaledDotProductAttention(q.valueFor(op), k.valueFor(op), v.valueFor(op), {
      ...rest,
      mask: mask?.valueFor(op),
      dropout,
      key: dropout > 0 ? generator.draw() : undefined,
    }),
  );
}

/**
 * The weights softmax(scale · q·kᵀ + mask) of `scaledDotProductAttention`, [..., L, S], before any dropout. Throws
 * ShapeError, DTypeError.
 */
export function attentionWeights(
  q: Tensor,
  k: Tensor,
  { mask, ...rest }: c.AttentionScoreOptions<Tensor> = {},
): Tensor {
  const op = "attentionWeights";
  return new Tensor(c.attentionWeights(q.valueFor(op), k.valueFor(op), { ...rest, mask: mask?.valueFor(op) }));
}

/**
 * The softmax over the last axis of what a mask of bools allows; 0 for the rest, and everywhere in a row where nothing is
 * allowed. Throws ShapeError, DTypeError.
 */
export function maskedSoftmax(x: Tensor, mask: Tensor): Tensor {
  return new Tensor(c.maskedSoftmax(x.valueFor("maskedSoftmax"), mask.valueFor("maskedSoftmax")));
}
