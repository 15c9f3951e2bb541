import { byteSize } from "../core/dtype.js";
import { sizeOf } from "../core/shape.js";
import { type ScanLoop, type TensorType, type Value } from "../ir/graph.js";
import type { Argument, KernelCall } from "./draft.js";

/** A loop of kernel calls: the scan's body, compiled. */
export interface ScanCall {
  readonly loop: ScanLoop;
  /** The calls of one step, over the values of the body. */
  readonly calls: readonly Call[];
  /** What the scan's inputs are outside, one for each of the body's. */
  readonly inputs: readonly Argument[];
  /** Bytes by which each of them moves from slice to slice; 0 for those that are no stack. */
  readonly strides: readonly number[];
  /** What the scan's outputs are outside. */
  readonly outputs: readonly Value[];
  /** All that it reads and writes outside. */
  readonly buffers: readonly Argument[];
}

export type Call = KernelCall | ScanCall;

export function isScan(call: Call): call is ScanCall {
  return "loop" in call;
}

export function bytesOf({ shape, dtype }: Pick<TensorType, "shape" | "dtype">): number {
  return sizeOf(shape) * byteSize(dtype);
}

/** The value whose memory holds a scan's input: what only has another shape needs no memory of its own. */
export function memoryOf(value: Value, isStored: (v: Value) => boolean): Value {
  let at = value;
  for (;;) {
    const { op, inputs } = at.node;
    const [from] = inputs;
    if (isStored(at) || !from || op.lower.kind !== "map" || op.lower.view !== true) return at;
    at = from;
  }
}
