import * as nn from "../nn/index.js";
import { arange, concat, Parameter, scaledDotProductAttention, type Tensor } from "../tensor/index.js";
import { drawWeights, normalOf } from "./initial-weights.js";

export interface BertSizes {
  readonly layers: number;
  readonly heads: number;
  readonly width: number;
  /** Features between the two linear maps of a layer. */
  readonly intermediate: number;
  /** Different tokens. */
  readonly vocabulary: number;
  /** Longest sequence. */
  readonly positions: number;
  /** Different kinds of tokens: first and second sentence. */
  readonly tokenTypes: number;
  /** Probability of dropout in training. */
  readonly dropout: number;
}

export interface BertInputOptions {
  /** [B, T]: 1 for tokens, 0 for padding; all are tokens if not given. */
  readonly attentionMask?: Tensor | undefined;
  /** [B, T]: 0 in the first sentence, 1 in the second; 0 if not given. */
  readonly tokenTypeIds?: Tensor | undefined;
}

/** Sizes of the published models. */
export const bertSizes = {
  base: { layers: 12, heads: 12, width: 768, intermediate: 3072, vocabulary: 30522, positions: 512, tokenTypes: 2, dropout: 0.1 },
  tiny: { layers: 2, heads: 2, width: 128, intermediate: 512, vocabulary: 30522, positions: 512, tokenTypes: 2, dropout: 0.1 },
} as const satisfies Record<string, BertSizes>;

const eps = 1e-12;

class Embeddings extends nn.Module<[ids: Tensor, tokenTypeIds: Tensor | undefined], Tensor> {
  wordEmbeddings: nn.Embedding;
  positionEmbeddings: nn.Embedding;
  tokenTypeEmbeddings: nn.Embedding;
  LayerNorm: nn.LayerNorm;
  dropout: nn.Dropout;

  constructor({ vocabulary, positions, tokenTypes, width, dropout }: BertSizes) {
    super();
    this.wordEmbeddings = new nn.Embedding(vocabulary, width, { paddingIdx: 0 });
    this.positionEmbeddings = new nn.Embedding(positions, width);
    this.tokenTypeEmbeddings = new nn.Embedding(tokenTypes, width);
    this.LayerNorm = new nn.LayerNorm(width, { eps });
    this.dropout = new nn.Dropout(dropout);
  }

  override forward(ids: Tensor, tokenTypeIds: Tensor | undefined): Tensor {
    const places = this.positionEmbeddings.forward(arange(ids.shape[1] ?? 1));
    const kinds = this.tokenTypeEmbeddings.forward(tokenTypeIds ?? ids.mul(0));
    return this.dropout.forward(this.LayerNorm.forward(this.wordEmbeddings.forward(ids).add(kinds).add(places)));
  }
}

/** Queries, keys and values, and the means of values for each head. */
class SelfAttention extends nn.Module<[x: Tensor, mask: Tensor | undefined], Tensor> {
  readonly heads: number;
  readonly dropout: number;
  query: nn.Linear;
  key: nn.Linear;
  value: nn.Linear;

  constructor({ width, heads, dropout }: BertSizes) {
    super();
    this.heads = heads;
    this.dropout = dropout;
    this.query = new nn.Linear(width, width);
    this.key = new nn.Linear(width, width);
    this.value = new nn.Linear(width, width);
  }

  override forward(x: Tensor, mask: Tensor | undefined): Tensor {
    const split = (part: Tensor): Tensor => part.unflatten(-1, [this.heads, -1]).transpose(1, 2); // (B, heads, T, size)
    const [q, k, v] = [split(this.query.forward(x)), split(this.key.forward(x)), split(this.value.forward(x))];
    const mean = scaledDotProductAttention(q, k, v, { mask, dropout: this.training ? this.dropout : 0 });
    return mean.transpose(1, 2).flatten(2);
  }
}

/** A linear map, then the norm of its sum with a shortcut. */
class Output extends nn.Module<[inner: Tensor, shortcut: Tensor], Tensor> {
  dense: nn.Linear;
  LayerNorm: nn.LayerNorm;
  dropout: nn.Dropout;

  constructor(from: number, { width, dropout }: BertSizes) {
    super();
    this.dense = new nn.Linear(from, width);
    this.LayerNorm = new nn.LayerNorm(width, { eps });
    this.dropout = new nn.Dropout(dropout);
  }

  override forward(inner: Tensor, shortcut: Tensor): Tensor {
    return this.LayerNorm.forward(this.dropout.forward(this.dense.forward(inner)).add(shortcut));
  }
}

class Attention extends nn.Module<[x: Tensor, mask: Tensor | undefined], Tensor> {
  self: SelfAttention;
  output: Output;

