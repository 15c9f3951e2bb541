import * as nn from "../nn/index.js";
import type { Tensor } from "../tensor/index.js";

export interface TabularMlpOptions {
  /** Widths of the hidden layers; 128 and 64 if not given. */
  readonly hidden?: readonly number[] | undefined;
  /** The share of hidden units that is left out in training; 0.1 if not given. */
  readonly dropout?: number | undefined;
}

/** A multi-layer perceptron for rows of a table, with ReLU and dropout. */
export class TabularMlp extends nn.Module<Tensor, Tensor> {
  layers: nn.Sequential;

  /** From `inputs` features to `outputs` logits or values. */
  constructor(inputs: number, outputs: number, { hidden = [128, 64], dropout = 0.1 }: TabularMlpOptions = {}) {
    super();
    const widths = [inputs, ...hidden];
    const blocks = hidden.flatMap((width, i) => [new nn.Linear(widths[i] ?? inputs, width), new nn.ReLU(), new nn.Dropout(dropout)]);
    this.layers = new nn.Sequential(...blocks, new nn.Linear(widths.at(-1) ?? inputs, outputs));
  }

  /** Features `[B, inputs]` to `[B, outputs]`. */
  override forward(features: Tensor): Tensor {
    return this.layers.forward(features);
  }
}
