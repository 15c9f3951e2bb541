import { type Graph, recordAgain, topologicalOrder, type Value } from "../ir/graph.js";
import { rewritten } from "./rewritten.js";

/** The graph with the bodies of calls in their places. */
export function inlineCalls(graph: Graph): Graph {
  if (!topologicalOrder(graph.outputs).some(({ op }) => op.lower.kind === "call")) return graph;
  return rewritten(graph, ({ op, attrs }, inputs) => {
    if (op.lower.kind !== "call") return undefined;
    const body = inlineCalls(op.lower.body(attrs));
    const known = new Map<Value, Value>();
    body.inputs.forEach((v, k) => known.set(v, inputs[k] ?? v));
    return recordAgain(body.outputs, known);
  });
}