  constructor(sizes: BertSizes) {
    super();
    this.self = new SelfAttention(sizes);
    this.output = new Output(sizes.width, sizes);
  }

  override forward(x: Tensor, mask: Tensor | undefined): Tensor {
    return this.output.forward(this.self.forward(x, mask), x);
  }
}

class Dense extends nn.Module<Tensor, Tensor> {
  dense: nn.Linear;
  readonly activation: (x: Tensor) => Tensor;

  constructor(from: number, to: number, activation: (x: Tensor) => Tensor) {
    super();
    this.dense = new nn.Linear(from, to);
    this.activation = activation;
  }

  override forward(x: Tensor): Tensor {
    return this.activation(this.dense.forward(x));
  }
}

class Layer extends nn.Module<[x: Tensor, mask: Tensor | undefined], Tensor> {
  attention: Attention;
  intermediate: Dense;
  output: Output;

  constructor(sizes: BertSizes) {
    super();
    this.attention = new Attention(sizes);
    this.intermediate = new Dense(sizes.width, sizes.intermediate, (x) => x.gelu());
    this.output = new Output(sizes.intermediate, sizes);
  }

  override forward(x: Tensor, mask: Tensor | undefined): Tensor {
    const attended = this.attention.forward(x, mask);
    return this.output.forward(this.intermediate.forward(attended), attended);
  }
}

class Encoder extends nn.Module<[x: Tensor, mask: Tensor | undefined], Tensor> {
  layer: nn.ModuleList<Layer>;

  constructor(sizes: BertSizes) {
    super();
    this.layer = new nn.ModuleList(Array.from({ length: sizes.layers }, () => new Layer(sizes)));
  }

  override forward(x: Tensor, mask: Tensor | undefined): Tensor {
    return [...this.layer].reduce((y, layer) => layer.forward(y, mask), x);
  }
}

/** Hidden states [B, T, width], and what is made of the first of each sequence, [B, width]. */
export interface BertOutput {
  readonly hidden: Tensor;
  readonly pooled: Tensor;
}

/**
 * BERT (Devlin et al. 2018) with the names and shapes of Hugging Face's `BertModel`: 109,482,240 parameters in the base
 * size, which is the default, and 4,385,920 in the tiny one.
 */
export class Bert extends nn.Module<[ids: Tensor, options?: BertInputOptions], BertOutput> {
  embeddings: Embeddings;
  encoder: Encoder;
  pooler: Dense;

  constructor(sizes: BertSizes = bertSizes.base) {
    super();
    this.embeddings = new Embeddings(sizes);
    this.encoder = new Encoder(sizes);
    this.pooler = new Dense(sizes.width, sizes.width, (x) => x.tanh());
    drawWeights(this, { linear: normalOf(0.02) });
    const { wordEmbeddings, positionEmbeddings, tokenTypeEmbeddings } = this.embeddings;
    const padding = nn.init.zeros([1, sizes.width]);
    wordEmbeddings.weight = new Parameter(concat([padding, normalOf(0.02)([sizes.vocabulary - 1, sizes.width])]));
    for (const table of [positionEmbeddings, tokenTypeEmbeddings]) table.weight = new Parameter(normalOf(0.02)(table.weight.shape));
  }

  /** Token ids `[B, T]`; T is at most `positions`. Throws ShapeError, DTypeError. */
  override forward(ids: Tensor, { attentionMask, tokenTypeIds }: BertInputOptions = {}): BertOutput {
    const mask = attentionMask?.ne(0).unsqueeze([1, 2]); // (B, 1, 1, T)
    const hidden = this.encoder.forward(this.embeddings.forward(ids, tokenTypeIds), mask);
    return { hidden, pooled: this.pooler.forward(hidden.at(":", 0)) };
  }
}

/** BERT that sorts texts into classes, with names such as "bert.embeddings.word_embeddings.weight". */
export class BertClassifier extends nn.Module<[ids: Tensor, options?: BertInputOptions], Tensor> {
  bert: Bert;
  dropout: nn.Dropout;
  classifier: nn.Linear;

  constructor(sizes: BertSizes = bertSizes.base, classes = 2) {
    super();
    this.bert = new Bert(sizes);
    this.dropout = new nn.Dropout(sizes.dropout);
    this.classifier = new nn.Linear(sizes.width, classes);
    drawWeights(this.classifier, { linear: normalOf(0.02) });
  }

  /** Token ids `[B, T]` to logits `[B, classes]`. */
  override forward(ids: Tensor, options: BertInputOptions = {}): Tensor {
    return this.classifier.forward(this.dropout.forward(this.bert.forward(ids, options).pooled));
  }
}
