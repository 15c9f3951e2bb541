import * as nn from "../../src/nn/index.js";
import type { Tensor } from "../../src/node.js";

/** A character model: ids [B, T] to logits [B·T, vocabulary]. */
export class CharLstm extends nn.Module<Tensor, Tensor> {
  embedding: nn.Embedding;
  lstm: nn.LSTM;
  head: nn.Linear;

  constructor(vocabulary: number, features: number, hidden: number) {
    super();
    this.embedding = new nn.Embedding(vocabulary, features);
    this.lstm = new nn.LSTM(features, hidden, { batchFirst: true });
    this.head = new nn.Linear(hidden, vocabulary);
  }

  forward(ids: Tensor): Tensor {
    const [outputs] = this.lstm.forward(this.embedding.forward(ids));
    return this.head.forward(outputs).flatten(0, 1);
  }
}
