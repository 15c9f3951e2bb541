import * as nn from "../nn/index.js";
import type { Tensor } from "../tensor/index.js";

/**
 * AlexNet in the form of "One weird trick for parallelizing convolutional neural networks" (Krizhevsky 2014), with the
 * names and shapes of torchvision's `alexnet`: 61,100,840 parameters for 1,000 classes.
 */
export class AlexNet extends nn.Module<Tensor, Tensor> {
  features = new nn.Sequential(
    new nn.Conv2d(3, 64, 11, { stride: 4, padding: 2 }),
    new nn.ReLU(),
    new nn.MaxPool2d(3, { stride: 2 }),
    new nn.Conv2d(64, 192, 5, { padding: 2 }),
    new nn.ReLU(),
    new nn.MaxPool2d(3, { stride: 2 }),
    new nn.Conv2d(192, 384, 3, { padding: 1 }),
    new nn.ReLU(),
    new nn.Conv2d(384, 256, 3, { padding: 1 }),
    new nn.ReLU(),
    new nn.Conv2d(256, 256, 3, { padding: 1 }),
    new nn.ReLU(),
    new nn.MaxPool2d(3, { stride: 2 }),
  );
  avgpool = new nn.AdaptiveAvgPool2d(6);
  classifier: nn.Sequential;

  constructor(classes = 1000) {
    super();
    this.classifier = new nn.Sequential(
      new nn.Dropout(),
      new nn.Linear(256 * 6 * 6, 4096),
      new nn.ReLU(),
      new nn.Dropout(),
      new nn.Linear(4096, 4096),
      new nn.ReLU(),
      new nn.Linear(4096, classes),
    );
  }

  /** Images `[B, 3, H, W]`, 224 × 224 or so and at least 63 × 63, to logits `[B, classes]`. */
  override forward(images: Tensor): Tensor {
    const features = this.avgpool.forward(this.features.forward(images)); // (B, 256, 6, 6)
    return this.classifier.forward(features.flatten(1));
  }
}
