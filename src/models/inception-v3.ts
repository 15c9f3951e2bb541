import * as nn from "../nn/index.js";
import { avgPool2d, concat, maxPool2d, type Shape, type Tensor } from "../tensor/index.js";
import { ConvNorm } from "./conv-norm.js";
import { drawWeights } from "./initial-weights.js";

/** Channels, kernel and, where the image shrinks, stride of a convolution. */
type Step = readonly [to: number, size: number | readonly [number, number], stride?: 2];

/** Convolutions after one another; the last may be two beside each other. */
interface Branch {
  readonly steps: readonly Step[];
  readonly split?: readonly [Step, Step];
}

const average = (x: Tensor): Tensor => avgPool2d(x, 3, { stride: 1, padding: 1 });
const largest = (x: Tensor): Tensor => maxPool2d(x, 3, { stride: 2 });

/** Branches beside each other, and beside these the input's largest elements, or a convolution of its means. */
class Mixed extends nn.Sequential {
  readonly branches: readonly (readonly string[])[];
  readonly splits: readonly boolean[];

  constructor(from: number, branches: { readonly [name: string]: Branch }, pooled: number | undefined) {
    const layers: Record<string, ConvNorm> = {};
    const names = Object.entries(branches).map(([name, { steps, split }]) => {
      const isAlone = steps.length === 1 && !split;
      const labels = [...steps.map((_, i) => `${i + 1}`), ...(split ? [`${steps.length + 1}a`, `${steps.length + 1}b`] : [])];
      let channels = from;
      return [...steps, ...(split ?? [])].map(([to, size, stride], i) => {
        const label = isAlone ? name : `${name}_${labels[i]}`;
        layers[label] = new ConvNorm(channels, to, size, stride ? { stride, padding: 0 } : {});
        if (i < steps.length) channels = to;
        return label;
      });
    });
    if (pooled !== undefined) layers.branch_pool = new ConvNorm(from, pooled, 1);
    super(layers);
    this.branches = names;
    this.splits = Object.values(branches).map(({ split }) => split !== undefined);
  }

  override forward(x: Tensor): Tensor {
    const layers = new Map(this.entries());
    const run = (input: Tensor, name: string): Tensor => layers.get(name)?.forward(input) ?? input;
    const results = this.branches.flatMap((names, i) => {
      if (!this.splits[i]) return [names.reduce(run, x)];
      const trunk = names.slice(0, -2).reduce(run, x);
      return names.slice(-2).map((name) => run(trunk, name));
    });
    return concat([...results, layers.has("branch_pool") ? run(average(x), "branch_pool") : largest(x)], 1);
  }
}

const mixedA = (from: number, pooled: number): Mixed =>
  new Mixed(from, { branch1x1: { steps: [[64, 1]] }, branch5x5: { steps: [[48, 1], [64, 5]] }, branch3x3dbl: { steps: [[64, 1], [96, 3], [96, 3]] } }, pooled);

const mixedC = (c: number): Mixed => {
  const [row, column]: readonly [[number, number], [number, number]] = [[1, 7], [7, 1]];
  const branch7x7dbl: Branch = { steps: [[c, 1], [c, column], [c, row], [c, column], [192, row]] };
  return new Mixed(768, { branch1x1: { steps: [[192, 1]] }, branch7x7: { steps: [[c, 1], [c, row], [192, column]] }, branch7x7dbl }, 192);
};

const mixedE = (from: number): Mixed => {
  const split: readonly [Step, Step] = [[384, [1, 3]], [384, [3, 1]]];
  return new Mixed(from, { branch1x1: { steps: [[320, 1]] }, branch3x3: { steps: [[384, 1]], split }, branch3x3dbl: { steps: [[448, 1], [384, 3]], split } }, 192);
};

/** A classifier half-way, whose loss helps to train what lies before it. */
class AuxiliaryHead extends nn.Module<Tensor, Tensor> {
  conv0 = new ConvNorm(768, 128, 1);
  conv1 = new ConvNorm(128, 768, 5, { padding: 0 });
  fc: nn.Linear;

  constructor(classes: number) {
    super();
    this.fc = new nn.Linear(768, classes);
  }

