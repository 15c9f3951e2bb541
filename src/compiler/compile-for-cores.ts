import type { Graph } from "../ir/graph.js";
import { compileGraph } from "./compile-graph.js";
import { convolutionPart } from "./convolution-part.js";
import { lowerContraction } from "./lower-contraction.js";
import type { Machine } from "./machine.js";
import type { Program } from "./program.js";
import type { Target } from "./target.js";
import { vectorize } from "./vectorize.js";

const cores: Machine = {
  prepare: (graph) => graph,
  contraction: (group, stored, target) => {
    const part = convolutionPart();
    for (const way of part?.isThere ? part.value.convolutionWays : []) {
      const calls = way(group, stored, target);
      if (calls) return calls;
    }
    return lowerContraction(group, stored, target);
  },
  loops: [],
  fit: (call) => call,
  vectorize,
};

/** The program of a graph for the cores of a processor. Throws DTypeError for float64 where the target has none. */
export function compileForCores(graph: Graph, target: Target): Program {
  return compileGraph(graph, target, cores);
}
