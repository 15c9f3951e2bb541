import { sizeOf } from "../core/shape.js";
import { type Graph, Node, topologicalOrder, type Value, type Op } from "../ir/graph.js";
import { identityOf } from "./draft.js";

/** Elements below which a reduction is one piece of work. */
const largeReduction = 1 << 18;
/** Results from which on there is enough work for all threads without splitting. */
const enoughRows = 256;
const mostParts = 16;

/**
 * A large reduction to few results becomes partial reductions of equal parts and one over the parts, so that threads
 * can share it. The parts follow from the shape alone, so results do not depend on the threads.
 */
export function splitReductions(graph: Graph): Graph {
  const replacement = new Map<Value, Value>();
  for (const node of topologicalOrder(graph.outputs)) {
    const inputs = node.inputs.map((v) => replacement.get(v) ?? v);
    const changed = inputs.some((v, k) => v !== node.inputs[k]);
    const now = changed ? new Node(node.op, inputs, node.attrs, node.outputs, node.outputs[0]?.device) : node;
    const [from] = node.outputs;
    const [to] = now.outputs;
    if (!from || !to) continue;
    if (changed) node.outputs.forEach((v, k) => replacement.set(v, now.outputs[k] ?? v));
    const split = splitNode(now, to);
    if (split) replacement.set(from, split);
  }
  return { ...graph, outputs: graph.outputs.map((v) => replacement.get(v) ?? v) };
}

function splitNode(node: Node, output: Value): Value | undefined {
  const { lower } = node.op;
  if (lower.kind !== "reduce") return undefined;
  const extents = lower.extents(node.inputs, node.attrs);
  const rows = sizeOf(output.shape);
  if (rows >= enoughRows || rows * sizeOf(extents) < largeReduction || output.shape.length > 7) return undefined;
  const longest = Math.max(...extents);
  const axis = extents.indexOf(longest);
  const parts = Math.min(mostParts, longest);
  if (parts < 2) return undefined;
  const length = Math.ceil(longest / parts);
  const fold = lower.fold(node.attrs);
  const partial: Op = {
    name: `${node.op.name}-part`,
    infer: () => [{ shape: [parts, ...output.shape], dtype: output.dtype }],
    lower: {
      kind: "reduce",
      fold: () => fold,
      extents: () => extents.map((size, k) => (k === axis ? length : size)),
      element: (b, ctx, [part, ...index], reduced) => {
        const at = b.add(b.mul(part ?? b.index(0), b.index(length)), reduced[axis] ?? b.index(0));
        const element = lower.element(b, { ...ctx, outputs: node.outputs }, index, reduced.map((r, k) => (k === axis ? at : r)));
        return b.guard(b.lt(at, b.index(longest)), element, identityOf(b, fold, output.dtype));
      },
    },
    ref: () => [],
  };
  const total: Op = {
    name: node.op.name,
    infer: () => [output],
    lower: {
      kind: "reduce",
      fold: () => fold,
      extents: () => [parts],
      element: (_, ctx, index, [part]) => ctx.operand(0, part ? [part, ...index] : index),
    },
    ref: () => [],
  };
  const [pieces] = new Node(partial, node.inputs, node.attrs, partial.infer(node.inputs, node.attrs), output.device).outputs;
  if (!pieces) return undefined;
  return new Node(total, [pieces], {}, [output], output.device).outputs[0];
}
