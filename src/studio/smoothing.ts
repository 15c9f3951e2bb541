import type { SmoothingState } from "./protocol.js";

/**
 * An exponential moving average that is not drawn to zero at its beginning, as Adam corrects its moments and TensorBoard smooths:
 * m ← w·m + (1 − w)·v, shown as m / (1 − wⁿ) after n values. Values that are not finite are passed on and change nothing.
 */
export class Smoothing {
  readonly #weight: number;
  #mean: number;
  #count: number;
  /** wⁿ */
  #rest: number;

  /** `weight` is from 0 (nothing is smoothed) to below 1. */
  constructor(weight: number, { mean, count }: SmoothingState = { mean: 0, count: 0 }) {
    this.#weight = weight;
    this.#mean = mean;
    this.#count = count;
    this.#rest = weight ** count;
  }

  get state(): SmoothingState {
    return { mean: this.#mean, count: this.#count };
  }

  /** The smoothed value after one more. */
  next(value: number): number {
    if (!Number.isFinite(value)) return value;
    this.#mean = this.#weight * this.#mean + (1 - this.#weight) * value;
    this.#count++;
    this.#rest *= this.#weight;
    return this.#mean / (1 - this.#rest);
  }
}
