import { ArgumentError } from "../core/errors.js";
import { where, type Buffer, type Parameter, type Tensor } from "../tensor/index.js";
import {
  countBeside,
  Optimizer,
  requireAtLeast,
  zerosBeside,
  type Group,
  type Optimized,
  type Optional,
} from "./optimizer.js";

export interface SGDSettings {
  /** Share of the last step's direction that is kept; 0 if not given. */
  readonly momentum: number;
  /** Share of the gradient that momentum leaves out after the first step; 0 if not given. */
  readonly dampening: number;
  /** Factor on the L2 penalty whose gradient is added; 0 if not given. */
  readonly weightDecay: number;
  /** Looks ahead along the momentum; false if not given. */
  readonly nesterov: boolean;
}

/** Without momentum nothing is kept, without dampening no count. */
type State = { readonly [name in "momentum" | "steps"]?: Buffer };

/**
 * Stochastic gradient descent: g ← g + weightDecay·θ; b ← momentum·b + (1 − dampening)·g, where the first b is g;
 * θ ← θ − lr·b, or θ − lr·(g + momentum·b) with Nesterov's momentum. Sutskever et al. 2013, in PyTorch's form.
 */
export class SGD extends Optimizer<SGDSettings, State> {
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
    }: Optional<SGDSettings & { lr: number }> = {},
  ) {
    super(params, lr, { momentum, dampening, weightDecay, nesterov });
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

  protected createState(parameter: Parameter, { momentum, dampening }: SGDSettings): State {
    if (momentum === 0) return {};
    const state = { momentum: zerosBeside(parameter) };
    return dampening === 0 ? state : { ...state, steps: countBeside(parameter) };
  }

  protected next(
    parameter: Parameter,
    gradient: Tensor,
    state: State,
    { settings, rate }: Group<SGDSettings, State>,
  ): Tensor {
    const { momentum, dampening, weightDecay, nesterov } = settings;
    const g = weightDecay === 0 ? gradient : gradient.add(parameter.mul(weightDecay));
    let direction = g;
    if (state.momentum) {
      // The momentum begins as 0, so that with no dampening the first step needs no rule of its own.
      const fresh = state.steps ? where(state.steps.eq(0), g, g.mul(1 - dampening)) : g;
      const b = state.momentum.mul(momentum).add(fresh);
      state.momentum.assign(b);
      state.steps?.assign(state.steps.add(1));
      direction = nesterov ? g.add(b.mul(momentum)) : b;
    }
    return parameter.sub(direction.mul(rate));
  }
}
