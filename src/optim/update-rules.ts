import { Buffer, zeros, type Parameter, type Tensor } from "../tensor/index.js";

/** Values beside a parameter, 0 if not given: its shape, dtype and device. */
export function valuesBeside({ shape, dtype, device }: Parameter, value = 0): Buffer {
  return new Buffer(value === 0 ? zeros(shape, { dtype }) : zeros(shape, { dtype }).add(value), { device });
}

/** Gives a state its next value, in the state's own dtype. */
export function keep(state: Buffer, value: Tensor): Tensor {
  state.assign(value.astype(state.dtype));
  return value;
}

/** The running mean that keeps `kept` of its old value. */
export function runningMean(state: Buffer, value: Tensor, kept: Tensor | number, fresh: Tensor | number): Tensor {
  return keep(state, state.mul(kept).add(value.mul(fresh)));
}

/** The gradient with that of the L2 penalty weightDecay/2·‖θ‖² added. */
export function penalized(gradient: Tensor, parameter: Parameter, weightDecay: number): Tensor {
  return weightDecay === 0 ? gradient : gradient.add(parameter.mul(weightDecay));
}

/** Counts a step. */
export function counted(step: Buffer): Tensor {
  return keep(step, step.add(1));
}

/** lr / (1 − βᵗ): the rate for a running mean that began at 0 and of which each step renews the share `fresh` = 1 − β. */
export function unbiasedRate(rate: Tensor, fresh: Tensor, t: Tensor): Tensor {
  return rate.div(oneMinusPower(fresh.neg().log1p(), t));
}

/** 1 − betaᵗ where `log` is the logarithm of beta; exact where betaᵗ is near 1. */
export function oneMinusPower(log: Tensor | number, t: Tensor): Tensor {
  return t.mul(log).expm1().neg();
}
