import { provideAllParts } from "../src/compiler/all-parts.js";
import { compileForCores } from "../src/compiler/compile-for-cores.js";
import { compileForGroups } from "../src/compiler/compile-for-groups.js";
import type { Program } from "../src/compiler/program.js";
import type { Target } from "../src/compiler/target.js";
import type { Graph } from "../src/ir/graph.js";

provideAllParts();

/** The program of a graph for either kind of machine. */
export function compileGraph(graph: Graph, target: Target): Program {
  return target.group ? compileForGroups(graph, target) : compileForCores(graph, target);
}
