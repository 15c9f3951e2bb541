import type { Buffer, Parameter, Tensor } from "../tensor/index.js";
import { requireAtLeast } from "./domain.js";
import type { Group } from "./group.js";
import { Optimizer, type CommonSettings, type MakeScalar, type Optimized, type Optional } from "./optimizer.js";
import { counted, keep, penalized, valuesBeside } from "./update-rules.js";

export interface AdagradSettings extends CommonSettings {
  /** How fast the learning rate falls: it is lr / (1 + (t − 1)·lrDecay) in step t; 0 if not given. */
  readonly lrDecay: number;
  /** Factor on the L2 penalty whose gradient is added; 0 if not given. */
  readonly weightDecay: number;
  /** The sum of squares before the first step; 0 if not given. */
  readonly initialAccumulatorValue: number;
  /** Keeps the divisor from 0; 1e-10 if not given. */
  readonly eps: number;
}

type State = { readonly [name in "sum"]: Buffer };
type Common = { readonly [name in "step"]: Buffer };

/** Divides by the root of the sum of all squares: s ← s + g²; θ ← θ − lr·g / (√s + eps). Duchi et al. 2011. */
export class Adagrad extends Optimizer<AdagradSettings, State, Common, { readonly rate: Tensor }> {
  /** lr is 0.01 if not given. Throws ArgumentError for settings below 0. */
  constructor(
    params: Optimized<AdagradSettings>,
    {
      lr = 1e-2,
      lrDecay = 0,
      weightDecay = 0,
      initialAccumulatorValue = 0,
      eps = 1e-10,
      maximize = false,
    }: Optional<AdagradSettings & { lr: number }> = {},
  ) {
    super(params, lr, { lrDecay, weightDecay, initialAccumulatorValue, eps, maximize });
  }

  protected check({ lrDecay, weightDecay, initialAccumulatorValue, eps }: AdagradSettings): void {
    requireAtLeast("lrDecay", lrDecay, 0);
    requireAtLeast("weightDecay", weightDecay, 0);
    requireAtLeast("initialAccumulatorValue", initialAccumulatorValue, 0);
    requireAtLeast("eps", eps, 0);
  }

  protected createState(parameter: Parameter, { initialAccumulatorValue }: AdagradSettings): State {
    return { sum: valuesBeside(parameter, initialAccumulatorValue) };
  }

  protected createCommon(_: AdagradSettings, scalar: MakeScalar): Common {
    return { step: scalar(0) };
  }

  protected scalars({ settings, rate }: Group<AdagradSettings>, { step }: Common): { rate: Tensor } {
    const t = counted(step);
    return { rate: settings.lrDecay === 0 ? rate : rate.div(t.sub(1).mul(settings.lrDecay).add(1)) };
  }

  protected next(
    parameter: Parameter,
    gradient: Tensor,
    { sum }: State,
    { weightDecay, eps }: AdagradSettings,
    { rate }: { readonly rate: Tensor },
  ): Tensor {
    const g = penalized(gradient, parameter, weightDecay);
    const squares = keep(sum, sum.add(g.mul(g)));
    return parameter.sub(g.div(squares.sqrt().add(eps)).mul(rate));
  }
}
