import * as nn from "../nn/index.js";
import type { Tensor } from "../tensor/index.js";

/**
 * LeNet-5 with ReLU, max-pooling and a dense third layer (every map sees all six below): 61,706 parameters.
 * After LeCun, Bottou, Bengio and Haffner, "Gradient-based learning applied to document recognition", 1998.
 */
export class LeNet extends nn.Module<Tensor, Tensor> {
  conv1 = new nn.Conv2d(1, 6, 5, { padding: 2 });
  conv2 = new nn.Conv2d(6, 16, 5);
  pool = new nn.MaxPool2d(2);
  fc1 = new nn.Linear(400, 120);
  fc2 = new nn.Linear(120, 84);
  fc3 = new nn.Linear(84, 10);

  /** Images `[B, 1, 28, 28]` to logits `[B, 10]`. */
  override forward(images: Tensor): Tensor {
    let x = this.pool.forward(this.conv1.forward(images).relu()); // (B, 6, 14, 14)
    x = this.pool.forward(this.conv2.forward(x).relu()); // (B, 16, 5, 5)
    x = x.flatten(1); // (B, 400)
    x = this.fc1.forward(x).relu(); // (B, 120)
    x = this.fc2.forward(x).relu(); // (B, 84)
    return this.fc3.forward(x); // (B, 10)
  }
}
