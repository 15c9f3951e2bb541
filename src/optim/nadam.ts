import type { Buffer, Parameter, Tensor } from "../tensor/index.js";
import { MomentOptimizer, type MomentSettings, type Moments } from "./adam.js";
import { requireAtLeast } from "./domain.js";
import type { Group } from "./group.js";
import type { MakeScalar, Optimized, Optional } from "./optimizer.js";
import { counted, keep, oneMinusPower, penalized, runningMean, valuesBeside } from "./update-rules.js";

export interface NAdamSettings extends MomentSettings {
  /** How fast the momentum grows towards the first beta; 0.004 if not given. */
  readonly momentumDecay: number;
}

type Common = { readonly [name in "step" | "muProduct"]: Buffer };

interface Scalars {
  readonly kept: Tensor;
  readonly fresh: Tensor;
  /** √(1 − β₂ᵗ). */
  readonly scale: Tensor;
  /** The rates of the gradient and of its running mean. */
  readonly gradientRate: Tensor;
  readonly meanRate: Tensor;
}

/**
 * Adam with Nesterov's momentum: μₜ = β₁·(1 − ½·0.96^(t·momentumDecay)); m and v as Adam's, v̂ = v/(1−β₂ᵗ);
 * θ ← θ − lr·[(1−μₜ)·g/(1−∏ᵢ₌₁ᵗμᵢ) + μₜ₊₁·m/(1−∏ᵢ₌₁ᵗ⁺¹μᵢ)] / (√v̂ + eps). Dozat 2016, in PyTorch's form.
 */
export class NAdam extends MomentOptimizer<NAdamSettings, Moments, Scalars, Common> {
  /** lr is 0.002 if not given. Throws ArgumentError for betas outside [0, 1) and other settings below 0. */
  constructor(
    params: Optimized<NAdamSettings>,
    {
      lr = 2e-3,
      betas = [0.9, 0.999],
      eps = 1e-8,
      weightDecay = 0,
      momentumDecay = 4e-3,
      maximize = false,
    }: Optional<NAdamSettings & { lr: number }> = {},
  ) {
    super(params, lr, { betas, eps, weightDecay, momentumDecay, maximize });
  }

  protected override check(settings: NAdamSettings): void {
    super.check(settings);
    requireAtLeast("momentumDecay", settings.momentumDecay, 0);
  }

  protected createState(parameter: Parameter): Moments {
    return { expAvg: valuesBeside(parameter), expAvgSq: valuesBeside(parameter) };
  }

  protected createCommon(_: NAdamSettings, scalar: MakeScalar): Common {
    return { step: scalar(0), muProduct: scalar(1) };
  }

  protected scalars({ settings, rate, inertia }: Group<NAdamSettings>, { step, muProduct }: Common): Scalars {
    const t = counted(step);
    const decay = settings.momentumDecay * Math.log(0.96);
    const muAt = (time: Tensor): Tensor => time.mul(decay).exp().mul(-0.5).add(1).mul(inertia.kept);
    const mu = muAt(t);
    const next = muAt(t.add(1));
    const product = keep(muProduct, muProduct.mul(mu));
    return {
      ...inertia,
      scale: oneMinusPower(Math.log(settings.betas[1]), t).sqrt(),
      gradientRate: rate.mul(mu.neg().add(1)).div(product.neg().add(1)),
      meanRate: rate.mul(next).div(product.mul(next).neg().add(1)),
    };
  }

  protected next(
    parameter: Parameter,
    gradient: Tensor,
    { expAvg, expAvgSq }: Moments,
    { betas, eps, weightDecay }: NAdamSettings,
    { kept, fresh, scale, gradientRate, meanRate }: Scalars,
  ): Tensor {
    const g = penalized(gradient, parameter, weightDecay);
    const m = runningMean(expAvg, g, kept, fresh);
    const v = runningMean(expAvgSq, g.mul(g), betas[1], 1 - betas[1]);
    return parameter.sub(g.mul(gradientRate).add(m.mul(meanRate)).div(v.sqrt().div(scale).add(eps)));
  }
}
