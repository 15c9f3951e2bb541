import * as nn from "../../src/nn/index.js";
import type { Tensor } from "../../src/node.js";

const convolution = (from: number, to: number, size: number, stride: number): nn.Conv2d =>
  new nn.Conv2d(from, to, size, { stride, padding: (size - 1) / 2, bias: false });

/** Two 3×3 convolutions beside a shortcut, which a 1×1 convolution and batch norm project where the shape changes. */
class Block extends nn.Module<Tensor, Tensor> {
  conv1: nn.Conv2d;
  bn1: nn.BatchNorm2d;
  conv2: nn.Conv2d;
  bn2: nn.BatchNorm2d;
  shortcut: nn.Sequential | undefined;

  constructor(from: number, to: number, stride: number) {
    super();
    this.conv1 = convolution(from, to, 3, stride);
    this.bn1 = new nn.BatchNorm2d(to);
    this.conv2 = convolution(to, to, 3, 1);
    this.bn2 = new nn.BatchNorm2d(to);
    if (stride !== 1 || from !== to) this.shortcut = new nn.Sequential(convolution(from, to, 1, stride), new nn.BatchNorm2d(to));
  }

  forward(x: Tensor): Tensor {
    const inner = this.bn1.forward(this.conv1.forward(x)).relu();
    const around = this.shortcut ? this.shortcut.forward(x) : x;
    return this.bn2.forward(this.conv2.forward(inner)).add(around).relu();
  }
}

const widths = [16, 32, 64];

/** ResNet-20 for 32×32 images (He et al. 2015), 10 classes. */
export class ResNet20 extends nn.Module<Tensor, Tensor> {
  conv = convolution(3, 16, 3, 1);
  bn = new nn.BatchNorm2d(16);
  blocks = new nn.Sequential(
    ...widths.flatMap((width, stage) =>
      [0, 1, 2].map((k) => new Block(k === 0 ? (widths[stage - 1] ?? width) : width, width, k === 0 && stage > 0 ? 2 : 1)),
    ),
  );
  fc = new nn.Linear(64, 10);

  forward(images: Tensor): Tensor {
    const features = this.blocks.forward(this.bn.forward(this.conv.forward(images)).relu());
    return this.fc.forward(features.mean([2, 3]));
  }
}
