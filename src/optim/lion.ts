import type { Buffer, Parameter, Tensor } from "../tensor/index.js";
import { requireAtLeast, requireShare } from "./domain.js";
import type { Group } from "./group.js";
import { Optimizer, type CommonSettings, type Optimized, type Optional } from "./optimizer.js";
import { runningMean, valuesBeside } from "./update-rules.js";

export interface LionSettings extends CommonSettings {
  /**
   * How much of the running mean counts in the direction of a step, and how much of it is kept; [0.9, 0.99] if not given. A
   * schedule may change the first.
   */
  readonly betas: readonly [number, number];
  /** Share of the parameters that lr takes off, apart from the gradient; 0 if not given. */
  readonly weightDecay: number;
}

type State = { readonly [name in "expAvg"]: Buffer };

interface Scalars {
  readonly kept: Tensor;
  readonly fresh: Tensor;
  readonly rate: Tensor;
  /** 1 − lr·weightDecay. */
  readonly shrink: Tensor;
}

/**
 * Steps of one size in each direction: θ ← θ − lr·(sign(β₁m + (1−β₁)g) + weightDecay·θ); m ← β₂m + (1−β₂)g. Chen et al.
 * 2023, "Symbolic Discovery of Optimization Algorithms", algorithm 2.
 */
export class Lion extends Optimizer<LionSettings, State, Record<string, Buffer>, Scalars> {
  /** lr is 0.0001 if not given. Throws ArgumentError for betas outside [0, 1) and other settings below 0. */
  constructor(
    params: Optimized<LionSettings>,
    { lr = 1e-4, betas = [0.9, 0.99], weightDecay = 0, maximize = false }: Optional<
      LionSettings & { lr: number }
    > = {},
  ) {
    super(params, lr, { betas, weightDecay, maximize });
  }

  protected check({ betas, weightDecay }: LionSettings): void {
    for (const beta of betas) requireShare("beta", beta);
    requireAtLeast("weightDecay", weightDecay, 0);
  }

  protected createState(parameter: Parameter): State {
    return { expAvg: valuesBeside(parameter) };
  }

  protected createCommon(): Record<string, Buffer> {
    return {};
  }

  protected override momentumOf({ betas }: LionSettings): number {
    return betas[0];
  }

  protected scalars({ settings, rate, inertia }: Group<LionSettings>): Scalars {
    return { ...inertia, rate, shrink: rate.mul(-settings.weightDecay).add(1) };
  }

  protected next(
    parameter: Parameter,
    gradient: Tensor,
    { expAvg }: State,
    { betas, weightDecay }: LionSettings,
    { kept, fresh, rate, shrink }: Scalars,
  ): Tensor {
    const direction = expAvg.mul(kept).add(gradient.mul(fresh)).sign();
    runningMean(expAvg, gradient, betas[1], 1 - betas[1]);
    return (weightDecay === 0 ? parameter : parameter.mul(shrink)).sub(direction.mul(rate));
  }
}
