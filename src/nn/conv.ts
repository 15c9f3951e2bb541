import type { ConvOptions, PerAxis } from "../tensor/composite/conv.js";
import { conv1d, conv2d, conv3d, type Tensor } from "../tensor/index.js";
import { Convolution, type ConvolutionOptions } from "./convolution.js";

/** Options of the convolution, and whether there is a bias. */
export type ConvLayerOptions = ConvOptions & ConvolutionOptions;

/** Convolution over sequences: [N, inChannels, L] (or without N) to [N, outChannels, L′]. */
export class Conv1d extends Convolution<ConvLayerOptions> {
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
export class Conv2d extends Convolution<ConvLayerOptions> {
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
export class Conv3d extends Convolution<ConvLayerOptions> {
  /** Throws ArgumentError for sizes that are no whole numbers above 0, or channels that the groups do not divide. */
  constructor(inChannels: number, outChannels: number, kernelSize: PerAxis, options: ConvLayerOptions = {}) {
    super(3, inChannels, outChannels, kernelSize, options);
  }

  /** Throws ShapeError unless the input has inChannels and is as large as the kernel. */
  forward(x: Tensor): Tensor {
    return conv3d(x, this.weight, this.bias, this.options);
  }
}
