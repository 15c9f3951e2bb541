import * as nn from "../nn/index.js";
import type { Tensor } from "../tensor/index.js";

/** Two 3×3 convolutions with a way around them. Where the size changes it takes every second pixel and pads the channels with zeros. */
class BasicBlock extends nn.Module<Tensor, Tensor> {
  readonly stride: number;
  /** Channels of zeros on each side of the shortcut. */
  readonly widening: number;
  conv1: nn.Conv2d;
  bn1: nn.BatchNorm2d;
  conv2: nn.Conv2d;
  bn2: nn.BatchNorm2d;

  constructor(inChannels: number, channels: number, stride: number) {
    super();
    this.stride = stride;
    this.widening = (channels - inChannels) / 2;
    this.conv1 = new nn.Conv2d(inChannels, channels, 3, { stride, padding: 1, bias: false });
    this.bn1 = new nn.BatchNorm2d(channels);
    this.conv2 = new nn.Conv2d(channels, channels, 3, { padding: 1, bias: false });
    this.bn2 = new nn.BatchNorm2d(channels);
  }

  /** `[B, inChannels, H, W]` to `[B, channels, H/stride, W/stride]`. */
  override forward(input: Tensor): Tensor {
    let x = this.bn1.forward(this.conv1.forward(input)).relu();
    x = this.bn2.forward(this.conv2.forward(x));
    return x.add(this.shortcut(input)).relu();
  }

  private shortcut(x: Tensor): Tensor {
    if (this.stride === 1 && this.widening === 0) return x;
    const { stride, widening } = this;
    return x.at("...", `::${stride}`, `::${stride}`).pad([[widening, widening], [0, 0], [0, 0]]); // prettier-ignore
  }
}

/**
 * A residual network for CIFAR-10 with three stages of 16, 32 and 64 channels and shortcuts without parameters ("option A"):
 * `6 · blocks + 2` layers, ResNet-20 (269,722 parameters) with 3 blocks in a stage. He, Zhang, Ren and Sun, "Deep residual learning
 * for image recognition", 2015, section 4.2; state-dict names as in akamaster/pytorch_resnet_cifar10.
 */
export class ResNetCifar extends nn.Module<Tensor, Tensor> {
  conv1 = new nn.Conv2d(3, 16, 3, { padding: 1, bias: false });
  bn1 = new nn.BatchNorm2d(16);
  layer1: nn.Sequential;
  layer2: nn.Sequential;
  layer3: nn.Sequential;
  linear: nn.Linear;

  constructor({ blocks = 3, classes = 10 }: { readonly blocks?: number; readonly classes?: number } = {}) {
    super();
    const stage = (inChannels: number, channels: number, stride: number): nn.Sequential =>
      new nn.Sequential(
        ...Array.from({ length: blocks }, (_, i) => (i === 0 ? new BasicBlock(inChannels, channels, stride) : new BasicBlock(channels, channels, 1))),
      );
    this.layer1 = stage(16, 16, 1);
    this.layer2 = stage(16, 32, 2);
    this.layer3 = stage(32, 64, 2);
    this.linear = new nn.Linear(64, classes);
  }

  /** Images `[B, 3, 32, 32]` to logits `[B, classes]`. */
  override forward(images: Tensor): Tensor {
    let x = this.bn1.forward(this.conv1.forward(images)).relu(); // (B, 16, 32, 32)
    x = this.layer1.forward(x); // (B, 16, 32, 32)
    x = this.layer2.forward(x); // (B, 32, 16, 16)
    x = this.layer3.forward(x); // (B, 64, 8, 8)
    return this.linear.forward(x.mean([2, 3])); // (B, classes)
  }
}
