import type { Buffer, Parameter, Tensor } from "../tensor/index.js";
import { MomentOptimizer, type MomentOptions, type MomentSettings, type Steps } from "./adam.js";
import type { Group } from "./group.js";
import type { MakeScalar, Optimized } from "./optimizer.js";
import { counted, keep, penalized, runningMean, unbiasedRate, valuesBeside } from "./update-rules.js";

type State = { readonly [name in "expAvg" | "expInf"]: Buffer };

interface Scalars {
  readonly kept: Tensor;
  readonly fresh: Tensor;
  /** lr / (1 − β₁ᵗ). */
  readonly stepSize: Tensor;
}

/**
 * Adam with the largest recent gradient as divisor: m ← β₁m + (1−β₁)g; u ← max(β₂u, |g| + eps);
 * θ ← θ − lr/(1−β₁ᵗ)·m/u. Kingma and Ba 2014, in PyTorch's form.
 */
export class Adamax extends MomentOptimizer<MomentSettings, State, Scalars> {
  /** lr is 0.002 if not given. Throws ArgumentError for betas outside [0, 1) and other settings below 0. */
  constructor(
    params: Optimized<MomentSettings>,
    { lr = 2e-3, betas = [0.9, 0.999], eps = 1e-8, weightDecay = 0, maximize = false }: MomentOptions = {},
  ) {
    super(params, lr, { betas, eps, weightDecay, maximize });
  }

  protected createState(parameter: Parameter): State {
    return { expAvg: valuesBeside(parameter), expInf: valuesBeside(parameter) };
  }

  protected createCommon(_: MomentSettings, scalar: MakeScalar): Steps {
    return { step: scalar(0) };
  }

  protected scalars({ rate, inertia }: Group<MomentSettings>, { step }: Steps): Scalars {
    const t = counted(step);
    return { ...inertia, stepSize: unbiasedRate(rate, inertia.fresh, t) };
  }

  protected next(
    parameter: Parameter,
    gradient: Tensor,
    { expAvg, expInf }: State,
    { betas, eps, weightDecay }: MomentSettings,
    { kept, fresh, stepSize }: Scalars,
  ): Tensor {
    const g = penalized(gradient, parameter, weightDecay);
    const m = runningMean(expAvg, g, kept, fresh);
    const u = keep(expInf, expInf.mul(betas[1]).maximum(g.abs().add(eps)));
    return parameter.sub(m.div(u).mul(stepSize));
  }
}
