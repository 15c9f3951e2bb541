import * as nn from "../../src/nn/index.js";
import type { Tensor } from "../../src/node.js";

/** LeNet-5 with tanh and average pooling: 28×28 images to 10 logits. */
export class LeNet5 extends nn.Module<Tensor, Tensor> {
  conv1 = new nn.Conv2d(1, 6, 5, { padding: 2 });
  conv2 = new nn.Conv2d(6, 16, 5);
  pool = new nn.AvgPool2d(2);
  fc1 = new nn.Linear(400, 120);
  fc2 = new nn.Linear(120, 84);
  fc3 = new nn.Linear(84, 10);

  forward(images: Tensor): Tensor {
    const first = this.pool.forward(this.conv1.forward(images).tanh());
    const second = this.pool.forward(this.conv2.forward(first).tanh());
    const hidden = this.fc1.forward(second.flatten(1)).tanh();
    return this.fc3.forward(this.fc2.forward(hidden).tanh());
  }
}
