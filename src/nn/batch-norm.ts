import { ShapeError } from "../core/errors.js";
import { formatShape } from "../core/shape.js";
import { batchNorm, Buffer, noGrad, ones, Parameter, StateTensor, zeros, type Tensor } from "../tensor/index.js";
import { Module } from "./module.js";
import { requireSizes } from "./require-sizes.js";

export interface RunningNormLayerOptions {
  /** Added to the variance; 1e-5 if not given. */
  readonly eps?: number | undefined;
  /** How far running statistics move towards a batch's; null for the mean of all batches; 0.1 if not given. */
  readonly momentum?: number | null | undefined;
  /** Whether a scale (first 1) and a shift (first 0) are learned for each channel. */
  readonly affine?: boolean | undefined;
  /** Whether running statistics are kept, and used in evaluation. */
  readonly trackRunningStats?: boolean | undefined;
}

/** What layers that normalize channels by running statistics share: what they keep, under PyTorch's names. */
export abstract class RunningNorm extends Module<Tensor, Tensor> {
  readonly numFeatures: number;
  readonly eps: number;
  readonly momentum: number | null;
  weight: Parameter | undefined;
  bias: Parameter | undefined;
  runningMean: Buffer | undefined;
  runningVar: Buffer | undefined;
  numBatchesTracked: Buffer | undefined;

  constructor(numFeatures: number, options: RunningNormLayerOptions) {
    super();
    requireSizes(new.target.name, { numFeatures });
    const { eps = 1e-5, momentum = 0.1, affine = true, trackRunningStats = true } = options;
    this.numFeatures = numFeatures;
    this.eps = eps;
    this.momentum = momentum;
    if (affine) {
      this.weight = new Parameter(ones([numFeatures]));
      this.bias = new Parameter(zeros([numFeatures]));
    }
    if (trackRunningStats) {
      this.runningMean = new Buffer(zeros([numFeatures]));
      this.runningVar = new Buffer(ones([numFeatures]));
      this.numBatchesTracked = new Buffer(zeros([], { dtype: "int32" }));
    }
  }

  /** Counts a batch, and says how far running statistics move towards its own. */
  protected countBatch(): number | Tensor {
    const counted = this.numBatchesTracked;
    if (counted instanceof StateTensor) noGrad(() => { counted.assign(counted.add(1)); });
    return this.momentum ?? counted?.astype("float32").reciprocal() ?? 0;
  }

  /** Throws ShapeError unless the input has numFeatures channels and one of these ranks. */
  protected requireInput(x: Tensor, ranks: readonly number[], channelAxis = 1): void {
    const rank = x.shape.length;
    if (ranks.includes(rank) && x.shape[channelAxis] === this.numFeatures) return;
    throw new ShapeError(
      `[${this.constructor.name}] input ${formatShape(x.shape)} must have rank ${ranks.join(" or ")} and ` +
        `${this.numFeatures} channels`,
    );
  }

  override describe(): string {
    const { numFeatures, eps, momentum } = this;
    return `${numFeatures}, eps: ${eps}, momentum: ${momentum}, affine: ${!!this.weight}, trackRunningStats: ${!!this.runningMean}`;
  }
}

abstract class BatchNorm extends RunningNorm {
  protected abstract readonly ranks: readonly number[];

  /** Throws ArgumentError for a number of features that is no whole number above 0. */
  constructor(numFeatures: number, options: RunningNormLayerOptions = {}) {
    super(numFeatures, options);
  }

  /** Throws ShapeError for another rank or number of channels, and in training for one value per channel. */
  forward(x: Tensor): Tensor {
    this.requireInput(x, this.ranks);
    const { training, runningMean, runningVar, weight, bias, eps } = this;
    const momentum = training ? this.countBatch() : 0;
    return batchNorm(x, runningMean, runningVar, weight, bias, { training, momentum, eps });
  }
}

/** Normalizes each channel of [N, C] or [N, C, L] over the batch, in evaluation with running statistics. Ioffe and Szegedy 2015. */
export class BatchNorm1d extends BatchNorm {
  protected readonly ranks = [2, 3];
}

/** Normalizes each channel of [N, C, H, W] over the batch, in evaluation with running statistics. Ioffe and Szegedy 2015. */
export class BatchNorm2d extends BatchNorm {
  protected readonly ranks = [4];
}

/** Normalizes each channel of [N, C, D, H, W] over the batch, in evaluation with running statistics. Ioffe and Szegedy 2015. */
export class BatchNorm3d extends BatchNorm {
  protected readonly ranks = [5];
}
