import { ArgumentError } from "../core/errors.js";
import type { Tensor } from "../tensor/index.js";
import { Dropout } from "./dropout.js";
import { Linear } from "./linear.js";
import { Module } from "./module.js";
import { MultiHeadAttention, type AttentionMasks } from "./multi-head-attention.js";
import { LayerNorm } from "./normalization.js";

export interface TransformerLayerOptions {
  /** Features between the two linear maps; 2048 if not given. */
  readonly dimFeedforward?: number | undefined;
  /** Probability of dropout in training, of attention weights too; 0.1 if not given. */
  readonly dropout?: number | undefined;
  /** What follows the first linear map; "relu" if not given. */
  readonly activation?: "relu" | "gelu" | ((x: Tensor) => Tensor) | undefined;
  /** Added to variances; 1e-5 if not given. */
  readonly layerNormEps?: number | undefined;
  /** Whether inputs and outputs are [batch, steps, features]; false (steps first) if not given. */
  readonly batchFirst?: boolean | undefined;
  /** Whether each part begins with its norm (Xiong et al. 2020) instead of ending with it; false if not given. */
  readonly normFirst?: boolean | undefined;
  /** Whether linear maps and norms add a vector; true if not given. */
  readonly bias?: boolean | undefined;
}

/** Masks are those of `MultiHeadAttention`: true, or −∞, for what is not seen. */
export interface EncoderMasks {
  /** [L, L] or [batch · heads, L, L]. */
  readonly srcMask?: Tensor | undefined;
  /** [batch, L]. */
  readonly srcKeyPaddingMask?: Tensor | undefined;
  /** Whether step i sees the steps 0 … i only; false if not given. */
  readonly srcCausal?: boolean | undefined;
}

/** Masks are those of `MultiHeadAttention`: true, or −∞, for what is not seen. */
export interface DecoderMasks {
  /** [L, L] or [batch · heads, L, L]. */
  readonly tgtMask?: Tensor | undefined;
  /** [L, S] or [batch · heads, L, S]. */
  readonly memoryMask?: Tensor | undefined;
  /** [batch, L]. */
  readonly tgtKeyPaddingMask?: Tensor | undefined;
  /** [batch, S]. */
  readonly memoryKeyPaddingMask?: Tensor | undefined;
  /** Whether target step i sees the target's steps 0 … i only; false if not given. */
  readonly tgtCausal?: boolean | undefined;
}

function activationOf(activation: TransformerLayerOptions["activation"] = "relu"): (x: Tensor) => Tensor {
  if (typeof activation === "function") return activation;
  if (activation === "relu") return (x) => x.relu();
  if (activation === "gelu") return (x) => x.gelu();
  throw new ArgumentError(
    `[transformer] activation ${JSON.stringify(activation)} must be "relu", "gelu" or a function of a tensor`,
  );
}

function attend(attention: MultiHeadAttention, query: Tensor, memory: Tensor, masks: AttentionMasks): Tensor {
  return attention.forward(query, memory, memory, { ...masks, needWeights: false })[0];
}

/** norm(x + part(x)), or with normFirst x + part(norm(x)). */
function withShortcut(x: Tensor, norm: LayerNorm, normFirst: boolean, part: (x: Tensor) => Tensor): Tensor {
  return normFirst ? x.add(part(norm.forward(x))) : norm.forward(x.add(part(x)));
}

/** W₂·f(W₁·x), with dropout inside and behind. */
function fedForward(
  x: Tensor,
  { linear1, activation, dropout, linear2 }: Pick<TransformerEncoderLayer, "linear1" | "activation" | "dropout" | "linear2">,
  behind: Dropout,
): Tensor {
  return behind.forward(linear2.forward(dropout.forward(activation(linear1.forward(x)))));
}

/**
 * y = norm₁(x + attention(x)), z = norm₂(y + W₂·f(W₁·y)), or with normFirst y = x + attention(norm₁(x)),
 * z = y + W₂·f(W₁·norm₂(y)): [steps, batch, dModel] to the same. Vaswani et al. 2017.
 */
export class TransformerEncoderLayer extends Module<[src: Tensor, masks?: EncoderMasks], Tensor> {
  readonly normFirst: boolean;
  /** Between the two linear maps of the feed-forward part. */
  readonly activation: (x: Tensor) => Tensor;
  selfAttn: MultiHeadAttention;
  linear1: Linear;
  dropout: Dropout;
  linear2: Linear;
  norm1: LayerNorm;
  norm2: LayerNorm;
  dropout1: Dropout;
  dropout2: Dropout;

