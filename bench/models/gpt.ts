import * as nn from "../../src/nn/index.js";
import { arange, scaledDotProductAttention, type Tensor } from "../../src/node.js";

export interface GptSizes {
  readonly layers: number;
  readonly width: number;
  readonly heads: number;
  /** Different tokens. */
  readonly vocabulary: number;
  /** Longest sequence. */
  readonly length: number;
}

/** Causal self-attention and a feed-forward network, each behind a layer norm and beside a shortcut. */
class Block extends nn.Module<Tensor, Tensor> {
  readonly heads: number;
  ln1: nn.LayerNorm;
  qkv: nn.Linear;
  projection: nn.Linear;
  ln2: nn.LayerNorm;
  up: nn.Linear;
  down: nn.Linear;

  constructor(width: number, heads: number) {
    super();
    this.heads = heads;
    this.ln1 = new nn.LayerNorm(width);
    this.qkv = new nn.Linear(width, 3 * width);
    this.projection = new nn.Linear(width, width);
    this.ln2 = new nn.LayerNorm(width);
    this.up = new nn.Linear(width, 4 * width);
    this.down = new nn.Linear(4 * width, width);
  }

  forward(x: Tensor): Tensor {
    const attended = x.add(this.projection.forward(this.attention(this.qkv.forward(this.ln1.forward(x)))));
    return attended.add(this.down.forward(this.up.forward(this.ln2.forward(attended)).gelu()));
  }

  /** [B, T, 3·width], holding queries, keys and values, to [B, T, width]. */
  private attention(qkv: Tensor): Tensor {
    const [batch = 1, length = 1, triple = 3] = qkv.shape;
    const width = triple / 3;
    const size = width / this.heads;
    const [q, k, v] = qkv.reshape(batch, length, 3, this.heads, size).permute(2, 0, 3, 1, 4).unbind(0) as [Tensor, Tensor, Tensor];
    return scaledDotProductAttention(q, k, v, { causal: true }).transpose(1, 2).reshape(batch, length, width);
  }
}

/** A decoder-only transformer in the form of GPT-2: ids [B, T] to logits [B·T, vocabulary]. */
export class Gpt extends nn.Module<Tensor, Tensor> {
  readonly sizes: GptSizes;
  tokens: nn.Embedding;
  positions: nn.Embedding;
  blocks: nn.Sequential;
  ln: nn.LayerNorm;
  head: nn.Linear;

  constructor(sizes: GptSizes) {
    super();
    const { layers, width, heads, vocabulary, length } = sizes;
    this.sizes = sizes;
    this.tokens = new nn.Embedding(vocabulary, width);
    this.positions = new nn.Embedding(length, width);
    this.blocks = new nn.Sequential(...Array.from({ length: layers }, () => new Block(width, heads)));
    this.ln = new nn.LayerNorm(width);
    this.head = new nn.Linear(width, vocabulary, { bias: false });
  }

  forward(ids: Tensor): Tensor {
    const x = this.tokens.forward(ids).add(this.positions.forward(arange(ids.shape[1] ?? 1)));
    return this.head.forward(this.ln.forward(this.blocks.forward(x))).flatten(0, 1);
  }
}
