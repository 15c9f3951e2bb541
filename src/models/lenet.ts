import type { ImageShape } from "../data/image-set.js";
import * as nn from "../nn/index.js";
import type { Tensor } from "../tensor/index.js";

/**
 * LeNet-5 with ReLU, max-pooling and a dense third layer (every map sees all six below): 61,706 parameters for grey
 * images of 28×28 and ten classes, which are meant if nothing else is given; at least 12×12 is needed.
 * After LeCun, Bottou, Bengio and Haffner, "Gradient-based learning applied to document recognition", 1998.
 */
export class LeNet extends nn.Module<Tensor, Tensor> {
  conv1: nn.Conv2d;
  conv2: nn.Conv2d;
  pool = new nn.MaxPool2d(2);
  fc1: nn.Linear;
  fc2: nn.Linear;
  fc3: nn.Linear;

  constructor({ channels = 1, height, width, classes }: ImageShape = { height: 28, width: 28, classes: 10 }) {
    super();
    const left = (size: number): number => Math.floor((Math.floor(size / 2) - 4) / 2);
    this.conv1 = new nn.Conv2d(channels, 6, 5, { padding: 2 });
    this.conv2 = new nn.Conv2d(6, 16, 5);
    this.fc1 = new nn.Linear(16 * left(height) * left(width), 120);
    this.fc2 = new nn.Linear(120, 84);
    this.fc3 = new nn.Linear(84, classes);
  }

  /** Images `[B, C, H, W]` to logits `[B, classes]`; the sizes beside are those of 28×28. */
  override forward(images: Tensor): Tensor {
    let x = this.pool.forward(this.conv1.forward(images).relu()); // (B, 6, 14, 14)
    x = this.pool.forward(this.conv2.forward(x).relu()); // (B, 16, 5, 5)
    x = x.flatten(1); // (B, 400)
    x = this.fc1.forward(x).relu(); // (B, 120)
    x = this.fc2.forward(x).relu(); // (B, 84)
    return this.fc3.forward(x); // (B, 10)
  }
}
