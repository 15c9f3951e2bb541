import { linear, type Parameter, type Tensor } from "../tensor/index.js";
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
  weight: Parameter;
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