  /** Throws ArgumentError for sizes that do not fit and a dropout outside [0, 1]. */
  constructor(dModel: number, nhead: number, options: TransformerLayerOptions = {}) {
    super();
    const { dimFeedforward = 2048, dropout = 0.1, layerNormEps: eps = 1e-5, bias = true, batchFirst } = options;
    this.normFirst = options.normFirst ?? false;
    this.activation = activationOf(options.activation);
    this.selfAttn = new MultiHeadAttention(dModel, nhead, { dropout, bias, batchFirst });
    this.linear1 = new Linear(dModel, dimFeedforward, { bias });
    this.dropout = new Dropout(dropout);
    this.linear2 = new Linear(dimFeedforward, dModel, { bias });
    this.norm1 = new LayerNorm(dModel, { eps, bias });
    this.norm2 = new LayerNorm(dModel, { eps, bias });
    this.dropout1 = new Dropout(dropout);
    this.dropout2 = new Dropout(dropout);
  }

  /** Throws ShapeError, DTypeError. */
  forward(src: Tensor, { srcMask, srcKeyPaddingMask, srcCausal }: EncoderMasks = {}): Tensor {
    const masks = { attnMask: srcMask, keyPaddingMask: srcKeyPaddingMask, causal: srcCausal };
    const attended = withShortcut(src, this.norm1, this.normFirst, (x) =>
      this.dropout1.forward(attend(this.selfAttn, x, x, masks)),
    );
    return withShortcut(attended, this.norm2, this.normFirst, (x) => fedForward(x, this, this.dropout2));
  }
}

/**
 * The encoder's layer with a second attention, to `memory` [S, batch, dModel], between the first and the linear maps;
 * each of the three parts has its norm, before it with normFirst. Vaswani et al. 2017.
 */
export class TransformerDecoderLayer extends Module<[tgt: Tensor, memory: Tensor, masks?: DecoderMasks], Tensor> {
  readonly normFirst: boolean;
  /** Between the two linear maps of the feed-forward part. */
  readonly activation: (x: Tensor) => Tensor;
  selfAttn: MultiHeadAttention;
  multiheadAttn: MultiHeadAttention;
  linear1: Linear;
  dropout: Dropout;
  linear2: Linear;
  norm1: LayerNorm;
  norm2: LayerNorm;
  norm3: LayerNorm;
  dropout1: Dropout;
  dropout2: Dropout;
  dropout3: Dropout;

  /** Throws ArgumentError for sizes that do not fit and a dropout outside [0, 1]. */
  constructor(dModel: number, nhead: number, options: TransformerLayerOptions = {}) {
    super();
    const { dimFeedforward = 2048, dropout = 0.1, layerNormEps: eps = 1e-5, bias = true, batchFirst } = options;
    this.normFirst = options.normFirst ?? false;
    this.activation = activationOf(options.activation);
    this.selfAttn = new MultiHeadAttention(dModel, nhead, { dropout, bias, batchFirst });
    this.multiheadAttn = new MultiHeadAttention(dModel, nhead, { dropout, bias, batchFirst });
    this.linear1 = new Linear(dModel, dimFeedforward, { bias });
    this.dropout = new Dropout(dropout);
    this.linear2 = new Linear(dimFeedforward, dModel, { bias });
    this.norm1 = new LayerNorm(dModel, { eps, bias });
    this.norm2 = new LayerNorm(dModel, { eps, bias });
    this.norm3 = new LayerNorm(dModel, { eps, bias });
    this.dropout1 = new Dropout(dropout);
    this.dropout2 = new Dropout(dropout);
    this.dropout3 = new Dropout(dropout);
  }

  /** Throws ShapeError, DTypeError. */
  forward(tgt: Tensor, memory: Tensor, masks: DecoderMasks = {}): Tensor {
    const { tgtMask, tgtKeyPaddingMask, tgtCausal, memoryMask, memoryKeyPaddingMask } = masks;
    const own = { attnMask: tgtMask, keyPaddingMask: tgtKeyPaddingMask, causal: tgtCausal };
    const crossed = { attnMask: memoryMask, keyPaddingMask: memoryKeyPaddingMask };
    const attended = withShortcut(tgt, this.norm1, this.normFirst, (x) =>
      this.dropout1.forward(attend(this.selfAttn, x, x, own)),
    );
    const read = withShortcut(attended, this.norm2, this.normFirst, (x) =>
      this.dropout2.forward(attend(this.multiheadAttn, x, memory, crossed)),
    );
    return withShortcut(read, this.norm3, this.normFirst, (x) => fedForward(x, this, this.dropout3));
  }
}
