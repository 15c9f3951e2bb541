import { ArgumentError } from "../core/errors.js";
import { perAxis, type ConvOptions, type PerAxis } from "../tensor/composite/conv.js";
import { conv1d, conv2d, conv3d, type Parameter, type Tensor } from "../tensor/index.js";
import { weightAndBias } from "./fan-in-init.js";
import { Module } from "./module.js";
import { requireSizes } from "./require-sizes.js";

export interface ConvLayerOptions extends ConvOptions {
  /** Whether a learned number is added to each output channel; true if not given. */
  readonly bias?: boolean | undefined;
}

/**
 * What convolutions of all dimensions share. Weight [out, in/groups, kernel…] and bias [out] begin uniform in
 * ±1/√fanIn.
 */
abstract class Conv extends Module<Tensor, Tensor> {
  readonly inChannels: number;
  readonly outChannels: number;
  readonly kernelSize: readonly number[];
  readonly options: ConvLayerOptions;
  weight: Parameter;
  bias: Parameter | undefined;

  constructor(
    spatial: number,
    inChannels: number,
    outChannels: number,
    kernelSize: PerAxis,
    options: ConvLayerOptions,
  ) {
    super();
    const name = new.target.name;
    const { groups = 1, bias = true } = options;
    requireSizes(name, { inChannels, outChannels, groups });
    if (inChannels % groups !== 0 || outChannels % groups !== 0) {
      throw new ArgumentError(
        `[${name}] ${inChannels} input and ${outChannels} output channels cannot both be cut into ${groups} groups`,
      );
    }
    this.inChannels = inChannels;
    this.outChannels = outChannels;
    this.kernelSize = perAxis(name, "kernelSize", kernelSize, spatial, 1);
    this.options = options;
    const shape = [outChannels, inChannels / groups, ...this.kernelSize];
    ({ weight: this.weight, bias: this.bias } = weightAndBias(shape, bias ? outChannels : undefined));
  }

  override describe(): string {
    const settings = Object.entries(this.options).map(([name, value]) => `, ${name}: ${JSON.stringify(value)}`);
    const kernel = JSON.stringify(this.kernelSize);
    return `${this.inChannels}, ${this.outChannels}, kernelSize: ${kernel}${settings.join("")}`;
  }
}

/** Convolution over sequences: [N, inChannels, L] (or without N) to [N, outChannels, L′]. */
export class Conv1d extends Conv {
  /** Throws ArgumentError for sizes that are no whole numbers above 0, or channels that the groups do not divide. */
  constructor(inChannels: number, outChannels: number, kernelSize: PerAxis, options: ConvLayerOptions = {}) {
    super(1, inChannels, outChannels, kernelSize, options);
  }

  /** Throws ShapeError unless the input has inChannels and is as large as the kernel. */
  forward(x: Tensor): Tensor {
    return conv1d(x, this.weight, this.bias, this.options);
  }
}

/** Convolution over images: [N, inChannels, H, W] (or without N) to [N, outChannels, H′, W′]. */
export class Conv2d extends Conv {
  /** Throws ArgumentError for sizes that are no whole numbers above 0, or channels that the groups do not divide. */
  constructor(inChannels: number, outChannels: number, kernelSize: PerAxis, options: ConvLayerOptions = {}) {
    super(2, inChannels, outChannels, kernelSize, options);
  }

  /** Throws ShapeError unless the input has inChannels and is as large as the kernel. */
  forward(x: Tensor): Tensor {
    return conv2d(x, this.weight, this.bias, this.options);
  }
}

/** Convolution over volumes: [N, inChannels, D, H, W] (or without N) to [N, outChannels, D′, H′, W′]. */
export class Conv3d extends Conv {
  /** Throws ArgumentError for sizes that are no whole numbers above 0, or channels that the groups do not divide. */
  constructor(inChannels: number, outChannels: number, kernelSize: PerAxis, options: ConvLayerOptions = {}) {
    super(3, inChannels, outChannels, kernelSize, options);
  }

  /** Throws ShapeError unless the input has inChannels and is as large as the kernel. */
  forward(x: Tensor): Tensor {
    return conv3d(x, this.weight, this.bias, this.options);
  }
}
