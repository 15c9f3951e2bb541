import { attrsKey } from "../ir/attrs-key.js";
import { type Graph, inputOp, Node, topologicalOrder, type Value } from "../ir/graph.js";

/** The same graph with every computation once: nodes of equal operator, attributes and inputs become one. */
export function shareCommonSubexpressions(graph: Graph): Graph {
  const replacement = new Map<Value, Value>();
  const known = new Map<string, Node>();
  const now = (v: Value): Value => replacement.get(v) ?? v;
  for (const node of topologicalOrder(graph.outputs)) {
    if (node.op === inputOp) continue;
    const inputs = node.inputs.map(now);
    const key = `${node.op.name}|${attrsKey(node.attrs)}|${inputs.map((v) => `${v.node.id}.${v.index}`).join()}`;
    let same = known.get(key);
    if (!same) {
      same = inputs.every((v, k) => v === node.inputs[k]) ? node : new Node(node.op, inputs, node.attrs, node.outputs, node.outputs[0]?.device);
      known.set(key, same);
    }
    const kept = same;
    node.outputs.forEach((v, k) => {
      const to = kept.outputs[k];
      if (to && to !== v) replacement.set(v, to);
    });
  }
  return { ...graph, outputs: graph.outputs.map(now) };
}
