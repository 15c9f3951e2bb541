import * as nn from "../nn/index.js";
import type { Tensor } from "../tensor/index.js";

/** A multi-layer perceptron for digits, 784-128-64-10 with ReLU: 109,386 parameters. */
export class Mlp extends nn.Module<Tensor, Tensor> {
  fc1 = new nn.Linear(784, 128);
  fc2 = new nn.Linear(128, 64);
  fc3 = new nn.Linear(64, 10);

  /** Images `[B, 1, 28, 28]` to logits `[B, 10]`. */
  override forward(images: Tensor): Tensor {
    let x = images.flatten(1); // (B, 784)
    x = this.fc1.forward(x).relu(); // (B, 128)
    x = this.fc2.forward(x).relu(); // (B, 64)
    return this.fc3.forward(x); // (B, 10)
  }
}
