import type { ImageShape } from "../data/image-set.js";
import * as nn from "../nn/index.js";
import type { Tensor } from "../tensor/index.js";

/** A multi-layer perceptron for images, 784-128-64-10 with ReLU and 109,386 parameters if no other shape is given. */
export class Mlp extends nn.Module<Tensor, Tensor> {
  fc1: nn.Linear;
  fc2: nn.Linear;
  fc3: nn.Linear;

  constructor({ channels = 1, height, width, classes }: ImageShape = { height: 28, width: 28, classes: 10 }) {
    super();
    this.fc1 = new nn.Linear(channels * height * width, 128);
    this.fc2 = new nn.Linear(128, 64);
    this.fc3 = new nn.Linear(64, classes);
  }

  /** Images `[B, C, H, W]` to logits `[B, classes]`; the sizes beside are those of 28×28. */
  override forward(images: Tensor): Tensor {
    let x = images.flatten(1); // (B, 784)
    x = this.fc1.forward(x).relu(); // (B, 128)
    x = this.fc2.forward(x).relu(); // (B, 64)
    return this.fc3.forward(x); // (B, 10)
  }
}
