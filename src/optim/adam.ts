import { ArgumentError } from "../core/errors.js";
import type { Buffer, Parameter, Tensor } from "../tensor/index.js";
import {
  countBeside,
  Optimizer,
  requireAtLeast,
  zerosBeside,
  type Group,
  type Optimized,
  type Optional,
} from "./optimizer.js";

export interface AdamSettings {
  /** How much of the running means of the gradient and of its square is kept in a step; [0.9, 0.999] if not given. */
  readonly betas: readonly [number, number];
  /** Keeps the divisor from 0; 1e-8 if not given. */
  readonly eps: number;
  /**
   * Adam: factor on the L2 penalty whose gradient is added, 0 if not given. AdamW: share that lr takes off, 0.01 if not
   * given.
   */
  readonly weightDecay: number;
}

export type AdamOptions = Optional<AdamSettings & { readonly lr: number }>;

type State = { readonly [name in "step" | "expAvg" | "expAvgSq"]: Buffer };

/**
 * What Adam and AdamW share: m ← β₁m + (1−β₁)g; v ← β₂v + (1−β₂)g²; θ ← θ − lr·m̂ / (√v̂ + eps) with m̂ = m/(1−β₁ᵗ), v̂
 * = v/(1−β₂ᵗ).
 */
abstract class AdaptiveMoments extends Optimizer<AdamSettings, State> {
  protected check({ betas, eps, weightDecay }: AdamSettings): void {
    for (const beta of betas)
      if (!(beta >= 0 && beta < 1))
        throw new ArgumentError(`[optim] betas ${JSON.stringify(betas)} must lie in [0, 1)`);
    requireAtLeast("eps", eps, 0);
    requireAtLeast("weightDecay", weightDecay, 0);
  }

  protected createState(parameter: Parameter): State {
    return { step: countBeside(parameter), expAvg: zerosBeside(parameter), expAvgSq: zerosBeside(parameter) };
  }

  /** The parameter after a step from `theta` along the gradient `g`. */
  protected stepFrom(theta: Tensor, g: Tensor, state: State, { settings, rate }: Group<AdamSettings, State>): Tensor {
    const { betas, eps } = settings;
    const [beta1, beta2] = betas;
    const t = state.step.add(1);
    const m = state.expAvg.mul(beta1).add(g.mul(1 - beta1));
    const v = state.expAvgSq.mul(beta2).add(g.mul(g).mul(1 - beta2));
    state.step.assign(t);
    state.expAvg.assign(m);
    state.expAvgSq.assign(v);
    const stepSize = rate.div(oneMinusPower(beta1, t));
    const divisor = v.sqrt().div(oneMinusPower(beta2, t).sqrt()).add(eps);
    return theta.sub(m.div(divisor).mul(stepSize));
  }
}

/** 1 − betaᵗ, exact where betaᵗ is near 1. */
function oneMinusPower(beta: number, t: Tensor): Tensor {
  return t.mul(Math.log(beta)).expm1().neg();
}

/** Adam with an L2 penalty in the gradient: g ← g + weightDecay·θ. Kingma and Ba 2014, in PyTorch's form. */
export class Adam extends AdaptiveMoments {
  /** lr is 0.001 if not given. Throws ArgumentError for betas outside [0, 1) and other settings below 0. */
  constructor(
    params: Optimized<AdamSettings>,
    { lr = 1e-3, betas = [0.9, 0.999], eps = 1e-8, weightDecay = 0 }: AdamOptions = {},
  ) {
    super(params, lr, { betas, eps, weightDecay });
  }

  protected next(parameter: Parameter, gradient: Tensor, state: State, group: Group<AdamSettings, State>): Tensor {
    const { weightDecay } = group.settings;
    const g = weightDecay === 0 ? gradient : gradient.add(parameter.mul(weightDecay));
    return this.stepFrom(parameter, g, state, group);
  }
}

/**
 * Adam with weight decay apart from the gradient: θ ← θ·(1 − lr·weightDecay) before each step. Loshchilov and Hutter
 * 2017.
 */
export class AdamW extends AdaptiveMoments {
  /** lr is 0.001 if not given. Throws ArgumentError for betas outside [0, 1) and other settings below 0. */
  constructor(
    params: Optimized<AdamSettings>,
    { lr = 1e-3, betas = [0.9, 0.999], eps = 1e-8, weightDecay = 0.01 }: AdamOptions = {},
  ) {
    super(params, lr, { betas, eps, weightDecay });
  }

  protected next(parameter: Parameter, gradient: Tensor, state: State, group: Group<AdamSettings, State>): Tensor {
    const { weightDecay } = group.settings;
    const decayed = weightDecay === 0 ? parameter : parameter.mul(group.rate.mul(-weightDecay).add(1));
    return this.stepFrom(decayed, gradient, state, group);
  }
}
