import * as nn from "../nn/index.js";
import { concat, type Tensor } from "../tensor/index.js";
import { drawWeights } from "./initial-weights.js";

/** Adds a few channels, made of all channels so far, to these. */
class DenseLayer extends nn.Module<Tensor, Tensor> {
  norm1: nn.BatchNorm2d;
  conv1: nn.Conv2d;
  norm2: nn.BatchNorm2d;
  conv2: nn.Conv2d;

  constructor(from: number, growth: number) {
    super();
    this.norm1 = new nn.BatchNorm2d(from);
    this.conv1 = new nn.Conv2d(from, 4 * growth, 1, { bias: false });
    this.norm2 = new nn.BatchNorm2d(4 * growth);
    this.conv2 = new nn.Conv2d(4 * growth, growth, 3, { padding: 1, bias: false });
  }

  override forward(x: Tensor): Tensor {
    const narrow = this.conv1.forward(this.norm1.forward(x).relu());
    return concat([x, this.conv2.forward(this.norm2.forward(narrow).relu())], 1);
  }
}

/** Halves the channels and the image's sides. */
const transition = (from: number): nn.Sequential =>
  new nn.Sequential({
    norm: new nn.BatchNorm2d(from),
    relu: new nn.ReLU(),
    conv: new nn.Conv2d(from, from / 2, 1, { bias: false }),
    pool: new nn.AvgPool2d(2),
  });

const depths = [6, 12, 24, 16];
const growth = 32;

/**
 * DenseNet-121 (Huang et al. 2016), with the names and shapes of torchvision's `densenet121`: 7,978,856 parameters for
 * 1,000 classes.
 */
export class DenseNet121 extends nn.Module<Tensor, Tensor> {
  features: nn.Sequential;
  classifier: nn.Linear;

  constructor(classes = 1000) {
    super();
    this.features = new nn.Sequential({
      conv0: new nn.Conv2d(3, 64, 7, { stride: 2, padding: 3, bias: false }),
      norm0: new nn.BatchNorm2d(64),
      relu0: new nn.ReLU(),
      pool0: new nn.MaxPool2d(3, { stride: 2, padding: 1 }),
    });
    let channels = 64;
    depths.forEach((depth, i) => {
      const layers = Array.from({ length: depth }, (_, k) => [`denselayer${k + 1}`, new DenseLayer(channels + k * growth, growth)]);
      this.features.append({ [`denseblock${i + 1}`]: new nn.Sequential(Object.fromEntries(layers) as nn.NamedLayers) });
      channels += depth * growth;
      if (i === depths.length - 1) return;
      this.features.append({ [`transition${i + 1}`]: transition(channels) });
      channels /= 2;
    });
    this.features.append({ norm5: new nn.BatchNorm2d(channels) });
    this.classifier = new nn.Linear(channels, classes);
    drawWeights(this, { conv: (shape) => nn.init.kaimingNormal(shape) });
  }

  /** Images `[B, 3, H, W]`, 224 × 224 or so, to logits `[B, classes]`. */
  override forward(images: Tensor): Tensor {
    return this.classifier.forward(this.features.forward(images).relu().mean([2, 3]));
  }
}
