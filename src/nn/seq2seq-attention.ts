import { attentionWeights, maskedSoftmax, matmul, type Tensor } from "../tensor/index.js";
import { Linear } from "./linear.js";
import { Module } from "./module.js";
import { requireSizes } from "./require-sizes.js";

export interface Seq2seqAttentionOptions {
  /** What is averaged, [..., S, V]; the keys if not given. */
  readonly values?: Tensor | undefined;
  /** Bools that are true where a query may attend, broadcast to [..., L, S] ([..., S] for single queries). */
  readonly mask?: Tensor | undefined;
}

type Inputs = [query: Tensor, keys: Tensor, options?: Seq2seqAttentionOptions];
type Outputs = [context: Tensor, weights: Tensor];

/** A decoder's look at an encoder's outputs: a mean of values, weighted by how well their keys fit a query. */
abstract class Seq2seqAttention extends Module<Inputs, Outputs> {
  /** The softmax over keys [..., S, K] for queries [..., L, Q], of what the mask allows. */
  protected abstract weigh(query: Tensor, keys: Tensor, mask: Tensor | undefined): Tensor;

  /**
   * Queries [..., L, Q], or one [..., Q] for each batch, and keys [..., S, K] give contexts [..., L, V] and weights [...,
   * L, S], without L for single queries. Throws ShapeError.
   */
  forward(query: Tensor, keys: Tensor, { values = keys, mask }: Seq2seqAttentionOptions = {}): Outputs {
    const isSingle = query.rank === keys.rank - 1;
    const allowed = isSingle ? mask?.unsqueeze(-2) : mask;
    const weights = this.weigh(isSingle ? query.unsqueeze(-2) : query, keys, allowed);
    const context = matmul(weights, values);
    return isSingle ? [context.squeeze(-2), weights.squeeze(-2)] : [context, weights];
  }
}

/** Weights softmax(vᵀ·tanh(W_q·q + W_k·k)) over the keys. Bahdanau et al. 2014. */
export class AdditiveAttention extends Seq2seqAttention {
  /** querySize to hiddenSize. */
  query: Linear;
  /** keySize to hiddenSize. */
  key: Linear;
  /** hiddenSize to 1. */
  score: Linear;

  /** Throws ArgumentError for sizes that are no whole numbers above 0. */
  constructor(querySize: number, keySize: number, hiddenSize: number) {
    super();
    this.query = new Linear(querySize, hiddenSize, { bias: false });
    this.key = new Linear(keySize, hiddenSize, { bias: false });
    this.score = new Linear(hiddenSize, 1, { bias: false });
  }

  protected weigh(query: Tensor, keys: Tensor, mask: Tensor | undefined): Tensor {
    const sums = this.query.forward(query).unsqueeze(-2).add(this.key.forward(keys).unsqueeze(-3));
    const scores = this.score.forward(sums.tanh()).squeeze(-1);
    return mask ? maskedSoftmax(scores, mask) : scores.softmax();
  }
}

export interface DotAttentionOptions {
  /** Sizes of queries and keys, between which a matrix is then learned ("general"); without them qᵀ·k ("dot"). */
  readonly general?: readonly [querySize: number, keySize: number] | undefined;
}

/** Weights softmax(qᵀ·k), or softmax(qᵀ·W·k), over the keys. Luong et al. 2015. */
export class DotAttention extends Seq2seqAttention {
  /** W of the form "general", querySize to keySize. */
  map: Linear | undefined;

  /** Throws ArgumentError for sizes that are no whole numbers above 0. */
  constructor({ general }: DotAttentionOptions = {}) {
    super();
    if (!general) return;
    const [querySize, keySize] = general;
    requireSizes("DotAttention", { querySize, keySize });
    this.map = new Linear(querySize, keySize, { bias: false });
  }

  protected weigh(query: Tensor, keys: Tensor, mask: Tensor | undefined): Tensor {
    return attentionWeights(this.map?.forward(query) ?? query, keys, { mask, scale: 1 });
  }
}
