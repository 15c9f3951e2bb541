import * as nn from "../nn/index.js";
import type { Tensor } from "../tensor/index.js";
import { drawWeights, forReluBackward, normalOf } from "./initial-weights.js";

/** Channels of the convolutions between one pooling and the next, by the number of layers with weights. */
const stages = {
  11: [[64], [128], [256, 256], [512, 512], [512, 512]],
  13: [[64, 64], [128, 128], [256, 256], [512, 512], [512, 512]],
  16: [[64, 64], [128, 128], [256, 256, 256], [512, 512, 512], [512, 512, 512]],
  19: [[64, 64], [128, 128], [256, 256, 256, 256], [512, 512, 512, 512], [512, 512, 512, 512]],
} as const;

/**
 * VGG with 11, 13, 16 or 19 layers (Simonyan and Zisserman 2014), with the names and shapes of torchvision's `vgg11` to
 * `vgg19`: 132,863,336, 133,047,848, 138,357,544 and 143,667,240 parameters for 1,000 classes.
 */
export class Vgg extends nn.Module<Tensor, Tensor> {
  features: nn.Sequential;
  avgpool = new nn.AdaptiveAvgPool2d(7);
  classifier: nn.Sequential;

  constructor(layers: keyof typeof stages, classes = 1000) {
    super();
    this.features = new nn.Sequential();
    let from = 3;
    for (const stage of stages[layers]) {
      for (const to of stage) {
        this.features.append(new nn.Conv2d(from, to, 3, { padding: 1 })).append(new nn.ReLU());
        from = to;
      }
      this.features.append(new nn.MaxPool2d(2));
    }
    this.classifier = new nn.Sequential(
      new nn.Linear(512 * 7 * 7, 4096),
      new nn.ReLU(),
      new nn.Dropout(),
      new nn.Linear(4096, 4096),
      new nn.ReLU(),
      new nn.Dropout(),
      new nn.Linear(4096, classes),
    );
    drawWeights(this, { conv: forReluBackward, linear: normalOf(0.01) });
  }

  /** Images `[B, 3, H, W]`, 224 × 224 or so and at least 32 × 32, to logits `[B, classes]`. */
  override forward(images: Tensor): Tensor {
    const features = this.avgpool.forward(this.features.forward(images)); // (B, 512, 7, 7)
    return this.classifier.forward(features.flatten(1));
  }
}
