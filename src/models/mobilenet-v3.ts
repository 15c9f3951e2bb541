import * as nn from "../nn/index.js";
import { hardsigmoid, type Tensor } from "../tensor/index.js";
import { convNormActivation } from "./conv-norm-activation.js";
import { drawWeights, forReluBackward, normalOf } from "./initial-weights.js";
import { SqueezeExcitation } from "./squeeze-excitation.js";

const norm = { eps: 1e-3, momentum: 0.01 };

/** Channels, width between, kernel, whether squeeze and excitation follow, activation and stride of a block. */
type BlockSizes = readonly [to: number, width: number, size: number, excites: boolean, activation: "relu" | "hardswish", stride: number];

/** Widens, convolves each channel alone, weighs channels, and narrows; beside a shortcut where the shape stays. */
class InvertedResidual extends nn.Module<Tensor, Tensor> {
  readonly hasShortcut: boolean;
  block: nn.Sequential;

  constructor(from: number, [to, width, size, excites, kind, stride]: BlockSizes) {
    super();
    this.hasShortcut = stride === 1 && from === to;
    const activation = kind === "relu" ? new nn.ReLU() : new nn.Hardswish();
    // The multiple of 8 next to a quarter, not more than a tenth below it.
    const nearest = Math.max(8, Math.floor((width / 4 + 4) / 8) * 8);
    const narrow = nearest < 0.9 * (width / 4) ? nearest + 8 : nearest;
    this.block = new nn.Sequential(
      ...(width === from ? [] : [convNormActivation(from, width, 1, { norm, activation })]),
      convNormActivation(width, width, size, { stride, groups: width, norm, activation }),
      ...(excites ? [new SqueezeExcitation(width, narrow, (x) => x.relu(), hardsigmoid)] : []),
      convNormActivation(width, to, 1, { norm }),
    );
  }

  override forward(x: Tensor): Tensor {
    const y = this.block.forward(x);
    return this.hasShortcut ? x.add(y) : y;
  }
}

const blocks: readonly BlockSizes[] = [
  [16, 16, 3, false, "relu", 1],
  [24, 64, 3, false, "relu", 2],
  [24, 72, 3, false, "relu", 1],
  [40, 72, 5, true, "relu", 2],
  [40, 120, 5, true, "relu", 1],
  [40, 120, 5, true, "relu", 1],
  [80, 240, 3, false, "hardswish", 2],
  [80, 200, 3, false, "hardswish", 1],
  [80, 184, 3, false, "hardswish", 1],
  [80, 184, 3, false, "hardswish", 1],
  [112, 480, 3, true, "hardswish", 1],
  [112, 672, 3, true, "hardswish", 1],
  [160, 672, 5, true, "hardswish", 2],
  [160, 960, 5, true, "hardswish", 1],
  [160, 960, 5, true, "hardswish", 1],
];

/**
 * MobileNet v3, large (Howard et al. 2019), with the names and shapes of torchvision's `mobilenet_v3_large`: 5,483,032
 * parameters for 1,000 classes.
 */
export class MobileNetV3 extends nn.Module<Tensor, Tensor> {
  features: nn.Sequential;
  avgpool = new nn.AdaptiveAvgPool2d(1);
  classifier: nn.Sequential;

  constructor(classes = 1000) {
    super();
    this.features = new nn.Sequential(
      convNormActivation(3, 16, 3, { stride: 2, norm, activation: new nn.Hardswish() }),
      ...blocks.map((sizes, i) => new InvertedResidual(blocks[i - 1]?.[0] ?? 16, sizes)),
      convNormActivation(160, 960, 1, { norm, activation: new nn.Hardswish() }),
    );
    this.classifier = new nn.Sequential(new nn.Linear(960, 1280), new nn.Hardswish(), new nn.Dropout(0.2), new nn.Linear(1280, classes));
    drawWeights(this, { conv: forReluBackward, linear: normalOf(0.01) });
  }

  /** Images `[B, 3, H, W]`, 224 × 224 or so, to logits `[B, classes]`. */
  override forward(images: Tensor): Tensor {
    return this.classifier.forward(this.avgpool.forward(this.features.forward(images)).flatten(1));
  }
}
