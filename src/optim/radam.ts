import { where, type Parameter, type Tensor } from "../tensor/index.js";
import { MomentOptimizer, type MomentOptions, type MomentSettings, type Moments, type Steps } from "./adam.js";
import type { Group } from "./group.js";
import type { MakeScalar, Optimized } from "./optimizer.js";
import { counted, oneMinusPower, penalized, runningMean, unbiasedRate, valuesBeside } from "./update-rules.js";

interface Scalars {
  readonly kept: Tensor;
  readonly fresh: Tensor;
  /** Whether the variance can be trusted. */
  readonly isRectified: Tensor;
  /** lr / (1 − β₁ᵗ). */
  readonly stepSize: Tensor;
  /** The step size times the rectification and √(1 − β₂ᵗ). */
  readonly rectifiedSize: Tensor;
}

/**
 * Adam that waits for its variance: with ρ∞ = 2/(1−β₂) − 1 and ρₜ = ρ∞ − 2tβ₂ᵗ/(1−β₂ᵗ), steps with ρₜ ≤ 5 go along m̂, later
 * ones along m̂·√(1−β₂ᵗ)/(√v + eps)·√((ρₜ−4)(ρₜ−2)ρ∞ / ((ρ∞−4)(ρ∞−2)ρₜ)). Liu et al. 2019, in PyTorch's form.
 */
export class RAdam extends MomentOptimizer<MomentSettings, Moments, Scalars> {
  /** lr is 0.001 if not given. Throws ArgumentError for betas outside [0, 1) and other settings below 0. */
  constructor(
    params: Optimized<MomentSettings>,
    { lr = 1e-3, betas = [0.9, 0.999], eps = 1e-8, weightDecay = 0, maximize = false }: MomentOptions = {},
  ) {
    super(params, lr, { betas, eps, weightDecay, maximize });
  }

  protected createState(parameter: Parameter): Moments {
    return { expAvg: valuesBeside(parameter), expAvgSq: valuesBeside(parameter) };
  }

  protected createCommon(_: MomentSettings, scalar: MakeScalar): Steps {
    return { step: scalar(0) };
  }

  protected scalars({ settings, rate, inertia }: Group<MomentSettings>, { step }: Steps): Scalars {
    const beta2 = settings.betas[1];
    const most = 2 / (1 - beta2) - 1;
    const t = counted(step);
    const length = averagedLength(beta2, t);
    const stepSize = unbiasedRate(rate, inertia.fresh, t);
    // Where the length is below 4 the root would have no value, and is not used.
    const rectification = length
      .sub(4)
      .mul(length.sub(2))
      .div(length)
      .mul(most / ((most - 4) * (most - 2)))
      .maximum(0)
      .sqrt();
    return {
      ...inertia,
      isRectified: length.gt(5),
      stepSize,
      rectifiedSize: stepSize.mul(oneMinusPower(Math.log(beta2), t).sqrt()).mul(rectification),
    };
  }

  protected next(
    parameter: Parameter,
    gradient: Tensor,
    { expAvg, expAvgSq }: Moments,
    { betas, eps, weightDecay }: MomentSettings,
    { kept, fresh, isRectified, stepSize, rectifiedSize }: Scalars,
  ): Tensor {
    const g = penalized(gradient, parameter, weightDecay);
    const m = runningMean(expAvg, g, kept, fresh);
    const v = runningMean(expAvgSq, g.mul(g), betas[1], 1 - betas[1]);
    return parameter.sub(where(isRectified, m.div(v.sqrt().add(eps)).mul(rectifiedSize), m.mul(stepSize)));
  }
}

/**
 * ρₜ = ρ∞ − 2t/(e^x − 1) with x = −t·log β₂. Both terms are near 2/(1−β₂) in the first steps; with the series of
 * x/(e^x − 1) = 1 − x/2 + x²/12 − x⁴/720 + … their difference keeps its digits in float32.
 */
function averagedLength(beta2: number, t: Tensor): Tensor {
  const rate = -Math.log(beta2);
  const most = 2 / (1 - beta2) - 1;
  const x = t.mul(rate);
  const square = x.mul(x).minimum(1);
  const series = square.mul(-1 / 100800).add(1 / 2520).mul(square).sub(1 / 60).mul(square).add(1);
  const early = t.mul(x.mul(series).mul(-1 / 6).add(1)).add(most - 2 / rate);
  const late = t.mul(-2).div(x.expm1()).add(most);
  return where(x.lt(1), early, late);
}
