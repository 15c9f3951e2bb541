import * as nn from "../nn/index.js";
import type { Tensor } from "../tensor/index.js";
import { convNormActivation } from "./conv-norm-activation.js";
import { drawWeights, forReluBackward } from "./initial-weights.js";
import { SqueezeExcitation } from "./squeeze-excitation.js";

/** Widens by a factor, convolves each channel alone, weighs channels, and narrows; beside a shortcut where the shape stays. */
class MBConv extends nn.Module<Tensor, Tensor> {
  readonly hasShortcut: boolean;
  block: nn.Sequential;
  stochasticDepth: nn.DropPath;

  constructor(from: number, to: number, factor: number, size: number, stride: number, dropPath: number) {
    super();
    const width = from * factor;
    this.hasShortcut = stride === 1 && from === to;
    this.block = new nn.Sequential(
      ...(factor === 1 ? [] : [convNormActivation(from, width, 1, { activation: new nn.SiLU() })]),
      convNormActivation(width, width, size, { stride, groups: width, activation: new nn.SiLU() }),
      new SqueezeExcitation(width, from / 4, (x) => x.silu(), (x) => x.sigmoid()),
      convNormActivation(width, to, 1),
    );
    this.stochasticDepth = new nn.DropPath(dropPath);
  }

  override forward(x: Tensor): Tensor {
    const y = this.block.forward(x);
    return this.hasShortcut ? this.stochasticDepth.forward(y).add(x) : y;
  }
}

/** Factor, kernel, the first block's stride, channels and blocks of each stage. */
const stages = [
  [1, 3, 1, 16, 1],
  [6, 3, 2, 24, 2],
  [6, 5, 2, 40, 2],
  [6, 3, 2, 80, 3],
  [6, 5, 1, 112, 3],
  [6, 5, 2, 192, 4],
  [6, 3, 1, 320, 1],
] as const;

/**
 * EfficientNet-B0 (Tan and Le 2019), with the names and shapes of torchvision's `efficientnet_b0`: 5,288,548 parameters for
 * 1,000 classes.
 */
export class EfficientNetB0 extends nn.Module<Tensor, Tensor> {
  features: nn.Sequential;
  avgpool = new nn.AdaptiveAvgPool2d(1);
  classifier: nn.Sequential;

  constructor(classes = 1000) {
    super();
    this.features = new nn.Sequential(convNormActivation(3, 32, 3, { stride: 2, activation: new nn.SiLU() }));
    const total = stages.reduce((sum, [, , , , blocks]) => sum + blocks, 0);
    let from = 32;
    let before = 0;
    for (const [factor, size, stride, to, blocks] of stages) {
      const stage = new nn.Sequential();
      for (let i = 0; i < blocks; i++) {
        stage.append(new MBConv(from, to, factor, size, i === 0 ? stride : 1, (0.2 * before++) / total));
        from = to;
      }
      this.features.append(stage);
    }
    this.features.append(convNormActivation(from, 1280, 1, { activation: new nn.SiLU() }));
    const bound = 1 / Math.sqrt(classes);
    this.classifier = new nn.Sequential(new nn.Dropout(0.2), new nn.Linear(1280, classes));
    drawWeights(this, { conv: forReluBackward, linear: (shape) => nn.init.uniform(shape, -bound, bound) });
  }

  /** Images `[B, 3, H, W]`, 224 × 224 or so, to logits `[B, classes]`. */
  override forward(images: Tensor): Tensor {
    return this.classifier.forward(this.avgpool.forward(this.features.forward(images)).flatten(1));
  }
}
