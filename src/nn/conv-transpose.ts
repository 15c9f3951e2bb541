import type { ConvTransposeOptions, PerAxis } from "../tensor/composite/conv.js";
import { convTranspose1d, convTranspose2d, convTranspose3d, type Tensor } from "../tensor/index.js";
import { Convolution, type ConvolutionOptions } from "./convolution.js";

/** Options of the transposed convolution, and whether there is a bias. */
export type ConvTransposeLayerOptions = ConvTransposeOptions & ConvolutionOptions;

/** The transpose of a convolution over sequences: [N, inChannels, L] (or without N) to [N, outChannels, L′]. */
export class ConvTranspose1d extends Convolution<ConvTransposeLayerOptions> {
  /** Throws ArgumentError for sizes that are no whole numbers above 0, or channels that the groups do not divide. */
  constructor(inChannels: number, outChannels: number, kernelSize: PerAxis, options: ConvTransposeLayerOptions = {}) {
    super(1, inChannels, outChannels, kernelSize, options, true);
  }

  /** Throws ShapeError unless the input has inChannels. */
  forward(x: Tensor): Tensor {
    return convTranspose1d(x, this.weight, this.bias, this.options);
  }
}

/** The transpose of a convolution over images: [N, inChannels, H, W] (or without N) to [N, outChannels, H′, W′]. */
export class ConvTranspose2d extends Convolution<ConvTransposeLayerOptions> {
  /** Throws ArgumentError for sizes that are no whole numbers above 0, or channels that the groups do not divide. */
  constructor(inChannels: number, outChannels: number, kernelSize: PerAxis, options: ConvTransposeLayerOptions = {}) {
    super(2, inChannels, outChannels, kernelSize, options, true);
  }

  /** Throws ShapeError unless the input has inChannels. */
  forward(x: Tensor): Tensor {
    return convTranspose2d(x, this.weight, this.bias, this.options);
  }
}

/** The transpose of a convolution over volumes: [N, inChannels, D, H, W] (or without N) to [N, outChannels, D′, H′, W′]. */
export class ConvTranspose3d extends Convolution<ConvTransposeLayerOptions> {
  /** Throws ArgumentError for sizes that are no whole numbers above 0, or channels that the groups do not divide. */
  constructor(inChannels: number, outChannels: number, kernelSize: PerAxis, options: ConvTransposeLayerOptions = {}) {
    super(3, inChannels, outChannels, kernelSize, options, true);
  }

  /** Throws ShapeError unless the input has inChannels. */
  forward(x: Tensor): Tensor {
    return convTranspose3d(x, this.weight, this.bias, this.options);
  }
}
