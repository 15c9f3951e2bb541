import type { ExprBuilder } from "../ir/expr-builder.js";
import type { Graph, Node, Value } from "../ir/graph.js";
import type { Call } from "./call.js";
import type { Stored } from "./draft.js";

/** What the compiler needs for graphs with scans alone: pages without them do not load it. */
export interface ScanCompiler {
  /** Joins scans, and leaves out what nothing reads of them. */
  simplify(graph: Graph): Graph;
  lower(b: ExprBuilder, node: Node, stored: Stored, lowerGraph: (body: Graph) => { readonly graph: Graph; readonly calls: readonly Call[] }): Call[];
  /** The value in whose memory the slices of a stacked input lie. */
  stackOf(b: ExprBuilder, input: Value, isStored: (v: Value) => boolean): Value;
}

let scans: ScanCompiler | undefined;

/** Gives the compiler its part for scans, before the first graph with one. */
export function provideScans(compiler: ScanCompiler): void {
  scans = compiler;
}

/** The compiler's part for scans. Throws TypeError where nothing provided it. */
export function scanCompiler(): ScanCompiler {
  if (!scans) throw new TypeError("a graph with a scan was compiled before compileScans() was called");
  return scans;
}

/** The graph with fewer scans; as it is while no graph can have any. */
export function withFewerScans(graph: Graph): Graph {
  return scans?.simplify(graph) ?? graph;
}
