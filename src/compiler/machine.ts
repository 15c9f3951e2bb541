import type { ExprBuilder } from "../ir/expr-builder.js";
import type { Graph, GroupLoops } from "../ir/graph.js";
import type { Kernel } from "../ir/loop.js";
import type { KernelCall, Stored } from "./draft.js";
import type { Group } from "./partition.js";
import type { Target } from "./target.js";

/**
 * How kernels are written for one kind of machine: cores with vector registers, or groups of invocations. Each is large, and
 * a page loads the one that it runs.
 */
export interface Machine {
  /** Rewrites a graph where only this kind of machine profits. */
  prepare(graph: Graph, target: Target): Graph;
  contraction(group: Group, stored: Stored, target: Target): KernelCall[];
  /** Operators whose own loops are run by groups of invocations. */
  readonly loops: readonly GroupLoops[];
  /** Makes a kernel keep to the memory that it may use. */
  fit(call: KernelCall, target: Target): KernelCall;
  /** A kernel that was written for single elements as one for vectors, where the machine has them. */
  vectorize(b: ExprBuilder, kernel: Kernel, target: Target): Kernel;
}
