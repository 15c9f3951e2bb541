import { ArgumentError, ShapeError } from "../../core/errors.js";
import { formatShape, sameShape } from "../../core/shape.js";
import type { Value } from "../../ir/graph.js";
import * as ops from "../../ops/index.js";
import { mean, sum } from "./reduction.js";

/** What becomes of the losses of single examples: their mean, their sum, or themselves. */
export type Reduction = "mean" | "sum" | "none";

export interface LossOptions {
  /** "mean" if not given. */
  readonly reduction?: Reduction | undefined;
}

/** The losses reduced; `total` is what a mean divides by, the number of losses if not given. Throws ArgumentError. */
export function reduceLosses(op: string, losses: Value, { reduction = "mean" }: LossOptions, total?: Value): Value {
  switch (reduction) {
    case "mean":
      return total ? ops.div(sum(losses), total) : mean(losses);
    case "sum":
      return sum(losses);
    case "none":
      return losses;
    default:
      throw new ArgumentError(`[${op}] reduction ${JSON.stringify(reduction)} must be "mean", "sum" or "none"`);
  }
}

/** Throws ShapeError unless the named tensors have one shape. */
export function requireSameShapes(op: string, tensors: Readonly<Record<string, Value>>): void {
  const list = Object.entries(tensors);
  const [first] = list;
  if (!first || list.every(([, { shape }]) => sameShape(shape, first[1].shape))) return;
  const shapes = list.map(([name, { shape }]) => `${name} ${formatShape(shape)}`).join(" and ");
  throw new ShapeError(`[${op}] ${shapes} differ: reshape one, lest broadcasting average over pairs`);
}

/** Throws ArgumentError unless the option is a finite number of `least` or more. */
export function requireAtLeast(op: string, name: string, value: number, least: number): void {
  if (value >= least && Number.isFinite(value)) return;
  throw new ArgumentError(`[${op}] ${name} ${value} must be a finite number of ${least} or more`);
}

/** `value` in the shape and dtype of `x`. */
export function like(x: Value, value: number): Value {
  return ops.constant(value, x.dtype, x.shape);
}

/** max(x, 0), whose gradient at 0 is 1, as that of PyTorch's `clamp_min`. */
export function hinged(x: Value): Value {
  return ops.select(ops.lt(x, like(x, 0)), like(x, 0), x);
}
