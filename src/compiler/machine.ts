import type { ExprBuilder } from "../ir/expr-builder.js";
import type { Graph, GroupLoops, Value } from "../ir/graph.js";
import type { Kernel, Stmt } from "../ir/loop.js";
import type { KernelCall, Stored } from "./draft.js";
import type { Lanes, LoopNest } from "./loops.js";
import type { Group } from "./partition.js";
import type { Target } from "./target.js";

type Nest = Pick<LoopNest, "sizes" | "variables">;

/** A group of invocations that runs a row. */
export interface RowLanes extends Lanes {
  /** Those that the group's memory has room for. */
  fitting(values: readonly Value[], bytesOf: (value: Value) => number): readonly Value[];
  /** Nested loops over whole ranges as one whose iterations are dealt out to the lanes: neighbours to neighbours. */
  loops(nest: Nest, body: readonly Stmt[]): readonly Stmt[];
  /** The same in blocks of which each lane has `block` elements. */
  blocks(nest: Nest, block: number, around: (loop: Stmt) => readonly Stmt[], body: readonly Stmt[]): Stmt;
}

/**
 * How kernels are written for one kind of machine: cores with vector registers, or groups of invocations. Each is large, and
 * a page loads the one that it runs.
 */
export interface Machine {
  /** Rewrites a graph where only this kind of machine profits. */
  prepare(graph: Graph, target: Target): Graph;
  contraction(group: Group, stored: Stored, target: Target): KernelCall[];
  /** The invocations that run a row together, where one does not run it alone; absent on cores, which have vectors for that. */
  readonly rowLanes?: (b: ExprBuilder, length: number, rows: number, areNeighbours: boolean, target: Target) => RowLanes | undefined;
  /** Operators whose own loops are run by groups of invocations. */
  readonly loops: readonly GroupLoops[];
  /** Makes a kernel keep to the memory that it may use. */
  fit(call: KernelCall, target: Target): KernelCall;
  /** A kernel that was written for single elements as one for vectors, where the machine has them. */
  vectorize(b: ExprBuilder, kernel: Kernel, target: Target): Kernel;
}
