import * as nn from "../nn/index.js";
import type { Tensor } from "../tensor/index.js";
import { convNormActivation } from "./conv-norm-activation.js";
import { drawWeights, forReluBackward, normalOf } from "./initial-weights.js";

/** Widens by a factor, convolves each channel alone, and narrows; beside a shortcut where the shape stays. */
class InvertedResidual extends nn.Module<Tensor, Tensor> {
  readonly hasShortcut: boolean;
  conv: nn.Sequential;

  constructor(from: number, to: number, stride: number, factor: number) {
    super();
    const width = from * factor;
    this.hasShortcut = stride === 1 && from === to;
    this.conv = new nn.Sequential(
      ...(factor === 1 ? [] : [convNormActivation(from, width, 1, { activation: new nn.ReLU6() })]),
      convNormActivation(width, width, 3, { stride, groups: width, activation: new nn.ReLU6() }),
      new nn.Conv2d(width, to, 1, { bias: false }),
      new nn.BatchNorm2d(to),
    );
  }

  override forward(x: Tensor): Tensor {
    const y = this.conv.forward(x);
    return this.hasShortcut ? x.add(y) : y;
  }
}

/** Factor, channels, blocks and the first block's stride of each stage. */
const stages = [
  [1, 16, 1, 1],
  [6, 24, 2, 2],
  [6, 32, 3, 2],
  [6, 64, 4, 2],
  [6, 96, 3, 1],
  [6, 160, 3, 2],
  [6, 320, 1, 1],
] as const;

/**
 * MobileNet v2 (Sandler et al. 2018), with the names and shapes of torchvision's `mobilenet_v2`: 3,504,872 parameters for
 * 1,000 classes.
 */
export class MobileNetV2 extends nn.Module<Tensor, Tensor> {
  features: nn.Sequential;
  classifier: nn.Sequential;

  constructor(classes = 1000) {
    super();
    this.features = new nn.Sequential(convNormActivation(3, 32, 3, { stride: 2, activation: new nn.ReLU6() }));
    let from = 32;
    for (const [factor, to, blocks, stride] of stages) {
      for (let i = 0; i < blocks; i++) {
        this.features.append(new InvertedResidual(from, to, i === 0 ? stride : 1, factor));
        from = to;
      }
    }
    this.features.append(convNormActivation(from, 1280, 1, { activation: new nn.ReLU6() }));
    this.classifier = new nn.Sequential(new nn.Dropout(0.2), new nn.Linear(1280, classes));
    drawWeights(this, { conv: forReluBackward, linear: normalOf(0.01) });
  }

  /** Images `[B, 3, H, W]`, 224 × 224 or so, to logits `[B, classes]`. */
  override forward(images: Tensor): Tensor {
    return this.classifier.forward(this.features.forward(images).mean([2, 3]));
  }
}
