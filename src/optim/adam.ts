import type { Buffer, Parameter, Tensor } from "../tensor/index.js";
import { requireAtLeast, requireShare } from "./domain.js";
import type { Group } from "./group.js";
import {
  Optimizer,
  type CommonSettings,
  type MakeScalar,
  type Optimized,
  type Optional,
} from "./optimizer.js";
import { counted, keep, oneMinusPower, penalized, runningMean, unbiasedRate, valuesBeside } from "./update-rules.js";

/** Settings of the optimizers that keep running means of the gradient and of a measure of its size. */
export interface MomentSettings extends CommonSettings {
  /**
   * How much of the running means of the gradient and of its size is kept in a step; [0.9, 0.999] if not given. A schedule
   * may change the first.
   */
  readonly betas: readonly [number, number];
  /** Keeps the divisor from 0; 1e-8 if not given. */
  readonly eps: number;
  /**
   * Factor on the L2 penalty whose gradient is added, 0 if not given. AdamW: share that lr takes off, 0.01 if not given.
   */
  readonly weightDecay: number;
}

export interface AdamSettings extends MomentSettings {
  /** Divides by the largest running mean of squares so far (Reddi et al. 2018); false if not given. */
  readonly amsgrad: boolean;
}

/** Options of `Adamax` and `RAdam`. */
export type MomentOptions = Optional<MomentSettings & { readonly lr: number }>;
/** Options of `Adam` and `AdamW`. */
export type AdamOptions = Optional<AdamSettings & { readonly lr: number }>;

export type Steps = { readonly [name in "step"]: Buffer };
export type Moments = { readonly [name in "expAvg" | "expAvgSq"]: Buffer };

/** What optimizers with running means of the gradient and of its size share. */
export abstract class MomentOptimizer<
  Settings extends MomentSettings,
  State extends { readonly [name: string]: Buffer },
  Scalars,
  Common extends Steps = Steps,
> extends Optimizer<Settings, State, Common, Scalars> {
  protected check({ betas, eps, weightDecay }: Settings): void {
    for (const beta of betas) requireShare("beta", beta);
    requireAtLeast("eps", eps, 0);
    requireAtLeast("weightDecay", weightDecay, 0);
  }

  protected override momentumOf({ betas }: Settings): number {
    return betas[0];
  }
}

type State = Moments & { readonly [name in "maxExpAvgSq"]?: Buffer };

interface Scalars {
  readonly kept: Tensor;
  readonly fresh: Tensor;
  /** lr / (1 − β₁ᵗ). */
  readonly stepSize: Tensor;
  /** √(1 − β₂ᵗ). */
  readonly scale: Tensor;
  /** 1 − lr·weightDecay. */
  readonly shrink: Tensor;
}

/**
 * What Adam and AdamW share: m ← β₁m + (1−β₁)g; v ← β₂v + (1−β₂)g²; θ ← θ − lr·m̂ / (√v̂ + eps) with m̂ = m/(1−β₁ᵗ), v̂
 * = v/(1−β₂ᵗ).
 */
abstract class AdaptiveMoments extends MomentOptimizer<AdamSettings, State, Scalars> {
  protected createState(parameter: Parameter, { amsgrad }: AdamSettings): State {
    const state = { expAvg: valuesBeside(parameter), expAvgSq: valuesBeside(parameter) };
    return amsgrad ? { ...state, maxExpAvgSq: valuesBeside(parameter) } : state;
  }

  protected createCommon(_: AdamSettings, scalar: MakeScalar): Steps {
    return { step: scalar(0) };
  }

  protected scalars({ settings, rate, inertia }: Group<AdamSettings>, { step }: Steps): Scalars {
    const t = counted(step);
    return {
      ...inertia,
      stepSize: unbiasedRate(rate, inertia.fresh, t),
      scale: oneMinusPower(Math.log(settings.betas[1]), t).sqrt(),
      shrink: rate.mul(-settings.weightDecay).add(1),
    };
  }

  /** The parameter after a step from `theta` along the gradient `g`. */
  protected stepFrom(theta: Tensor, g: Tensor, state: State, { betas, eps }: AdamSettings, by: Scalars): Tensor {
    const m = runningMean(state.expAvg, g, by.kept, by.fresh);
    let v = runningMean(state.expAvgSq, g.mul(g), betas[1], 1 - betas[1]);
    if (state.maxExpAvgSq) v = keep(state.maxExpAvgSq, state.maxExpAvgSq.maximum(v));
    return theta.sub(m.div(v.sqrt().div(by.scale).add(eps)).mul(by.stepSize));
  }
}

/** Adam with an L2 penalty in the gradient: g ← g + weightDecay·θ. Kingma and Ba 2014, in PyTorch's form. */
export class Adam extends AdaptiveMoments {
  /** lr is 0.001 if not given. Throws ArgumentError for betas outside [0, 1) and other settings below 0. */
  constructor(
    params: Optimized<AdamSettings>,
    {
      lr = 1e-3,
      betas = [0.9, 0.999],
      eps = 1e-8,
      weightDecay = 0,
      amsgrad = false,
      maximize = false,
    }: AdamOptions = {},
  ) {
    super(params, lr, { betas, eps, weightDecay, amsgrad, maximize });
  }

  protected next(parameter: Parameter, gradient: Tensor, state: State, settings: AdamSettings, by: Scalars): Tensor {
    return this.stepFrom(parameter, penalized(gradient, parameter, settings.weightDecay), state, settings, by);
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
    {
      lr = 1e-3,
      betas = [0.9, 0.999],
      eps = 1e-8,
      weightDecay = 0.01,
      amsgrad = false,
      maximize = false,
    }: AdamOptions = {},
  ) {
    super(params, lr, { betas, eps, weightDecay, amsgrad, maximize });
  }

  protected next(parameter: Parameter, gradient: Tensor, state: State, settings: AdamSettings, by: Scalars): Tensor {
    const decayed = settings.weightDecay === 0 ? parameter : parameter.mul(by.shrink);
    return this.stepFrom(decayed, gradient, state, settings, by);
  }
}
