import type { Graph } from "../ir/graph.js";
import { compileGraph } from "./compile-graph.js";
import type { KernelCall, Stored } from "./draft.js";
import { filterPart } from "./filter-compiler.js";
import { lowerContraction } from "./lower-contraction.js";
import { hasSmallFilter } from "./late-parts.js";
import type { Machine } from "./machine.js";
import type { Group } from "./partition.js";
import type { Program } from "./program.js";
import type { Target } from "./target.js";
import { vectorize } from "./vectorize.js";

const cores: Machine = {
  prepare: (graph) => graph,
  contraction: (group, stored, target) => lowerSmallFilter(group, stored, target) ?? lowerContraction(group, stored, target),
  loops: [],
  fit: (call) => call,
  vectorize,
};

function lowerSmallFilter(group: Group, stored: Stored, target: Target): KernelCall[] | undefined {
  const [root] = group.members;
  const part = filterPart();
  if (!root || !part?.isThere || !hasSmallFilter(root.node)) return undefined;
  const { lowerWinograd, lowerWinogradGradient } = part.value;
  return lowerWinograd(group, stored, target) ?? lowerWinogradGradient(group, stored, target);
}

/** The program of a graph for the cores of a processor. Throws DTypeError for float64 where the target has none. */
export function compileForCores(graph: Graph, target: Target): Program {
  return compileGraph(graph, target, cores);
}
