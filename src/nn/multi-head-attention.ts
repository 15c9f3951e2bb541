import { isFloat } from "../core/dtype.js";
import { ArgumentError, DTypeError, ShapeError } from "../core/errors.js";
import { formatShape, sameShape, type Shape } from "../core/shape.js";
import {
  attentionWeights,
  dropout,
  linear,
  logicalAnd,
  matmul,
  Parameter,
  scaledDotProductAttention,
  where,
  zeros,
  type Tensor,
} from "../tensor/index.js";
import { xavierUniform } from "./init.js";
import { Linear } from "./linear.js";
import { Module } from "./module.js";
import { requireSizes } from "./require-sizes.js";

export interface MultiHeadAttentionOptions {
  /** Probability with which a weight is dropped in training; 0 if not given. */
  readonly dropout?: number | undefined;
  /** Whether the four linear maps add a vector; true if not given. */
  readonly bias?: boolean | undefined;
  /** Features of keys and of values; embedDim if not given. */
  readonly kdim?: number | undefined;
  /** Features of values; embedDim if not given. */
  readonly vdim?: number | undefined;
  /** Whether inputs and outputs are [batch, steps, features]; false (steps first) if not given. */
  readonly batchFirst?: boolean | undefined;
}

/** Which keys a query may not attend to. */
export interface AttentionMasks {
  /** [batch, S] ([S] without a batch): bools that are true for keys to ignore, or floats added to the scores. */
  readonly keyPaddingMask?: Tensor | undefined;
  /** [L, S] or [batch · heads, L, S]: bools that are true where a query may not attend, or floats added to the scores. */
  readonly attnMask?: Tensor | undefined;
  /** Whether query i sees the keys 0 … i only; false if not given. */
  readonly causal?: boolean | undefined;
}

export interface MultiHeadAttentionInputOptions extends AttentionMasks {
  /** Whether the weights are given as well; true if not given. Without them attention takes less memory. */
  readonly needWeights?: boolean | undefined;
  /** Whether the weights are the means over all heads; true if not given. */
  readonly averageAttnWeights?: boolean | undefined;
}

/**
 * Concat(head₁, …, headₕ)·W_O with headᵢ = softmax(Qᵢ·Kᵢᵀ / √d)·Vᵢ, where Q, K, V are linear maps of query, key and value
 * and d = embedDim / numHeads: `nn.MultiheadAttention` of PyTorch, whose masks are true for what is *not* seen. Vaswani
 * et al. 2017. The maps to Q, K, V begin Xavier-uniform, all vectors 0.
 */
export class MultiHeadAttention extends Module<
  [query: Tensor, key: Tensor, value: Tensor, options?: MultiHeadAttentionInputOptions],
  [output: Tensor, weights: Tensor | undefined]
