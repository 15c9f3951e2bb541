import { ArgumentError } from "../core/errors.js";
import { perAxis, type PerAxis } from "../tensor/composite/conv.js";
import type { Parameter, Tensor } from "../tensor/index.js";
import { weightAndBias } from "./fan-in-init.js";
import { Module } from "./module.js";
import { requireSizes } from "./require-sizes.js";

export interface ConvolutionOptions {
  readonly groups?: number | undefined;
  /** Whether a learned number is added to each output channel; true if not given. */
  readonly bias?: boolean | undefined;
}

/**
 * What convolutions of all dimensions and their transposes share. Weight [out, in/groups, kernel…] (transposed: [in,
 * out/groups, kernel…]) and bias [out] begin uniform in ±1/√n, n being the weight's size without its first axis.
 */
export abstract class Convolution<Options extends ConvolutionOptions> extends Module<Tensor, Tensor> {
  readonly inChannels: number;
  readonly outChannels: number;
  readonly kernelSize: readonly number[];
  readonly options: Options;
  weight: Parameter;
  bias: Parameter | undefined;

  constructor(
    spatial: number,
    inChannels: number,
    outChannels: number,
    kernelSize: PerAxis,
    options: Options,
    transposed = false,
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
    const channels = transposed ? [inChannels, outChannels / groups] : [outChannels, inChannels / groups];
    ({ weight: this.weight, bias: this.bias } = weightAndBias(
      [...channels, ...this.kernelSize],
      bias ? outChannels : undefined,
    ));
  }

  override describe(): string {
    const settings = Object.entries(this.options).map(([name, value]) => `, ${name}: ${JSON.stringify(value)}`);
    const kernel = JSON.stringify(this.kernelSize);
    return `${this.inChannels}, ${this.outChannels}, kernelSize: ${kernel}${settings.join("")}`;
  }
}
