import * as nn from "../nn/index.js";
import type { Tensor } from "../tensor/index.js";
import { drawWeights, forReluBackward } from "./initial-weights.js";

const conv = (from: number, to: number, size: number, stride = 1): nn.Conv2d =>
  new nn.Conv2d(from, to, size, { stride, padding: (size - 1) / 2, bias: false });

/** What the shortcut does where the shape changes. */
const projection = (from: number, to: number, stride: number): nn.Sequential | undefined =>
  stride !== 1 || from !== to ? new nn.Sequential(conv(from, to, 1, stride), new nn.BatchNorm2d(to)) : undefined;

/** Two 3 × 3 convolutions beside a shortcut. */
class BasicBlock extends nn.Module<Tensor, Tensor> {
  static readonly expansion = 1;
  conv1: nn.Conv2d;
  bn1: nn.BatchNorm2d;
  conv2: nn.Conv2d;
  bn2: nn.BatchNorm2d;
  downsample: nn.Sequential | undefined;

  constructor(from: number, width: number, stride: number) {
    super();
    this.conv1 = conv(from, width, 3, stride);
    this.bn1 = new nn.BatchNorm2d(width);
    this.conv2 = conv(width, width, 3);
    this.bn2 = new nn.BatchNorm2d(width);
    this.downsample = projection(from, width, stride);
  }

  override forward(x: Tensor): Tensor {
    const inner = this.bn1.forward(this.conv1.forward(x)).relu();
    return this.bn2.forward(this.conv2.forward(inner)).add(this.downsample?.forward(x) ?? x).relu();
  }
}

/** Convolutions of 1 × 1, 3 × 3 and 1 × 1 beside a shortcut; the stride lies in the middle one. */
class Bottleneck extends nn.Module<Tensor, Tensor> {
  static readonly expansion = 4;
  conv1: nn.Conv2d;
  bn1: nn.BatchNorm2d;
  conv2: nn.Conv2d;
  bn2: nn.BatchNorm2d;
  conv3: nn.Conv2d;
  bn3: nn.BatchNorm2d;
  downsample: nn.Sequential | undefined;

  constructor(from: number, width: number, stride: number) {
    super();
    this.conv1 = conv(from, width, 1);
    this.bn1 = new nn.BatchNorm2d(width);
    this.conv2 = conv(width, width, 3, stride);
    this.bn2 = new nn.BatchNorm2d(width);
    this.conv3 = conv(width, 4 * width, 1);
    this.bn3 = new nn.BatchNorm2d(4 * width);
    this.downsample = projection(from, 4 * width, stride);
  }

  override forward(x: Tensor): Tensor {
    const first = this.bn1.forward(this.conv1.forward(x)).relu();
    const second = this.bn2.forward(this.conv2.forward(first)).relu();
    return this.bn3.forward(this.conv3.forward(second)).add(this.downsample?.forward(x) ?? x).relu();
  }
}

/** The block and how many of it each stage has, by the number of layers with weights. */
const depths = {
  18: [BasicBlock, [2, 2, 2, 2]],
  34: [BasicBlock, [3, 4, 6, 3]],
  50: [Bottleneck, [3, 4, 6, 3]],
  101: [Bottleneck, [3, 4, 23, 3]],
  152: [Bottleneck, [3, 8, 36, 3]],
} as const;

/**
 * ResNet with 18, 34, 50, 101 or 152 layers (He et al. 2015), with the names and shapes of torchvision's `resnet18` to
 * `resnet152`: 11,689,512, 21,797,672, 25,557,032, 44,549,160 and 60,192,808 parameters for 1,000 classes.
 */
export class ResNet extends nn.Module<Tensor, Tensor> {
  conv1 = conv(3, 64, 7, 2);
  bn1 = new nn.BatchNorm2d(64);
  maxpool = new nn.MaxPool2d(3, { stride: 2, padding: 1 });
  layer1: nn.Sequential;
  layer2: nn.Sequential;
  layer3: nn.Sequential;
  layer4: nn.Sequential;
  avgpool = new nn.AdaptiveAvgPool2d(1);
  fc: nn.Linear;

  constructor(layers: keyof typeof depths, classes = 1000) {
    super();
    const [Block, counts] = depths[layers];
    const { expansion } = Block;
    const stage = (i: 0 | 1 | 2 | 3): nn.Sequential => {
      const width = 64 * 2 ** i;
      const first = new Block(i === 0 ? 64 : (width / 2) * expansion, width, i === 0 ? 1 : 2);
      return new nn.Sequential(first, ...Array.from({ length: counts[i] - 1 }, () => new Block(width * expansion, width, 1)));
    };
    this.layer1 = stage(0);
    this.layer2 = stage(1);
    this.layer3 = stage(2);
    this.layer4 = stage(3);
    this.fc = new nn.Linear(512 * expansion, classes);
    drawWeights(this, { conv: forReluBackward });
  }

  /** Images `[B, 3, H, W]`, 224 × 224 or so, to logits `[B, classes]`. */
  override forward(images: Tensor): Tensor {
    const x = this.maxpool.forward(this.bn1.forward(this.conv1.forward(images)).relu());
    const features = this.layer4.forward(this.layer3.forward(this.layer2.forward(this.layer1.forward(x))));
    return this.fc.forward(this.avgpool.forward(features).flatten(1));
  }
}
