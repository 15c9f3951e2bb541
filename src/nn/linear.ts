import { bilinear, linear, type Parameter, type Tensor } from "../tensor/index.js";
import { weightAndBias } from "./fan-in-init.js";
import { Module } from "./module.js";
import { requireSizes } from "./require-sizes.js";

export interface LinearOptions {
  /** Whether a learned vector is added; true if not given. */
  readonly bias?: boolean | undefined;
}

/** y = x·Wᵀ + b: [..., inFeatures] to [..., outFeatures]. Weight and bias begin uniform in ±1/√inFeatures. */
export class Linear extends Module<Tensor, Tensor> {
  readonly inFeatures: number;
  readonly outFeatures: number;
  /** [outFeatures, inFeatures]. */
  weight: Parameter;
  /** [outFeatures], if there is one. */
  bias: Parameter | undefined;

  /** Throws ArgumentError for sizes that are no whole numbers above 0. */
  constructor(inFeatures: number, outFeatures: number, { bias = true }: LinearOptions = {}) {
    super();
    requireSizes("Linear", { inFeatures, outFeatures });
    this.inFeatures = inFeatures;
    this.outFeatures = outFeatures;
    ({ weight: this.weight, bias: this.bias } = weightAndBias(
      [outFeatures, inFeatures],
      bias ? outFeatures : undefined,
    ));
  }

  /** Throws ShapeError unless the last axis has inFeatures. */
  forward(x: Tensor): Tensor {
    return linear(x, this.weight, this.bias);
  }

  override describe(): string {
    return `${this.inFeatures}, ${this.outFeatures}${this.bias ? "" : ", bias: false"}`;
  }
}

/**
 * y_o = x1ᵀ · W_o · x2 + b_o: [..., in1Features] and [..., in2Features] to [..., outFeatures]. Weight [out, in1, in2] and
 * bias begin uniform in ±1/√in1Features.
 */
export class Bilinear extends Module<[x1: Tensor, x2: Tensor], Tensor> {
  /** [outFeatures, in1Features, in2Features]. */
  weight: Parameter;
  /** [outFeatures], if there is one. */
  bias: Parameter | undefined;

  /** Throws ArgumentError for sizes that are no whole numbers above 0. */
  constructor(in1Features: number, in2Features: number, outFeatures: number, { bias = true }: LinearOptions = {}) {
    super();
    requireSizes("Bilinear", { in1Features, in2Features, outFeatures });
    ({ weight: this.weight, bias: this.bias } = weightAndBias(
      [outFeatures, in1Features, in2Features],
      bias ? outFeatures : undefined,
      in1Features,
    ));
  }

  /** Throws ShapeError unless the last axes have in1Features and in2Features. */
  forward(x1: Tensor, x2: Tensor): Tensor {
    return bilinear(x1, x2, this.weight, this.bias);
  }

  override describe(): string {
    const [out, in1, in2] = this.weight.shape;
    return `${in1}, ${in2}, ${out}${this.bias ? "" : ", bias: false"}`;
  }
}
