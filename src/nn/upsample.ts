import type { InterpolateOptions } from "../tensor/composite/interpolate.js";
import { interpolate, type Tensor } from "../tensor/index.js";
import { Module } from "./module.js";

/** The input at another spatial size, as `interpolate` gives it. */
export class Upsample extends Module<Tensor, Tensor> {
  readonly options: InterpolateOptions;

  constructor(options: InterpolateOptions) {
    super();
    this.options = options;
  }

  /** Throws ShapeError for a rank that the mode does not take, ArgumentError. */
  forward(x: Tensor): Tensor {
    return interpolate(x, this.options);
  }

  override describe(): string {
    return Object.entries(this.options)
      .map(([name, value]) => `${name}: ${JSON.stringify(value)}`)
      .join(", ");
  }
}
