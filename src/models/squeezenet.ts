import * as nn from "../nn/index.js";
import { concat, Parameter, type Tensor } from "../tensor/index.js";
import { drawWeights, normalOf } from "./initial-weights.js";

/** Narrows to a few channels, and gives 1 × 1 and 3 × 3 convolutions of these beside each other. */
class Fire extends nn.Module<Tensor, Tensor> {
  squeeze: nn.Conv2d;
  expand1x1: nn.Conv2d;
  expand3x3: nn.Conv2d;

  constructor(from: number, narrow: number, half: number) {
    super();
    this.squeeze = new nn.Conv2d(from, narrow, 1);
    this.expand1x1 = new nn.Conv2d(narrow, half, 1);
    this.expand3x3 = new nn.Conv2d(narrow, half, 3, { padding: 1 });
  }

  override forward(x: Tensor): Tensor {
    const narrow = this.squeeze.forward(x).relu();
    return concat([this.expand1x1.forward(narrow), this.expand3x3.forward(narrow)], 1).relu();
  }
}

const pool = (): nn.MaxPool2d => new nn.MaxPool2d(3, { stride: 2, ceilMode: true });

/** What precedes the classifier, 512 channels. */
const features = {
  "1.0": () => [
    new nn.Conv2d(3, 96, 7, { stride: 2 }),
    new nn.ReLU(),
    pool(),
    new Fire(96, 16, 64),
    new Fire(128, 16, 64),
    new Fire(128, 32, 128),
    pool(),
    new Fire(256, 32, 128),
    new Fire(256, 48, 192),
    new Fire(384, 48, 192),
    new Fire(384, 64, 256),
    pool(),
    new Fire(512, 64, 256),
  ],
  "1.1": () => [
    new nn.Conv2d(3, 64, 3, { stride: 2 }),
    new nn.ReLU(),
    pool(),
    new Fire(64, 16, 64),
    new Fire(128, 16, 64),
    pool(),
    new Fire(128, 32, 128),
    new Fire(256, 32, 128),
    pool(),
    new Fire(256, 48, 192),
    new Fire(384, 48, 192),
    new Fire(384, 64, 256),
    new Fire(512, 64, 256),
  ],
} as const;

/**
 * SqueezeNet 1.0 or 1.1 (Iandola et al. 2016), with the names and shapes of torchvision's `squeezenet1_0` and
 * `squeezenet1_1`: 1,248,424 and 1,235,496 parameters for 1,000 classes.
 */
export class SqueezeNet extends nn.Module<Tensor, Tensor> {
  features: nn.Sequential;
  classifier: nn.Sequential;

  constructor(version: keyof typeof features, classes = 1000) {
    super();
    this.features = new nn.Sequential(...features[version]());
    const last = new nn.Conv2d(512, classes, 1);
    this.classifier = new nn.Sequential(new nn.Dropout(), last, new nn.ReLU(), new nn.AdaptiveAvgPool2d(1));
    drawWeights(this, { conv: (shape) => nn.init.kaimingUniform(shape) });
    last.weight = new Parameter(normalOf(0.01)(last.weight.shape));
  }

  /** Images `[B, 3, H, W]`, 224 × 224 or so, to logits `[B, classes]`. */
  override forward(images: Tensor): Tensor {
    return this.classifier.forward(this.features.forward(images)).flatten(1);
  }
}
