import type { PerAxis } from "../tensor/composite/conv.js";
import type { AvgPoolOptions, MaxPoolOptions } from "../tensor/composite/pooling.js";
import { avgPool1d, avgPool2d, avgPool3d, maxPool1d, maxPool2d, maxPool3d, type Tensor } from "../tensor/index.js";
import { Module } from "./module.js";

/** A pooling layer has no state but its settings. */
abstract class Pool<Options extends object> extends Module<Tensor, Tensor> {
  readonly kernelSize: PerAxis;
  readonly options: Options;

  constructor(kernelSize: PerAxis, options: Options) {
    super();
    this.kernelSize = kernelSize;
    this.options = options;
  }

  override describe(): string {
    const settings = Object.entries(this.options).map(([name, value]) => `, ${name}: ${JSON.stringify(value)}`);
    return `kernelSize: ${JSON.stringify(this.kernelSize)}${settings.join("")}`;
  }
}

abstract class MaxPool extends Pool<MaxPoolOptions> {
  /** Windows do not overlap unless a stride is given. */
  constructor(kernelSize: PerAxis, options: MaxPoolOptions = {}) {
    super(kernelSize, options);
  }
}

abstract class AvgPool extends Pool<AvgPoolOptions> {
  /** Windows do not overlap unless a stride is given. */
  constructor(kernelSize: PerAxis, options: AvgPoolOptions = {}) {
    super(kernelSize, options);
  }
}

/** The largest element of each window of [N, C, L]. */
export class MaxPool1d extends MaxPool {
  /** Throws ShapeError, ArgumentError. */
  forward(x: Tensor): Tensor {
    return maxPool1d(x, this.kernelSize, this.options);
  }
}

/** The largest element of each window of [N, C, H, W]. */
export class MaxPool2d extends MaxPool {
  /** Throws ShapeError, ArgumentError. */
  forward(x: Tensor): Tensor {
    return maxPool2d(x, this.kernelSize, this.options);
  }
}

/** The largest element of each window of [N, C, D, H, W]. */
export class MaxPool3d extends MaxPool {
  /** Throws ShapeError, ArgumentError. */
  forward(x: Tensor): Tensor {
    return maxPool3d(x, this.kernelSize, this.options);
  }
}

/** The mean of each window of [N, C, L]. */
export class AvgPool1d extends AvgPool {
  /** Throws ShapeError, ArgumentError. */
  forward(x: Tensor): Tensor {
    return avgPool1d(x, this.kernelSize, this.options);
  }
}

/** The mean of each window of [N, C, H, W]. */
export class AvgPool2d extends AvgPool {
  /** Throws ShapeError, ArgumentError. */
  forward(x: Tensor): Tensor {
    return avgPool2d(x, this.kernelSize, this.options);
  }
}

/** The mean of each window of [N, C, D, H, W]. */
export class AvgPool3d extends AvgPool {
  /** Throws ShapeError, ArgumentError. */
  forward(x: Tensor): Tensor {
    return avgPool3d(x, this.kernelSize, this.options);
  }
}
