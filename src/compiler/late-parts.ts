import type { LatePart } from "../core/late-part.js";
import { topologicalOrder, type Graph } from "../ir/graph.js";
import { convolutionPart } from "./convolution-part.js";
import { scanPart } from "./scan-compiler.js";

/** The parts of the compiler that a graph needs, bodies of loops and calls included, and that are not there. */
export function missingParts({ outputs }: Graph): LatePart[] {
  return topologicalOrder(outputs).flatMap((node) => {
    const { op: { lower }, attrs, outputs: [output] } = node;
    const part = lower.kind === "scan" ? scanPart() : lower.kind === "loops" || lower.kind === "map" ? lower.part : lower.kind === "contraction" && output && lower.hasWays?.(node.inputs, output, attrs) ? convolutionPart() : undefined;
    const body = lower.kind === "scan" ? lower.loop(attrs).body : lower.kind === "call" ? lower.body(attrs) : undefined;
    return [...(part && !part.isThere ? [part] : []), ...(body ? missingParts(body) : [])];
  });
}
