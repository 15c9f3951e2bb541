import type { Value } from "../ir/graph.js";
import { Tensor } from "./tensor.js";

type Lifted<T> = T extends Value ? Tensor : T;

/** A function of tensors, from the same on graph values; other arguments are handed on as they are. */
/* @__NO_SIDE_EFFECTS__ */
export function lifted<A extends readonly unknown[]>(
  name: string,
  f: (...args: A) => Value,
): (...args: { [K in keyof A]: Lifted<A[K]> }) => Tensor {
  return (...args) => new Tensor(f(...(args.map((arg) => (arg instanceof Tensor ? arg.valueFor(name) : arg)) as unknown as A)));
}
