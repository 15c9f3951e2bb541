import type { OutputSize } from "../tensor/composite/adaptive-pooling.js";
import {
  adaptiveAvgPool1d,
  adaptiveAvgPool2d,
  adaptiveAvgPool3d,
  adaptiveMaxPool1d,
  adaptiveMaxPool2d,
  adaptiveMaxPool3d,
  type Tensor,
} from "../tensor/index.js";
import { Module } from "./module.js";

/** As many windows as wanted, whatever the input's size: window i of n reaches from ⌊i·L/n⌋ to ⌈(i + 1)·L/n⌉. */
abstract class AdaptivePool extends Module<Tensor, Tensor> {
  readonly outputSize: OutputSize;

  constructor(outputSize: OutputSize) {
    super();
    this.outputSize = outputSize;
  }

  override describe(): string {
    return `outputSize: ${JSON.stringify(this.outputSize)}`;
  }
}

/** The mean of each of outputSize windows that cover [N, C, L]; null keeps an axis as it is. */
export class AdaptiveAvgPool1d extends AdaptivePool {
  /** Throws ShapeError, ArgumentError. */
  forward(x: Tensor): Tensor {
    return adaptiveAvgPool1d(x, this.outputSize);
  }
}

/** The mean of each of outputSize windows that cover [N, C, H, W]; null keeps an axis as it is. */
export class AdaptiveAvgPool2d extends AdaptivePool {
  /** Throws ShapeError, ArgumentError. */
  forward(x: Tensor): Tensor {
    return adaptiveAvgPool2d(x, this.outputSize);
  }
}

/** The mean of each of outputSize windows that cover [N, C, D, H, W]; null keeps an axis as it is. */
export class AdaptiveAvgPool3d extends AdaptivePool {
  /** Throws ShapeError, ArgumentError. */
  forward(x: Tensor): Tensor {
    return adaptiveAvgPool3d(x, this.outputSize);
  }
}

/** The largest element of each of outputSize windows that cover [N, C, L]; null keeps an axis as it is. */
export class AdaptiveMaxPool1d extends AdaptivePool {
  /** Throws ShapeError, ArgumentError. */
  forward(x: Tensor): Tensor {
    return adaptiveMaxPool1d(x, this.outputSize);
  }
}

/** The largest element of each of outputSize windows that cover [N, C, H, W]; null keeps an axis as it is. */
export class AdaptiveMaxPool2d extends AdaptivePool {
  /** Throws ShapeError, ArgumentError. */
  forward(x: Tensor): Tensor {
    return adaptiveMaxPool2d(x, this.outputSize);
  }
}

/** The largest element of each of outputSize windows that cover [N, C, D, H, W]; null keeps an axis as it is. */
export class AdaptiveMaxPool3d extends AdaptivePool {
  /** Throws ShapeError, ArgumentError. */
  forward(x: Tensor): Tensor {
    return adaptiveMaxPool3d(x, this.outputSize);
  }
}
