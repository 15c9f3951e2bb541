import { ArgumentError } from "../core/errors.js";
import { where, type Buffer, type Parameter, type Tensor } from "../tensor/index.js";
import { requireAtLeast } from "./domain.js";
import type { Group } from "./group.js";
import {
  Optimizer,
  type CommonSettings,
  type MakeScalar,
  type Optimized,
  type Optional,
} from "./optimizer.js";
import { counted, keep, penalized, valuesBeside } from "./update-rules.js";

export interface SGDSettings extends CommonSettings {
  /** Share of the last step's direction that is kept; 0 if not given. Whether there is one is fixed, its size is not. */
  readonly momentum: number;
  /** Share of the gradient that momentum leaves out after the first step; 0 if not given. */
  readonly dampening: number;
  /** Factor on the L2 penalty whose gradient is added; 0 if not given. */
  readonly weightDecay: number;
  /** Looks ahead along the momentum; false if not given. */
  readonly nesterov: boolean;
}

/** Without momentum nothing is kept. */
type State = { readonly [name in "momentum"]?: Buffer };
/** Without dampening steps are not counted. */
type Common = { readonly [name in "step"]?: Buffer };

interface Scalars {
  readonly rate: Tensor;
  readonly kept: Tensor;
  /** The share of the gradient that is added; undefined for all of it. */
  readonly fresh: Tensor | undefined;
}

/**
 * Stochastic gradient descent: g ← g + weightDecay·θ; b ← momentum·b + (1 − dampening)·g, where the first b is g;
 * θ ← θ − lr·b, or θ − lr·(g + momentum·b) with Nesterov's momentum. Sutskever et al. 2013, in PyTorch's form.
 */
export class SGD extends Optimizer<SGDSettings, State, Common, Scalars> {
  /**
   * lr is 0.001 if not given. Throws ArgumentError for settings below 0, and for nesterov without momentum or with
   * dampening.
   */
  constructor(
    params: Optimized<SGDSettings>,
    {
      lr = 1e-3,
      momentum = 0,
      dampening = 0,
      weightDecay = 0,
      nesterov = false,
      maximize = false,
    }: Optional<SGDSettings & { lr: number }> = {},
  ) {
    super(params, lr, { momentum, dampening, weightDecay, nesterov, maximize });
  }

  protected check({ momentum, weightDecay, dampening, nesterov }: SGDSettings): void {
    requireAtLeast("momentum", momentum, 0);
    requireAtLeast("weightDecay", weightDecay, 0);
    if (nesterov && (momentum === 0 || dampening !== 0)) {
      throw new ArgumentError(
        `[SGD] nesterov needs momentum above 0 and no dampening, and got ${momentum} and ${dampening}`,
      );
    }
  }

  protected createState(parameter: Parameter, { momentum }: SGDSettings): State {
    return momentum === 0 ? {} : { momentum: valuesBeside(parameter) };
  }

  protected createCommon({ momentum, dampening }: SGDSettings, scalar: MakeScalar): Common {
    return momentum === 0 || dampening === 0 ? {} : { step: scalar(0) };
  }

  protected override momentumOf({ momentum }: SGDSettings): number | undefined {
    return momentum === 0 ? undefined : momentum;
  }

  protected scalars({ settings, rate, inertia }: Group<SGDSettings>, { step }: Common): Scalars {
    const fresh = step && where(step.eq(0), step.add(1), 1 - settings.dampening);
    if (step) counted(step);
    return { rate, kept: inertia.kept, fresh };
  }

  protected next(
    parameter: Parameter,
    gradient: Tensor,
    { momentum }: State,
    { weightDecay, nesterov }: SGDSettings,
    { rate, kept, fresh }: Scalars,
  ): Tensor {
    const g = penalized(gradient, parameter, weightDecay);
    if (!momentum) return parameter.sub(g.mul(rate));
    // The momentum begins as 0, so that with no dampening the first step needs no rule of its own.
    const b = keep(momentum, momentum.mul(kept).add(fresh ? g.mul(fresh) : g));
    return parameter.sub((nesterov ? g.add(b.mul(kept)) : b).mul(rate));
  }
}
