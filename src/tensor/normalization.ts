import { ShapeError } from "../core/errors.js";
import { formatShape } from "../core/shape.js";
import * as c from "./composite/normalization.js";
import { toFloat } from "./composite/operands.js";
import { lifted } from "./lift.js";
import { StateTensor } from "./parameter.js";
import { Tensor } from "./tensor.js";
import { noGrad } from "./transforms.js";

/** (x − mean) / √(variance + eps) · weight + bias over the last axes, which `shape` names. Ba et al. 2016. Throws ShapeError. */
export const layerNorm = lifted("layerNorm", c.layerNorm);
/** x / √(mean(x²) + eps) · weight over the last axes, which `shape` names. Zhang and Sennrich 2019. Throws ShapeError. */
export const rmsNorm = lifted("rmsNorm", c.rmsNorm);
/** x [N, C, …] normalized over runs of channels of each example. Wu and He 2018. Throws ShapeError, ArgumentError. */
export const groupNorm = lifted("groupNorm", c.groupNorm);
/** x / (k + alpha/size · Σ x² of neighbouring channels)^beta. Krizhevsky et al. 2012. Throws ShapeError, ArgumentError. */
export const localResponseNorm = lifted("localResponseNorm", c.localResponseNorm);

export interface RunningNormOptions extends c.NormalizationOptions {
  /** How far running statistics move towards those of a batch: a number, or a scalar; 0.1 if not given. */
  readonly momentum?: number | Tensor | undefined;
}

export interface BatchNormOptions extends RunningNormOptions {
  /** Use the batch's own statistics, and move the running ones towards them; false if not given. */
  readonly training?: boolean | undefined;
}

export interface InstanceNormOptions extends RunningNormOptions {
  /** Use each example's own statistics, and move the running ones towards them; true if not given. */
  readonly useInputStats?: boolean | undefined;
}

/** running + momentum · (seen − running) for running statistics that are state; the variance seen is the unbiased one. */
function move(
  running: c.Statistics<Tensor | undefined>,
  seen: c.Statistics<Tensor>,
  momentum: number | Tensor,
  count: number,
): void {
  noGrad(() => {
    const moved = (old: Tensor, value: Tensor): Tensor =>
      typeof momentum === "number"
        ? old.mul(1 - momentum).add(value.mul(momentum))
        : old.add(value.sub(old).mul(momentum));
    if (running.mean instanceof StateTensor) running.mean.assign(moved(running.mean, seen.mean));
    if (running.variance instanceof StateTensor)
      running.variance.assign(moved(running.variance, seen.variance.mul(count / (count - 1))));
  });
}

function channelsOf(op: string, x: Tensor): Tensor {
  if (x.shape.length < 2) throw new ShapeError(`[${op}] input ${formatShape(x.shape)} must be [N, C, …]`);
  return new Tensor(toFloat(x.valueFor(op)));
}

function normalized(
  op: string,
  x: Tensor,
  { mean, variance }: c.Statistics<Tensor>,
  weight: Tensor | undefined,
  bias: Tensor | undefined,
  eps: number | undefined,
): Tensor {
  const statistics = { mean: mean.valueFor(op), variance: variance.valueFor(op) };
  return new Tensor(c.normalizeChannels(x.valueFor(op), statistics, weight?.valueFor(op), bias?.valueFor(op), { eps }));
}

function statisticsOf(op: string, x: Tensor, of: typeof c.batchStatistics): c.Statistics<Tensor> {
  const { mean, variance } = of(x.valueFor(op));
  return { mean: new Tensor(mean), variance: new Tensor(variance) };
}

/**
 * (x − mean) / √(variance + eps) · weight + bias for each channel of x [N, C, …]: with the statistics of the batch in
 * training or where none are running, else with the running ones. In training, running statistics that are buffers move:
 * running · (1 − momentum) + batch · momentum, the variance unbiased. Ioffe and Szegedy 2015. Throws ShapeError, also in
 * training for one value per channel.
 */
export function batchNorm(
  x: Tensor,
  runningMean?: Tensor,
  runningVar?: Tensor,
  weight?: Tensor,
  bias?: Tensor,
  { training = false, momentum = 0.1, eps }: BatchNormOptions = {},
): Tensor {
  const op = "batchNorm";
  const input = channelsOf(op, x);
  if (!training && runningMean && runningVar)
    return normalized(op, input, { mean: runningMean, variance: runningVar }, weight, bias, eps);
  const count = input.size / (input.shape[1] ?? 1);
  if (training && count === 1) {
    throw new ShapeError(
      `[batchNorm] input ${formatShape(x.shape)} has one value per channel, which has no variance: give more examples, or ` +
        "evaluate with eval()",
    );
  }
  const seen = statisticsOf(op, input, c.batchStatistics);
  if (training) move({ mean: runningMean, variance: runningVar }, seen, momentum, count);
  return normalized(op, input, seen, weight, bias, eps);
}

/**
 * (x − mean) / √(variance + eps) · weight + bias for each channel of each example of x [N, C, …]. Running statistics, if
 * given, move towards the mean of the examples', and take their place with `useInputStats: false`. Ulyanov et al. 2016.
 * Throws ShapeError, also where a channel of an example has one value.
 */
export function instanceNorm(
  x: Tensor,
  runningMean?: Tensor,
  runningVar?: Tensor,
  weight?: Tensor,
  bias?: Tensor,
  { useInputStats = true, momentum = 0.1, eps }: InstanceNormOptions = {},
): Tensor {
  const op = "instanceNorm";
  const input = channelsOf(op, x);
  if (!useInputStats && runningMean && runningVar)
    return normalized(op, input, { mean: runningMean, variance: runningVar }, weight, bias, eps);
  const count = input.shape.slice(2).reduce((product, size) => product * size, 1);
  if (count === 1)
    throw new ShapeError(`[instanceNorm] input ${formatShape(x.shape)} has one value per channel, which has no variance`);
  const seen = statisticsOf(op, input, c.instanceStatistics);
  const average = { mean: seen.mean.mean(0), variance: seen.variance.mean(0) };
  if (runningMean || runningVar) move({ mean: runningMean, variance: runningVar }, average, momentum, count);
  return normalized(op, input, seen, weight, bias, eps);
}
