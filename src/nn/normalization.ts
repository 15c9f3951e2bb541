import type { Shape } from "../core/shape.js";
import type { LocalResponseOptions } from "../tensor/composite/normalization.js";
import {
  ArgumentError,
  groupNorm,
  layerNorm,
  localResponseNorm,
  ones,
  Parameter,
  rmsNorm,
  zeros,
  type Tensor,
} from "../tensor/index.js";
import { Module } from "./module.js";
import { requireSizes } from "./require-sizes.js";

export interface LayerNormOptions {
  /** Added to the variance; 1e-5 if not given. */
  readonly eps?: number | undefined;
  /** Whether a scale (first 1) and a shift (first 0) are learned for each element; true if not given. */
  readonly elementwiseAffine?: boolean | undefined;
  /** Whether a shift is learned where a scale is; true if not given. */
  readonly bias?: boolean | undefined;
}

/** (x − mean) / √(variance + eps) · weight + bias over the last axes, of sizes normalizedShape. Ba et al. 2016. */
export class LayerNorm extends Module<Tensor, Tensor> {
  readonly normalizedShape: Shape;
  /** Added to the variance. */
  readonly eps: number;
  /** The scale, normalizedShape; first 1. */
  weight: Parameter | undefined;
  /** The shift, normalizedShape; first 0. */
  bias: Parameter | undefined;

  /** Throws ArgumentError for sizes that are no whole numbers above 0. */
  constructor(normalizedShape: number | Shape, options: LayerNormOptions = {}) {
    super();
    const { eps = 1e-5, elementwiseAffine = true, bias = true } = options;
    this.normalizedShape = shapeOf("LayerNorm", normalizedShape);
    this.eps = eps;
    if (elementwiseAffine) this.weight = new Parameter(ones(this.normalizedShape));
    if (elementwiseAffine && bias) this.bias = new Parameter(zeros(this.normalizedShape));
  }

  /** Throws ShapeError unless the input ends with normalizedShape. */
  forward(x: Tensor): Tensor {
    return layerNorm(x, this.normalizedShape, this.weight, this.bias, { eps: this.eps });
  }

  override describe(): string {
    return `${JSON.stringify(this.normalizedShape)}, eps: ${this.eps}`;
  }
}

/** x / √(mean(x²) + eps) · weight over the last axes, of sizes normalizedShape. Zhang and Sennrich 2019. */
export class RMSNorm extends Module<Tensor, Tensor> {
  readonly normalizedShape: Shape;
  /** Added to the mean square. */
  readonly eps: number | undefined;
  /** The scale, normalizedShape; first 1. */
  weight: Parameter | undefined;

  /** eps is 2⁻²³ if not given. Throws ArgumentError for sizes that are no whole numbers above 0. */
  constructor(normalizedShape: number | Shape, options: Omit<LayerNormOptions, "bias"> = {}) {
    super();
    const { eps, elementwiseAffine = true } = options;
    this.normalizedShape = shapeOf("RMSNorm", normalizedShape);
    this.eps = eps;
    if (elementwiseAffine) this.weight = new Parameter(ones(this.normalizedShape));
  }

  /** Throws ShapeError unless the input ends with normalizedShape. */
  forward(x: Tensor): Tensor {
    return rmsNorm(x, this.normalizedShape, this.weight, { eps: this.eps });
  }

  override describe(): string {
    return `${JSON.stringify(this.normalizedShape)}${this.eps === undefined ? "" : `, eps: ${this.eps}`}`;
  }
}

function shapeOf(layer: string, normalizedShape: number | Shape): Shape {
  const shape = typeof normalizedShape === "number" ? [normalizedShape] : [...normalizedShape];
  requireSizes(layer, Object.fromEntries(shape.map((size, i) => [`normalizedShape[${i}]`, size])));
  return shape;
}

export interface GroupNormOptions {
  /** Added to the variance; 1e-5 if not given. */
  readonly eps?: number | undefined;
  /** Whether a scale (first 1) and a shift (first 0) are learned for each channel; true if not given. */
  readonly affine?: boolean | undefined;
}

/** Normalizes each of numGroups runs of channels of each example of [N, C, …]. Wu and He 2018. */
export class GroupNorm extends Module<Tensor, Tensor> {
  readonly numGroups: number;
  readonly numChannels: number;
  /** Added to the variance. */
  readonly eps: number;
  /** The scale, [numChannels]; first 1. */
  weight: Parameter | undefined;
  /** The shift, [numChannels]; first 0. */
  bias: Parameter | undefined;

  /** Throws ArgumentError for sizes that are no whole numbers above 0, or groups that do not divide the channels. */
  constructor(numGroups: number, numChannels: number, { eps = 1e-5, affine = true }: GroupNormOptions = {}) {
    super();
    requireSizes("GroupNorm", { numGroups, numChannels });
    if (numChannels % numGroups !== 0)
      throw new ArgumentError(`[GroupNorm] ${numChannels} channels cannot be cut into ${numGroups} groups`);
    this.numGroups = numGroups;
    this.numChannels = numChannels;
    this.eps = eps;
    if (!affine) return;
    this.weight = new Parameter(ones([numChannels]));
    this.bias = new Parameter(zeros([numChannels]));
  }

  /** Throws ShapeError, ArgumentError for other channels. */
  forward(x: Tensor): Tensor {
    return groupNorm(x, this.numGroups, this.weight, this.bias, { eps: this.eps });
  }

  override describe(): string {
    return `${this.numGroups}, ${this.numChannels}, eps: ${this.eps}`;
  }
}

/** x / (k + alpha/size · Σ x²)^beta over `size` neighbouring channels of [N, C, …]. Krizhevsky et al. 2012. */
export class LocalResponseNorm extends Module<Tensor, Tensor> {
  readonly size: number;
  readonly options: LocalResponseOptions;

  /** Throws ArgumentError for a size that is no whole number above 0. */
  constructor(size: number, options: LocalResponseOptions = {}) {
    super();
    requireSizes("LocalResponseNorm", { size });
    this.size = size;
    this.options = options;
  }

  /** Throws ShapeError unless the input is [N, C, …]. */
  forward(x: Tensor): Tensor {
    return localResponseNorm(x, this.size, this.options);
  }

  override describe(): string {
    const settings = Object.entries(this.options).map(([name, value]) => `, ${name}: ${value}`);
    return `${this.size}${settings.join("")}`;
  }
}