  override forward(x: Tensor): Tensor {
    return this.fc.forward(this.conv1.forward(this.conv0.forward(avgPool2d(x, 5, { stride: 3 }))).mean([2, 3]));
  }
}

export interface InceptionLogits {
  readonly logits: Tensor;
  readonly aux: Tensor | undefined;
}

/**
 * Inception v3 (Szegedy et al. 2015), with the names and shapes of torchvision's `inception_v3`: 27,161,264 parameters for
 * 1,000 classes with the auxiliary head. Torchvision's weights expect inputs (x − 0.5) / 0.5.
 */
export class InceptionV3 extends nn.Module<Tensor, Tensor> {
  Conv2d_1a_3x3 = new ConvNorm(3, 32, 3, { stride: 2, padding: 0 });
  Conv2d_2a_3x3 = new ConvNorm(32, 32, 3, { padding: 0 });
  Conv2d_2b_3x3 = new ConvNorm(32, 64, 3);
  maxpool1 = new nn.MaxPool2d(3, { stride: 2 });
  Conv2d_3b_1x1 = new ConvNorm(64, 80, 1);
  Conv2d_4a_3x3 = new ConvNorm(80, 192, 3, { padding: 0 });
  maxpool2 = new nn.MaxPool2d(3, { stride: 2 });
  Mixed_5b = mixedA(192, 32);
  Mixed_5c = mixedA(256, 64);
  Mixed_5d = mixedA(288, 64);
  Mixed_6a = new Mixed(288, { branch3x3: { steps: [[384, 3, 2]] }, branch3x3dbl: { steps: [[64, 1], [96, 3], [96, 3, 2]] } }, undefined);
  Mixed_6b = mixedC(128);
  Mixed_6c = mixedC(160);
  Mixed_6d = mixedC(160);
  Mixed_6e = mixedC(192);
  AuxLogits: AuxiliaryHead | undefined;
  Mixed_7a = new Mixed(768, { branch3x3: { steps: [[192, 1], [320, 3, 2]] }, branch7x7x3: { steps: [[192, 1], [192, [1, 7]], [192, [7, 1]], [192, 3, 2]] } }, undefined);
  Mixed_7b = mixedE(1280);
  Mixed_7c = mixedE(2048);
  dropout = new nn.Dropout(0.5);
  fc: nn.Linear;

  constructor({ classes = 1000, auxiliary = true }: { readonly classes?: number; readonly auxiliary?: boolean } = {}) {
    super();
    if (auxiliary) this.AuxLogits = new AuxiliaryHead(classes);
    this.fc = new nn.Linear(2048, classes);
    const draw = (shape: Shape): Tensor => nn.init.truncNormal(shape, { std: 0.1 });
    drawWeights(this, { conv: draw, linear: draw });
  }

  /** Images `[B, 3, H, W]`, 299 × 299 or so and at least 75 × 75, to logits `[B, classes]`. */
  override forward(images: Tensor): Tensor {
    return this.run(images, false).logits;
  }

  /** The logits with those of the auxiliary head, if there is one: the loss in training adds 0.4 of its. */
  forwardAll(images: Tensor): InceptionLogits {
    return this.run(images, true);
  }

  private run(images: Tensor, withHead: boolean): InceptionLogits {
    const through = (x: Tensor, layers: readonly nn.Module<Tensor, Tensor>[]): Tensor => layers.reduce((y, layer) => layer.forward(y), x);
    const stem = through(images, [this.Conv2d_1a_3x3, this.Conv2d_2a_3x3, this.Conv2d_2b_3x3, this.maxpool1, this.Conv2d_3b_1x1, this.Conv2d_4a_3x3, this.maxpool2]);
    const low = through(stem, [this.Mixed_5b, this.Mixed_5c, this.Mixed_5d]);
    const middle = through(low, [this.Mixed_6a, this.Mixed_6b, this.Mixed_6c, this.Mixed_6d, this.Mixed_6e]); // (B, 768, 17, 17)
    const high = through(middle, [this.Mixed_7a, this.Mixed_7b, this.Mixed_7c]).mean([2, 3]); // (B, 2048)
    return { logits: this.fc.forward(this.dropout.forward(high)), aux: withHead ? this.AuxLogits?.forward(middle) : undefined };
  }
}
