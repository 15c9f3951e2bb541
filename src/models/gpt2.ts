import * as nn from "../nn/index.js";
import { arange, linear, Parameter, scaledDotProductAttention, type Tensor } from "../tensor/index.js";

export interface Gpt2Sizes {
  readonly layers: number;
  readonly heads: number;
  readonly width: number;
  /** Different tokens. */
  readonly vocabulary: number;
  /** Longest sequence. */
  readonly positions: number;
  /** Probability of dropout in training. */
  readonly dropout: number;
}

const base: Gpt2Sizes = { layers: 12, heads: 12, width: 768, vocabulary: 50257, positions: 1024, dropout: 0.1 };

/** A linear map whose weight is [in, out], as the published weights have it. */
class Projection extends nn.Module<Tensor, Tensor> {
  weight: Parameter;
  bias: Parameter;

  constructor(from: number, to: number, std = 0.02) {
    super();
    this.weight = new Parameter(nn.init.normal([from, to], 0, std));
    this.bias = new Parameter(nn.init.zeros([to]));
  }

  override forward(x: Tensor): Tensor {
    return linear(x, this.weight.transpose(0, 1), this.bias);
  }
}

class Attention extends nn.Module<Tensor, Tensor> {
  readonly heads: number;
  readonly dropout: number;
  cAttn: Projection;
  cProj: Projection;
  residDropout: nn.Dropout;

  constructor({ width, heads, layers, dropout }: Gpt2Sizes) {
    super();
    this.heads = heads;
    this.dropout = dropout;
    this.cAttn = new Projection(width, 3 * width);
    this.cProj = new Projection(width, width, 0.02 / Math.sqrt(2 * layers));
    this.residDropout = new nn.Dropout(dropout);
  }

  override forward(x: Tensor): Tensor {
    const split = (part: Tensor): Tensor => part.unflatten(-1, [this.heads, -1]).transpose(1, 2); // (B, heads, T, size)
    const [q = x, k = x, v = x] = this.cAttn.forward(x).chunk(3, -1).map(split);
    const mean = scaledDotProductAttention(q, k, v, { causal: true, dropout: this.training ? this.dropout : 0 });
    return this.residDropout.forward(this.cProj.forward(mean.transpose(1, 2).flatten(2)));
  }
}

class FeedForward extends nn.Module<Tensor, Tensor> {
  cFc: Projection;
  cProj: Projection;
  dropout: nn.Dropout;

  constructor({ width, layers, dropout }: Gpt2Sizes) {
    super();
    this.cFc = new Projection(width, 4 * width);
    this.cProj = new Projection(4 * width, width, 0.02 / Math.sqrt(2 * layers));
    this.dropout = new nn.Dropout(dropout);
  }

  override forward(x: Tensor): Tensor {
    return this.dropout.forward(this.cProj.forward(this.cFc.forward(x).gelu({ approximate: "tanh" })));
  }
}

class Block extends nn.Module<Tensor, Tensor> {
  ln_1: nn.LayerNorm;
  attn: Attention;
  ln_2: nn.LayerNorm;
  mlp: FeedForward;

  constructor(sizes: Gpt2Sizes) {
    super();
    this.ln_1 = new nn.LayerNorm(sizes.width);
    this.attn = new Attention(sizes);
    this.ln_2 = new nn.LayerNorm(sizes.width);
    this.mlp = new FeedForward(sizes);
  }

  override forward(x: Tensor): Tensor {
    const y = x.add(this.attn.forward(this.ln_1.forward(x)));
    return y.add(this.mlp.forward(this.ln_2.forward(y)));
  }
}

/**
 * GPT-2 (Radford et al. 2019) without its head, with the names and shapes of the published `gpt2`, whose sizes are the
 * default: 124,439,808 parameters.
 */
export class Gpt2 extends nn.Module<Tensor, Tensor> {
  wte: nn.Embedding;
  wpe: nn.Embedding;
  drop: nn.Dropout;
  h: nn.ModuleList<Block>;
  lnF: nn.LayerNorm;

  constructor(sizes: Partial<Gpt2Sizes> = {}) {
    super();
    const all = { ...base, ...sizes };
    this.wte = new nn.Embedding(all.vocabulary, all.width);
    this.wpe = new nn.Embedding(all.positions, all.width);
    for (const table of [this.wte, this.wpe]) table.weight = new Parameter(nn.init.normal(table.weight.shape, 0, 0.02));
    this.drop = new nn.Dropout(all.dropout);
    this.h = new nn.ModuleList(Array.from({ length: all.layers }, () => new Block(all)));
    this.lnF = new nn.LayerNorm(all.width);
  }

  /** Token ids `[B, T]` to hidden states `[B, T, width]`. T is at most `positions`. */
  override forward(ids: Tensor): Tensor {
    const places = this.wpe.forward(arange(ids.shape[1] ?? 1));
    const x = this.drop.forward(this.wte.forward(ids).add(places));
    return this.lnF.forward([...this.h].reduce((y, block) => block.forward(y), x));
  }
}

/** GPT-2 that predicts the next token, with names such as "transformer.wte.weight". The head has the embedding's weights. */
export class Gpt2LanguageModel extends nn.Module<Tensor, Tensor> {
  transformer: Gpt2;
  lmHead: nn.Linear;

  constructor(sizes: Partial<Gpt2Sizes> = {}) {
    super();
    this.transformer = new Gpt2(sizes);
    const { weight } = this.transformer.wte;
    this.lmHead = new nn.Linear(weight.shape[1] ?? 1, weight.shape[0] ?? 1, { bias: false });
    this.lmHead.weight = weight;
  }

  /** Token ids `[B, T]` to logits `[B, T, vocabulary]`. */
  override forward(ids: Tensor): Tensor {
    return this.lmHead.forward(this.transformer.forward(ids));
  }
}
