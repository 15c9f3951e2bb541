import { ArgumentError } from "../core/errors.js";
import { dropout, type Tensor } from "../tensor/index.js";
import { Module } from "./module.js";

/**
 * In training, sets each element to 0 with probability p and scales the others by 1/(1 − p); in evaluation, nothing.
 * Srivastava et al. 2014.
 */
export class Dropout extends Module<Tensor, Tensor> {
  readonly p: number;

  /** Throws ArgumentError for a probability outside [0, 1]. */
  constructor(p = 0.5) {
    super();
    if (!(p >= 0 && p <= 1)) throw new ArgumentError(`[Dropout] p ${p} must lie in [0, 1]`);
    this.p = p;
  }

  forward(x: Tensor): Tensor {
    return this.training && this.p > 0 ? dropout(x, this.p) : x;
  }

  override describe(): string {
    return `p: ${this.p}`;
  }
}
