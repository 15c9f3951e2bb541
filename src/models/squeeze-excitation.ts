import * as nn from "../nn/index.js";
import type { Tensor } from "../tensor/index.js";

/** Scales each channel by a number in [0, 1] that is made of the means of all channels. Hu et al. 2017. */
export class SqueezeExcitation extends nn.Module<Tensor, Tensor> {
  avgpool = new nn.AdaptiveAvgPool2d(1);
  fc1: nn.Conv2d;
  fc2: nn.Conv2d;
  readonly activation: (x: Tensor) => Tensor;
  readonly gate: (x: Tensor) => Tensor;

  constructor(channels: number, narrow: number, activation: (x: Tensor) => Tensor, gate: (x: Tensor) => Tensor) {
    super();
    this.fc1 = new nn.Conv2d(channels, narrow, 1);
    this.fc2 = new nn.Conv2d(narrow, channels, 1);
    this.activation = activation;
    this.gate = gate;
  }

  override forward(x: Tensor): Tensor {
    return x.mul(this.gate(this.fc2.forward(this.activation(this.fc1.forward(this.avgpool.forward(x))))));
  }
}
