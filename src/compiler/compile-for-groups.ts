import type { Graph } from "../ir/graph.js";
import { groupAttentionGradient } from "../ops/attention-gradient-groups.js";
import { groupAttention } from "../ops/attention-groups.js";
import { groupCumulative } from "../ops/cumulative-groups.js";
import { groupScatter } from "../ops/scatter-groups.js";
import { groupSort } from "../ops/sort-groups.js";
import { compileGraph } from "./compile-graph.js";
import { lowerGroupContraction } from "./lower-group-contraction.js";
import type { Machine } from "./machine.js";
import type { Program } from "./program.js";
import { rowLanes } from "./row-lanes.js";
import { spillScratch } from "./spill-scratch.js";
import type { GroupTarget, Target } from "./target.js";
import { reduceThinProducts } from "./thin-products.js";

function groupOf({ name, group }: Target): GroupTarget {
  if (!group) throw new TypeError(`${name} runs no groups of invocations`);
  return group;
}

const groups: Machine = {
  prepare: reduceThinProducts,
  contraction: (group, stored, target) => lowerGroupContraction(group, stored, target, groupOf(target)),
  rowLanes: (b, length, rows, areNeighbours, target) => rowLanes(b, length, rows, areNeighbours, groupOf(target)),
  loops: [groupAttention, groupAttentionGradient, groupSort, groupCumulative, groupScatter],
  fit: (call, target) => spillScratch(call, groupOf(target)),
  vectorize: (_, kernel) => kernel,
};

/** The program of a graph for a GPU. Throws DTypeError for float64 where the target has none, OutOfMemoryError for more than 2³¹ − 1 elements. */
export function compileForGroups(graph: Graph, target: Target): Program {
  return compileGraph(graph, target, groups);
}
