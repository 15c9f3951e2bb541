import type { LatePart } from "../core/late-part.js";
import type { ExprBuilder } from "../ir/expr-builder.js";
import type { Graph, Node, Value } from "../ir/graph.js";
import type { Call } from "./call.js";
import type { Stored } from "./draft.js";

/** What the compiler needs for graphs with scans alone. */
export interface ScanCompiler {
  /** Joins scans, and leaves out what nothing reads of them. */
  simplifyScans(graph: Graph): Graph;
  lowerScan(b: ExprBuilder, node: Node, stored: Stored, lowerGraph: (body: Graph) => { readonly graph: Graph; readonly calls: readonly Call[] }): Call[];
  /** The value in whose memory the slices of a stacked input lie. */
  stackOf(b: ExprBuilder, input: Value, isStored: (v: Value) => boolean): Value;
}

let part: LatePart<ScanCompiler> | undefined;

/** Says where the compiler's part for scans comes from, before the first graph with one, unless it is there already. */
export function offerScans(given: LatePart<ScanCompiler>): void {
  if (!part?.isThere) part = given;
}

/** The compiler's part for scans. Throws TypeError where nobody offered it. */
export function scanPart(): LatePart<ScanCompiler> {
  if (!part) throw new TypeError("a graph with a scan was compiled before offerScans() was called");
  return part;
}

/** The graph with fewer scans; as it is while no graph can have any. */
export function withFewerScans(graph: Graph): Graph {
  return part?.isThere ? part.value.simplifyScans(graph) : graph;
}
