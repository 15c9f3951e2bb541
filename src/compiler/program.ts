import type { Shape } from "../core/shape.js";
import type { TensorType } from "../ir/graph.js";
import type { Kernel } from "../ir/loop.js";

/**
 * A region of memory in a running program: byte `offset` of an input, an output, the arena or a constant. In the body of
 * loops it moves by `strides[d]` bytes with each iteration of the d-th enclosing loop.
 */
export interface Place {
  readonly base: "input" | "output" | "arena" | "constant";
  readonly index: number;
  readonly offset: number;
  readonly strides: readonly number[];
}

export type Step =
  | {
      readonly kind: "launch";
      /** Position in `Program.kernels`. */
      readonly kernel: number;
      /** One for each kernel buffer that is passed (see `isPassed`), in order. */
      readonly buffers: readonly Place[];
      readonly ints: readonly number[];
      readonly items: number;
      /** Items that are given to a thread at a time; a launch of at most this many stays on one thread. */
      readonly grain: number;
      /** Of the largest value that is written, for people and profiles. */
      readonly shape?: Shape;
    }
  | { readonly kind: "copy"; readonly from: Place; readonly to: Place; readonly bytes: number }
  | { readonly kind: "loop"; readonly count: number; readonly body: readonly Step[] };

/** A compiled graph: plain data, without code or memory of its own. */
export interface Program {
  readonly inputs: readonly TensorType[];
  readonly outputs: readonly TensorType[];
  /** For each output, the input whose memory it may overwrite, or -1. */
  readonly inPlace: readonly number[];
  readonly constants: readonly Uint8Array[];
  readonly arenaBytes: number;
  readonly kernels: readonly Kernel[];
  readonly steps: readonly Step[];
  /** Sums over one run, from the kernels' own figures. */
  readonly flops: number;
  readonly bytes: number;
}
