import type { ImageShape } from "../data/image-set.js";
import * as nn from "../nn/index.js";
import type { Tensor } from "../tensor/index.js";

/** Multinomial logistic regression on images, one linear layer 784-10 with 7,850 parameters if no other shape is given. */
export class SoftmaxRegression extends nn.Module<Tensor, Tensor> {
  linear: nn.Linear;

  constructor({ channels = 1, height, width, classes }: ImageShape = { height: 28, width: 28, classes: 10 }) {
    super();
    this.linear = new nn.Linear(channels * height * width, classes);
  }

  /** Images `[B, C, H, W]` to logits `[B, classes]`. */
  override forward(images: Tensor): Tensor {
    return this.linear.forward(images.flatten(1));
  }
}
