import { instanceNorm, type Tensor } from "../tensor/index.js";
import { RunningNorm, type RunningNormLayerOptions } from "./batch-norm.js";

abstract class InstanceNorm extends RunningNorm {
  protected abstract readonly spatial: number;

  /**
   * Neither learns a scale and shift nor keeps running statistics unless asked to. Throws ArgumentError for a number of
   * features that is no whole number above 0.
   */
  constructor(numFeatures: number, options: RunningNormLayerOptions = {}) {
    super(numFeatures, { affine: false, trackRunningStats: false, ...options });
  }

  /** Throws ShapeError for another rank or number of channels, and for one value per channel. */
  forward(x: Tensor): Tensor {
    const { spatial, training, runningMean, runningVar, weight, bias, eps } = this;
    const batched = x.shape.length === spatial + 2;
    this.requireInput(x, [spatial + 2, spatial + 1], batched ? 1 : 0);
    const useInputStats = training || !runningMean;
    // As in PyTorch, instances are not counted and no momentum means that running statistics stay.
    const momentum = this.momentum ?? 0;
    const input = batched ? x : x.unsqueeze(0);
    const y = instanceNorm(input, runningMean, runningVar, weight, bias, { useInputStats, momentum, eps });
    return batched ? y : y.squeeze(0);
  }
}

/** Normalizes each channel of each example of [N, C, L] (or without N). Ulyanov et al. 2016. */
export class InstanceNorm1d extends InstanceNorm {
  protected readonly spatial = 1;
}

/** Normalizes each channel of each example of [N, C, H, W] (or without N). Ulyanov et al. 2016. */
export class InstanceNorm2d extends InstanceNorm {
  protected readonly spatial = 2;
}

/** Normalizes each channel of each example of [N, C, D, H, W] (or without N). Ulyanov et al. 2016. */
export class InstanceNorm3d extends InstanceNorm {
  protected readonly spatial = 3;
}
