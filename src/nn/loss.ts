import { tensor, type Buffer, type LossOptions, type Tensor } from "../tensor/index.js";
import { Module } from "./module.js";

/** Factors as a tensor, or as an array of numbers. */
export type Factors = Tensor | readonly number[];

/** Options whose tensors may be arrays of numbers. */
export type WithFactors<O> = { readonly [K in keyof O]: Tensor extends O[K] ? O[K] | readonly number[] : O[K] };

/** What most losses compare. */
export type Pair = [input: Tensor, target: Tensor];

/** A loss with its options; `I` is what it compares. Each is described with its function. */
export abstract class Loss<I = Pair, O extends object = LossOptions> extends Module<I, Tensor> {
  /** What the function is called with, but tensors. */
  readonly options: O | undefined;

  constructor(options?: O) {
    super();
    this.options = options;
  }

  /** A buffer of factors, which moves with the module and is saved under this name. */
  protected factors(name: string, factors: Factors | undefined): Buffer | undefined {
    if (!factors) return undefined;
    return this.registerBuffer(name, "valueFor" in factors ? factors : tensor(factors));
  }

  override describe(): string {
    const given = Object.entries({ reduction: "mean", ...this.options }).filter(([, value]) => value !== undefined);
    return given.map(([name, value]) => `${name}: ${JSON.stringify(value)}`).join(", ");
  }
}
