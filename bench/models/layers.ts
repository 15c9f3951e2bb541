import { Module } from "../../src/nn/index.js";
import { noGrad, ones, Parameter, randn, zeros, type Buffer, type Tensor } from "../../src/node.js";

const eps = 1e-5;

/** Batch normalization of [N, C, H, W] for each channel, with running statistics as PyTorch keeps them. */
export class BatchNorm2d extends Module<Tensor, Tensor> {
  readonly momentum = 0.1;
  weight: Parameter;
  bias: Parameter;
  runningMean: Buffer;
  runningVar: Buffer;

  constructor(channels: number) {
    super();
    this.weight = new Parameter(ones([channels]));
    this.bias = new Parameter(zeros([channels]));
    this.runningMean = this.registerBuffer("running_mean", zeros([channels]));
    this.runningVar = this.registerBuffer("running_var", ones([channels]));
  }

  forward(x: Tensor): Tensor {
    const perChannel = (t: Tensor): Tensor => t.reshape(1, -1, 1, 1);
    const [mean, variance] = this.training ? this.batchStatistics(x) : [this.runningMean, this.runningVar];
    const centered = x.sub(perChannel(mean));
    return centered.mul(perChannel(variance.add(eps).rsqrt().mul(this.weight))).add(perChannel(this.bias));
  }

  /** The batch's own mean and biased variance; the running ones move towards them, the variance unbiased. */
  private batchStatistics(x: Tensor): readonly [Tensor, Tensor] {
    const mean = x.mean([0, 2, 3]);
    const variance = x.variance([0, 2, 3], { correction: 0 });
    const count = x.size / (x.shape[1] ?? 1);
    noGrad(() => {
      const moved = (running: Tensor, batch: Tensor): Tensor => running.mul(1 - this.momentum).add(batch.mul(this.momentum));
      this.runningMean.assign(moved(this.runningMean, mean));
      this.runningVar.assign(moved(this.runningVar, variance.mul(count / (count - 1))));
    });
    return [mean, variance];
  }
}

/** Layer normalization over the last axis. */
export class LayerNorm extends Module<Tensor, Tensor> {
  weight: Parameter;
  bias: Parameter;

  constructor(features: number) {
    super();
    this.weight = new Parameter(ones([features]));
    this.bias = new Parameter(zeros([features]));
  }

  forward(x: Tensor): Tensor {
    return layerNorm(x, this.weight, this.bias);
  }
}

/** (x − mean) / √(variance + 1e-5) · weight + bias over the last axis. */
export function layerNorm(x: Tensor, weight: Tensor, bias: Tensor): Tensor {
  const centered = x.sub(x.mean(-1, { keepdims: true }));
  const variance = centered.square().mean(-1, { keepdims: true });
  return centered.mul(variance.add(eps).rsqrt()).mul(weight).add(bias);
}

/** A learned vector for each of `count` ids. */
export class Embedding extends Module<Tensor, Tensor> {
  weight: Parameter;

  constructor(count: number, features: number) {
    super();
    this.weight = new Parameter(randn([count, features]));
  }

  /** Ids of any shape to that shape and one more axis of features. */
  forward(ids: Tensor): Tensor {
    return this.weight.at(ids);
  }
}
