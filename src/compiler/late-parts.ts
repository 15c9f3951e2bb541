import type { LatePart } from "../core/late-part.js";
import { topologicalOrder, type Graph, type Node } from "../ir/graph.js";
import { filterPart } from "./filter-compiler.js";
import { scanPart } from "./scan-compiler.js";

/** Whether a node is a convolution with a filter of 3×3, or gives one. */
export function hasSmallFilter({ op: { lower }, inputs, outputs: [output] }: Node): boolean {
  return lower.kind === "contraction" && output !== undefined && lower.smallFilter?.(inputs, output) === true;
}

/** The parts of the compiler that a graph needs, bodies of loops and calls included, and that are not there. */
export function missingParts({ outputs }: Graph): LatePart[] {
  return topologicalOrder(outputs).flatMap((node) => {
    const { lower } = node.op;
    const part = lower.kind === "scan" ? scanPart() : lower.kind === "loops" ? lower.part : hasSmallFilter(node) ? filterPart() : undefined;
    const body = lower.kind === "scan" ? lower.loop(node.attrs).body : lower.kind === "call" ? lower.body(node.attrs) : undefined;
    return [...(part && !part.isThere ? [part] : []), ...(body ? missingParts(body) : [])];
  });
}
