import { topologicalOrder, type Node, type Value } from "../ir/graph.js";

/** A node and the products that it adds up. */
export interface NodeWork {
  readonly id: number;
  readonly multiplyAdds: number;
}

/**
 * The nodes behind these values that multiply and add up (matrix products, convolutions, attention), with what is inside
 * loops and calls. A convolution's padding counts as if it were data.
 */
export function multiplyAddsOf(outputs: readonly Value[]): NodeWork[] {
  return topologicalOrder(outputs).flatMap((node) => {
    const multiplyAdds = workOf(node);
    return multiplyAdds > 0 ? [{ id: node.id, multiplyAdds }] : [];
  });
}

function workOf({ op, attrs, inputs, outputs }: Node): number {
  const { lower } = op;
  if (op.multiplyAdds) return op.multiplyAdds(inputs, attrs, outputs);
  if (lower.kind === "call") return totalOf(lower.body(attrs).outputs);
  if (lower.kind !== "scan") return 0;
  const { body, length } = lower.loop(attrs);
  return length * totalOf(body.outputs);
}

function totalOf(outputs: readonly Value[]): number {
  return multiplyAddsOf(outputs).reduce((sum, { multiplyAdds }) => sum + multiplyAdds, 0);
}
