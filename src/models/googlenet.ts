import * as nn from "../nn/index.js";
import { concat, type Shape, type Tensor } from "../tensor/index.js";
import { ConvNorm } from "./conv-norm.js";
import { drawWeights } from "./initial-weights.js";

/** Four ways from one input beside each other. The third has 3 × 3 where the paper has 5 × 5, as torchvision's. */
class Inception extends nn.Module<Tensor, Tensor> {
  branch1: ConvNorm;
  branch2: nn.Sequential;
  branch3: nn.Sequential;
  branch4: nn.Sequential;

  constructor(from: number, [one, toSecond, second, toThird, third, fourth]: readonly [number, number, number, number, number, number]) {
    super();
    this.branch1 = new ConvNorm(from, one, 1);
    this.branch2 = new nn.Sequential(new ConvNorm(from, toSecond, 1), new ConvNorm(toSecond, second, 3));
    this.branch3 = new nn.Sequential(new ConvNorm(from, toThird, 1), new ConvNorm(toThird, third, 3));
    const pool = new nn.MaxPool2d(3, { stride: 1, padding: 1, ceilMode: true });
    this.branch4 = new nn.Sequential(pool, new ConvNorm(from, fourth, 1));
  }

  override forward(x: Tensor): Tensor {
    return concat([this.branch1, this.branch2, this.branch3, this.branch4].map((branch) => branch.forward(x)), 1);
  }
}

/** A classifier half-way, whose loss helps to train what lies before it. */
class AuxiliaryHead extends nn.Module<Tensor, Tensor> {
  pool = new nn.AdaptiveAvgPool2d(4);
  conv: ConvNorm;
  fc1 = new nn.Linear(2048, 1024);
  dropout = new nn.Dropout(0.7);
  fc2: nn.Linear;

  constructor(from: number, classes: number) {
    super();
    this.conv = new ConvNorm(from, 128, 1);
    this.fc2 = new nn.Linear(1024, classes);
  }

  override forward(x: Tensor): Tensor {
    const hidden = this.fc1.forward(this.conv.forward(this.pool.forward(x)).flatten(1)).relu();
    return this.fc2.forward(this.dropout.forward(hidden));
  }
}

export interface GoogLeNetLogits {
  readonly logits: Tensor;
  readonly aux1: Tensor | undefined;
  readonly aux2: Tensor | undefined;
}

/**
 * GoogLeNet (Szegedy et al. 2014) with batch norm, with the names and shapes of torchvision's `googlenet`: 6,624,904
 * parameters for 1,000 classes, 13,004,888 with auxiliary heads. Torchvision's weights expect inputs (x − 0.5) / 0.5.
 */
export class GoogLeNet extends nn.Module<Tensor, Tensor> {
  conv1 = new ConvNorm(3, 64, 7, { stride: 2 });
  maxpool1 = new nn.MaxPool2d(3, { stride: 2, ceilMode: true });
  conv2 = new ConvNorm(64, 64, 1);
  conv3 = new ConvNorm(64, 192, 3);
  maxpool2 = new nn.MaxPool2d(3, { stride: 2, ceilMode: true });
  inception3a = new Inception(192, [64, 96, 128, 16, 32, 32]);
  inception3b = new Inception(256, [128, 128, 192, 32, 96, 64]);
  maxpool3 = new nn.MaxPool2d(3, { stride: 2, ceilMode: true });
  inception4a = new Inception(480, [192, 96, 208, 16, 48, 64]);
  inception4b = new Inception(512, [160, 112, 224, 24, 64, 64]);
  inception4c = new Inception(512, [128, 128, 256, 24, 64, 64]);
  inception4d = new Inception(512, [112, 144, 288, 32, 64, 64]);
  inception4e = new Inception(528, [256, 160, 320, 32, 128, 128]);
  maxpool4 = new nn.MaxPool2d(2, { stride: 2, ceilMode: true });
  inception5a = new Inception(832, [256, 160, 320, 32, 128, 128]);
  inception5b = new Inception(832, [384, 192, 384, 48, 128, 128]);
  aux1: AuxiliaryHead | undefined;
  aux2: AuxiliaryHead | undefined;
  avgpool = new nn.AdaptiveAvgPool2d(1);
  dropout = new nn.Dropout(0.2);
  fc: nn.Linear;

  constructor({ classes = 1000, auxiliary = false }: { readonly classes?: number; readonly auxiliary?: boolean } = {}) {
    super();
    if (auxiliary) {
      this.aux1 = new AuxiliaryHead(512, classes);
      this.aux2 = new AuxiliaryHead(528, classes);
    }
    this.fc = new nn.Linear(1024, classes);
    const draw = (shape: Shape): Tensor => nn.init.truncNormal(shape, { std: 0.01 });
    drawWeights(this, { conv: draw, linear: draw });
  }

  /** Images `[B, 3, H, W]`, 224 × 224 or so, to logits `[B, classes]`. */
  override forward(images: Tensor): Tensor {
    return this.run(images, false).logits;
  }

  /** The logits with those of the auxiliary heads, if there are any: the loss in training adds 0.3 of theirs. */
  forwardAll(images: Tensor): GoogLeNetLogits {
    return this.run(images, true);
  }

  private run(images: Tensor, withHeads: boolean): GoogLeNetLogits {
    const stem = [this.conv1, this.maxpool1, this.conv2, this.conv3, this.maxpool2];
    const low = [this.inception3a, this.inception3b, this.maxpool3, this.inception4a];
    const middle = [this.inception4b, this.inception4c, this.inception4d];
    const high = [this.inception4e, this.maxpool4, this.inception5a, this.inception5b, this.avgpool];
    const through = (x: Tensor, layers: readonly nn.Module<Tensor, Tensor>[]): Tensor => layers.reduce((y, layer) => layer.forward(y), x);
    const first = through(images, [...stem, ...low]); // (B, 512, 14, 14)
    const second = through(first, middle); // (B, 528, 14, 14)
    const last = through(second, high).flatten(1); // (B, 1024)
    return {
      logits: this.fc.forward(this.dropout.forward(last)),
      aux1: withHeads ? this.aux1?.forward(first) : undefined,
      aux2: withHeads ? this.aux2?.forward(second) : undefined,
    };
  }
}
