import type { Buffer, Parameter, Tensor } from "../tensor/index.js";
import { ArgumentError } from "../core/errors.js";
import { requireAtLeast } from "./domain.js";
import type { Group } from "./group.js";
import { Optimizer, type CommonSettings, type Optimized, type Optional } from "./optimizer.js";
import { penalized, runningMean, valuesBeside } from "./update-rules.js";

export interface AdadeltaSettings extends CommonSettings {
  /** How much of the running means of squares is kept in a step; 0.9 if not given. */
  readonly rho: number;
  /** Keeps the roots from 0; 1e-6 if not given. */
  readonly eps: number;
  /** Factor on the L2 penalty whose gradient is added; 0 if not given. */
  readonly weightDecay: number;
}

type State = { readonly [name in "squareAvg" | "accDelta"]: Buffer };

/**
 * Steps as long as recent ones: v ← ρv + (1−ρ)g²; d = g·√(u + eps)/√(v + eps); u ← ρu + (1−ρ)d²; θ ← θ − lr·d.
 * Zeiler 2012.
 */
export class Adadelta extends Optimizer<AdadeltaSettings, State, Record<string, Buffer>, Tensor> {
  /** lr is 1 if not given. Throws ArgumentError for rho outside [0, 1] and other settings below 0. */
  constructor(
    params: Optimized<AdadeltaSettings>,
    { lr = 1, rho = 0.9, eps = 1e-6, weightDecay = 0, maximize = false }: Optional<
      AdadeltaSettings & { lr: number }
    > = {},
  ) {
    super(params, lr, { rho, eps, weightDecay, maximize });
  }

  protected check({ rho, eps, weightDecay }: AdadeltaSettings): void {
    if (!(rho >= 0 && rho <= 1)) throw new ArgumentError(`[optim] rho ${rho} must lie in [0, 1]`);
    requireAtLeast("eps", eps, 0);
    requireAtLeast("weightDecay", weightDecay, 0);
  }

  protected createState(parameter: Parameter): State {
    return { squareAvg: valuesBeside(parameter), accDelta: valuesBeside(parameter) };
  }

  protected createCommon(): Record<string, Buffer> {
    return {};
  }

  protected scalars({ rate }: Group<AdadeltaSettings>): Tensor {
    return rate;
  }

  protected next(
    parameter: Parameter,
    gradient: Tensor,
    { squareAvg, accDelta }: State,
    { rho, eps, weightDecay }: AdadeltaSettings,
    rate: Tensor,
  ): Tensor {
    const g = penalized(gradient, parameter, weightDecay);
    const squares = runningMean(squareAvg, g.mul(g), rho, 1 - rho);
    const delta = accDelta.add(eps).sqrt().div(squares.add(eps).sqrt()).mul(g);
    runningMean(accDelta, delta.mul(delta), rho, 1 - rho);
    return parameter.sub(delta.mul(rate));
  }
}
