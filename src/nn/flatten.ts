import type { Tensor } from "../tensor/index.js";
import { Module } from "./module.js";

/** Axes `startAxis` to `endAxis` as one; all but the first if not given. */
export class Flatten extends Module<Tensor, Tensor> {
  readonly startAxis: number;
  readonly endAxis: number;

  constructor({ startAxis = 1, endAxis = -1 }: { readonly startAxis?: number; readonly endAxis?: number } = {}) {
    super();
    this.startAxis = startAxis;
    this.endAxis = endAxis;
  }

  /** Throws IndexError for axes that the input lacks. */
  forward(x: Tensor): Tensor {
    return x.flatten(this.startAxis, this.endAxis);
  }

  override describe(): string {
    return `startAxis: ${this.startAxis}, endAxis: ${this.endAxis}`;
  }
}