> {
  readonly embedDim: number;
  readonly numHeads: number;
  readonly kdim: number;
  readonly vdim: number;
  readonly dropout: number;
  readonly batchFirst: boolean;
  /** All three maps in one matrix, where keys and values have embedDim features; else one for each. */
  inProjWeight: Parameter | undefined;
  /** [embedDim, embedDim]. */
  qProjWeight: Parameter | undefined;
  /** [embedDim, kdim]. */
  kProjWeight: Parameter | undefined;
  /** [embedDim, vdim]. */
  vProjWeight: Parameter | undefined;
  /** Of the three maps one after the other, [3 · embedDim]. */
  inProjBias: Parameter | undefined;
  /** From the joined heads to the output, embedDim to embedDim. */
  outProj: Linear;

  /** Throws ArgumentError for sizes below 1, heads that do not divide embedDim and a dropout outside [0, 1]. */
  constructor(embedDim: number, numHeads: number, options: MultiHeadAttentionOptions = {}) {
    super();
    const { dropout: p = 0, bias = true, kdim = embedDim, vdim = embedDim, batchFirst = false } = options;
    requireSizes("MultiHeadAttention", { embedDim, numHeads, kdim, vdim });
    if (embedDim % numHeads !== 0)
      throw new ArgumentError(`[MultiHeadAttention] embedDim ${embedDim} must be a multiple of numHeads ${numHeads}`);
    if (!(p >= 0 && p <= 1)) throw new ArgumentError(`[MultiHeadAttention] dropout ${p} must lie in [0, 1]`);
    this.embedDim = embedDim;
    this.numHeads = numHeads;
    this.kdim = kdim;
    this.vdim = vdim;
    this.dropout = p;
    this.batchFirst = batchFirst;
    const matrix = (shape: Shape): Parameter => new Parameter(xavierUniform(shape));
    if (kdim === embedDim && vdim === embedDim) this.inProjWeight = matrix([3 * embedDim, embedDim]);
    else {
      this.qProjWeight = matrix([embedDim, embedDim]);
      this.kProjWeight = matrix([embedDim, kdim]);
      this.vProjWeight = matrix([embedDim, vdim]);
    }
    if (bias) this.inProjBias = new Parameter(zeros([3 * embedDim]));
    this.outProj = new Linear(embedDim, embedDim, { bias });
    if (bias) this.outProj.bias = new Parameter(zeros([embedDim]));
  }

  /**
   * query [L, batch, embedDim], key [S, batch, kdim] and value [S, batch, vdim] (batch first if so asked, or no batch)
   * give an output like the query and weights [batch, L, S], or [batch, heads, L, S] where they are not averaged. Throws
   * ShapeError, DTypeError.
   */
  forward(
    query: Tensor,
    key: Tensor,
    value: Tensor,
    options: MultiHeadAttentionInputOptions = {},
  ): [output: Tensor, weights: Tensor | undefined] {
    const { needWeights = true, averageAttnWeights = true, causal = false } = options;
    const [q, k, v] = this.heads(query, key, value);
    const [batch = 0, , length = 0] = q.shape;
    const mask = this.maskFor([batch, this.numHeads, length, k.shape[2] ?? 0], options);
    const p = this.training ? this.dropout : 0;
    let weights: Tensor | undefined;
    let heads: Tensor;
    if (needWeights) {
      weights = attentionWeights(q, k, { mask, causal });
      if (p > 0) weights = dropout(weights, p);
      heads = matmul(weights, v);
      if (averageAttnWeights) weights = weights.mean(1);
    } else heads = scaledDotProductAttention(q, k, v, { mask, causal, dropout: p });
    const isBatch = query.rank === 3;
    const order = this.batchFirst || !isBatch ? [0, 2, 1, 3] : [2, 0, 1, 3];
    const output = this.outProj.forward(heads.permute(order).flatten(2));
    return isBatch ? [output, weights] : [output.squeeze(0), weights?.squeeze(0)];
  }

  /** Queries, keys and values as [batch, heads, steps, features]. */
  private heads(query: Tensor, key: Tensor, value: Tensor): [Tensor, Tensor, Tensor] {
    const { embedDim, kdim, vdim } = this;
    const expected = [embedDim, kdim, vdim];
    const inputs = [query, key, value];
    const batchAxis = this.batchFirst ? 0 : 1;
    const stepAxis = query.rank === 2 ? 0 : 1 - batchAxis;
    const fits = inputs.every(
      ({ rank, shape }, i) =>
        (rank === 2 || (rank === 3 && shape[batchAxis] === query.shape[batchAxis])) &&
        rank === query.rank &&
        shape.at(-1) === expected[i],
    );
    if (!fits || key.shape[stepAxis] !== value.shape[stepAxis]) {
      const [steps, batch] = this.batchFirst ? ["batch, ", ""] : ["", "batch, "];
      throw new ShapeError(
        `[MultiHeadAttention] query ${formatShape(query.shape)}, key ${formatShape(key.shape)} and value ` +
          `${formatShape(value.shape)}: expected [${steps}L, ${batch}${embedDim}], [${steps}S, ${batch}${kdim}] and ` +
          `[${steps}S, ${batch}${vdim}], all with or all without a batch`,
      );
    }
    const split = (x: Tensor): Tensor => {
      const heads = x.unflatten(-1, [this.numHeads, embedDim / this.numHeads]);
      if (x.rank === 2) return heads.permute(1, 0, 2).unsqueeze(0);
      return heads.permute(this.batchFirst ? [0, 2, 1, 3] : [1, 2, 0, 3]);
    };
    const [q = query, k = key, v = value] = this.projected(query, key, value).map(split);
    return [q, k, v];
  }

  /** Q, K and V; one product where all come from one tensor, and one for K and V where those do. */
  private projected(query: Tensor, key: Tensor, value: Tensor): Tensor[] {
    const { inProjWeight, inProjBias, embedDim } = this;
    if (inProjWeight && query === key && key === value) return linear(query, inProjWeight, inProjBias).chunk(3, -1);
    const part = (x: Tensor, i: number, count = 1): Tensor => {
      const rows = `${i * embedDim}:${(i + count) * embedDim}`;
      const own = [this.qProjWeight, this.kProjWeight, this.vProjWeight][i];
      const weight = inProjWeight ? inProjWeight.at(rows) : own;
      if (!weight) throw new ArgumentError("[MultiHeadAttention] a projection's weight is missing");
      return linear(x, weight, inProjBias?.at(rows));
    };
    if (inProjWeight && key === value) return [part(query, 0), ...part(key, 1, 2).chunk(2, -1)];
    return [part(query, 0), part(key, 1), part(value, 2)];
  }

  /** Both masks as one for scaledDotProductAttention, which takes true for what is seen. */
  private maskFor(shape: readonly [number, number, number, number], masks: AttentionMasks): Tensor | undefined {
    const [batch, heads, queries, keys] = shape;
    let { keyPaddingMask: padding, attnMask: mask } = masks;
    if (padding) {
      if (padding.rank === 1) padding = padding.unsqueeze(0);
      if (!sameShape(padding.shape, [batch, keys])) throw unfit("keyPaddingMask", padding, [batch, keys]);
      padding = padding.unsqueeze([1, 2]);
    }
    if (mask) {
      if (mask.rank === 3) {
        if (!sameShape(mask.shape, [batch * heads, queries, keys]))
          throw unfit("attnMask", mask, [batch * heads, queries, keys]);
        mask = mask.unflatten(0, [batch, heads]);
      } else if (!sameShape(mask.shape, [queries, keys])) throw unfit("attnMask", mask, [queries, keys]);
    }
    const given = [padding, mask].filter((m) => m !== undefined);
    for (const { dtype } of given) {
      if (dtype !== "bool" && !isFloat(dtype))
        throw new DTypeError(`[MultiHeadAttention] a mask is ${dtype}: expected bools, true for what is not seen, or floats`);
    }
    if (given.length === 0) return undefined;
    if (given.every((m) => m.dtype === "bool")) return given.map((m) => m.logicalNot()).reduce(logicalAnd);
    return given.map((m) => (m.dtype === "bool" ? where(m, -Infinity, 0) : m)).reduce((a, b) => a.add(b));
  }

  override describe(): string {
    return `${this.embedDim}, ${this.numHeads}${this.dropout > 0 ? `, dropout: ${this.dropout}` : ""}`;
  }
}

function unfit(name: string, mask: Tensor, expected: Shape): ShapeError {
  return new ShapeError(`[MultiHeadAttention] ${name} ${formatShape(mask.shape)}: expected ${formatShape(expected)}`);
}
