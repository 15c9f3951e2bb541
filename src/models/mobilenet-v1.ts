import * as nn from "../nn/index.js";
import type { Tensor } from "../tensor/index.js";
import { convNormActivation } from "./conv-norm-activation.js";
import { drawWeights, forReluBackward } from "./initial-weights.js";

/** Channels and stride of the pairs of a convolution of each channel alone and one of 1 × 1. */
const pairs = [
  [64, 1],
  [128, 2],
  [128, 1],
  [256, 2],
  [256, 1],
  [512, 2],
  [512, 1],
  [512, 1],
  [512, 1],
  [512, 1],
  [512, 1],
  [1024, 2],
  [1024, 1],
] as const;

/** MobileNet (Howard et al. 2017): 4,231,976 parameters for 1,000 classes. */
export class MobileNetV1 extends nn.Module<Tensor, Tensor> {
  features: nn.Sequential;
  classifier: nn.Linear;

  constructor(classes = 1000) {
    super();
    this.features = new nn.Sequential(convNormActivation(3, 32, 3, { stride: 2, activation: new nn.ReLU() }));
    let from = 32;
    for (const [to, stride] of pairs) {
      this.features.append(convNormActivation(from, from, 3, { stride, groups: from, activation: new nn.ReLU() }));
      this.features.append(convNormActivation(from, to, 1, { activation: new nn.ReLU() }));
      from = to;
    }
    this.classifier = new nn.Linear(from, classes);
    drawWeights(this, { conv: forReluBackward });
  }

  /** Images `[B, 3, H, W]`, 224 × 224 or so, to logits `[B, classes]`. */
  override forward(images: Tensor): Tensor {
    return this.classifier.forward(this.features.forward(images).mean([2, 3]));
  }
}
