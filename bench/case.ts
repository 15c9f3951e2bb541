import type { Tensor, TypedArray } from "../src/node.js";

/** Tensors of a case by name; a peer finds weights under PyTorch's names. */
export type Named = Readonly<Record<string, Tensor>>;

/** The work of a case, ready on a device. */
export interface Prepared {
  /** Inputs and first weights, which a peer is given. */
  readonly given: Named;
  /** What the work gives, to be compared with a peer's. It is called once, before any run. */
  check(): Promise<Readonly<Record<string, TypedArray>>>;
  /** One run, done when the promise settles. */
  run(): Promise<void>;
}

/** One thing that is timed, by us and by peers on the same numbers. */
export interface BenchCase {
  readonly suite: "kernels" | "steps";
  readonly name: string;
  /** Floating-point operations of one run, where they are the measure. */
  readonly flops?: number;
  /** Bytes that one run has to move, where they are the measure. */
  readonly bytes?: number;
  /** The work in words that peers understand: a kind and its sizes. */
  readonly work: { readonly kind: string; readonly [size: string]: unknown };
  prepare(deviceName: string): Prepared;
}
