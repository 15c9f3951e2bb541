import { type Graph, Node, topologicalOrder, type Value } from "../ir/graph.js";

/** The graph with some nodes replaced: `replace` gives their new results from the new inputs. */
export function rewritten(graph: Graph, replace: (node: Node, inputs: readonly Value[]) => readonly Value[] | undefined): Graph {
  const replacement = new Map<Value, Value>();
  const now = (v: Value): Value => replacement.get(v) ?? v;
  for (const node of topologicalOrder(graph.outputs)) {
    const inputs = node.inputs.map(now);
    const changed = inputs.some((v, k) => v !== node.inputs[k]);
    const outputs = replace(node, inputs) ?? (changed ? new Node(node.op, inputs, node.attrs, node.outputs, node.outputs[0]?.device).outputs : node.outputs);
    node.outputs.forEach((v, k) => {
      const to = outputs[k];
      if (to && to !== v) replacement.set(v, to);
    });
  }
  return { ...graph, outputs: graph.outputs.map(now) };
}
