import type { Value } from "../ir/graph.js";
import type { Backend } from "./backend.js";

/** Computes what targets need in a way of its own, by calls of `compute`. */
export type Detect = (targets: readonly Value[], device: Backend, compute: (value: Value) => void) => void;

/** How evaluations look for values that are not finite, where they do: what does it is only loaded by who asks for it. */
export const anomaly: { detect: Detect | undefined } = { detect: undefined };
