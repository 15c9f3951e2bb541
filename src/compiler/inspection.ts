import type { Graph } from "../ir/graph.js";
import type { Kernel } from "../ir/loop.js";
import type { Program } from "./program.js";

/** What looks at each form that a graph takes on its way to a program. */
export interface Inspection {
  graph(graph: Graph): void;
  kernel(kernel: Kernel): void;
  program(graph: Graph, program: Program): void;
}

let current: Inspection | undefined;

/** Who inspects the compiler's work, if anybody does. */
export function inspection(): Inspection | undefined {
  return current;
}

/** Lets the compiler's work be inspected from now on. */
export function setInspection(inspect: Inspection): void {
  current = inspect;
}
