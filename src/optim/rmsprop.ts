import type { Buffer, Parameter, Tensor } from "../tensor/index.js";
import { requireAtLeast } from "./domain.js";
import type { Group } from "./group.js";
import { Optimizer, type CommonSettings, type Optimized, type Optional } from "./optimizer.js";
import { keep, penalized, runningMean, valuesBeside } from "./update-rules.js";

export interface RMSpropSettings extends CommonSettings {
  /** How much of the running mean of squares is kept in a step; 0.99 if not given. */
  readonly alpha: number;
  /** Keeps the divisor from 0; 1e-8 if not given. */
  readonly eps: number;
  /** Factor on the L2 penalty whose gradient is added; 0 if not given. */
  readonly weightDecay: number;
  /** Share of the last step's direction that is kept; 0 if not given. Whether there is one is fixed, its size is not. */
  readonly momentum: number;
  /** Divides by the deviation: the square of the running mean is taken off the mean of squares; false if not given. */
  readonly centered: boolean;
}

type State = { readonly [name in "squareAvg"]: Buffer } & { readonly [name in "gradAvg" | "momentum"]?: Buffer };

interface Scalars {
  readonly rate: Tensor;
  readonly kept: Tensor;
}

/**
 * Divides by the root of the running mean of squares: v ← αv + (1−α)g²; d = g / (√v + eps); b ← momentum·b + d;
 * θ ← θ − lr·b. Hinton 2012; centered: Graves 2013; in PyTorch's form.
 */
export class RMSprop extends Optimizer<RMSpropSettings, State, Record<string, Buffer>, Scalars> {
  /** lr is 0.01 if not given. Throws ArgumentError for settings below 0. */
  constructor(
    params: Optimized<RMSpropSettings>,
    {
      lr = 1e-2,
      alpha = 0.99,
      eps = 1e-8,
      weightDecay = 0,
      momentum = 0,
      centered = false,
      maximize = false,
    }: Optional<RMSpropSettings & { lr: number }> = {},
  ) {
    super(params, lr, { alpha, eps, weightDecay, momentum, centered, maximize });
  }

  protected check({ alpha, eps, weightDecay, momentum }: RMSpropSettings): void {
    requireAtLeast("alpha", alpha, 0);
    requireAtLeast("eps", eps, 0);
    requireAtLeast("weightDecay", weightDecay, 0);
    requireAtLeast("momentum", momentum, 0);
  }

  protected createState(parameter: Parameter, { momentum, centered }: RMSpropSettings): State {
    return {
      squareAvg: valuesBeside(parameter),
      ...(centered && { gradAvg: valuesBeside(parameter) }),
      ...(momentum > 0 && { momentum: valuesBeside(parameter) }),
    };
  }

  protected createCommon(): Record<string, Buffer> {
    return {};
  }

  protected override momentumOf({ momentum }: RMSpropSettings): number | undefined {
    return momentum === 0 ? undefined : momentum;
  }

  protected scalars({ rate, inertia }: Group<RMSpropSettings>): Scalars {
    return { rate, kept: inertia.kept };
  }

  protected next(
    parameter: Parameter,
    gradient: Tensor,
    { squareAvg, gradAvg, momentum }: State,
    { alpha, eps, weightDecay }: RMSpropSettings,
    { rate, kept }: Scalars,
  ): Tensor {
    const g = penalized(gradient, parameter, weightDecay);
    let spread = runningMean(squareAvg, g.mul(g), alpha, 1 - alpha);
    if (gradAvg) {
      const mean = runningMean(gradAvg, g, alpha, 1 - alpha);
      // Rounding may leave a variance just below 0.
      spread = spread.sub(mean.mul(mean)).maximum(0);
    }
    const direction = g.div(spread.sqrt().add(eps));
    return parameter.sub((momentum ? keep(momentum, momentum.mul(kept).add(direction)) : direction).mul(rate));
  }
}
