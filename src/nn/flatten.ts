import type { Shape } from "../core/shape.js";
import type { Tensor } from "../tensor/index.js";
import { Module } from "./module.js";

/** Axes `startAxis` to `endAxis` as one; all but the first if not given. */
export class Flatten extends Module<Tensor, Tensor> {
  readonly startAxis: number;
  readonly endAxis: number;

  /** The axes startAxis to endAxis become one; all but the first if not given. */
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

/** One axis as several of the given sizes, one of which may be −1. */
export class Unflatten extends Module<Tensor, Tensor> {
  readonly axis: number;
  readonly unflattenedSize: Shape;

  /** The axis becomes axes of these sizes. */
  constructor(axis: number, unflattenedSize: Shape) {
    super();
    this.axis = axis;
    this.unflattenedSize = unflattenedSize;
  }

  /** Throws IndexError for an axis that the input lacks, ShapeError for sizes that do not multiply to its size. */
  forward(x: Tensor): Tensor {
    return x.unflatten(this.axis, this.unflattenedSize);
  }

  override describe(): string {
    return `axis: ${this.axis}, unflattenedSize: ${JSON.stringify(this.unflattenedSize)}`;
  }
}
