import * as nn from "../nn/index.js";
import type { Tensor } from "../tensor/index.js";

/** Multinomial logistic regression on digits, one linear layer 784-10: 7,850 parameters. */
export class SoftmaxRegression extends nn.Module<Tensor, Tensor> {
  linear = new nn.Linear(784, 10);

  /** Images `[B, 1, 28, 28]` to logits `[B, 10]`. */
  override forward(images: Tensor): Tensor {
    return this.linear.forward(images.flatten(1)); // (B, 784) to (B, 10)
  }
}
