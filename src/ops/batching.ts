import { type Attrs, type Examples, type Node, recordedLike, topologicalOrder, type Value } from "../ir/graph.js";
import { broadcast } from "./broadcast.js";
import { at, range } from "./indexing.js";

/** Axes as they are called behind a new first one. */
export function shifted(axes: readonly number[]): number[] {
  return axes.map((axis) => axis + 1);
}

/** The same value `size` times along a new first axis. */
export function repeated(v: Value, size: number): Value {
  return broadcast(v, [size, ...v.shape], shifted(range(v.shape.length)));
}

/** A node's results for all examples, which lie along a first axis; operands that are not batched are the same for all of them. */
export function batched({ op, attrs }: Pick<Node, "op" | "attrs">, inputs: readonly Value[], isBatched: readonly boolean[], size: number): readonly Value[] {
  if (!op.batch) throw new TypeError(`[${op.name}] has no batching rule`);
  const examples: Examples<Attrs> = {
    attrs,
    size,
    inputs,
    isBatched,
    all: (k) => (at(isBatched, k) ? at(inputs, k) : repeated(at(inputs, k), size)),
  };
  return op.batch(examples);
}

/**
 * Records a graph's nodes anew for many examples at once: `known` maps values to those that hold all examples along a new
 * first axis, and gets those that were made. Outputs that do not depend on them are not in it, and stay as they are.
 * Nodes older than node `since` do not depend on them.
 */
export function recordBatched(outputs: readonly Value[], known: Map<Value, Value>, size: number, since = 0): void {
  for (const node of topologicalOrder(outputs, (v) => known.has(v) || v.node.id < since)) {
    const isBatched = node.inputs.map((v) => known.has(v));
    if (!isBatched.includes(true)) continue;
    const made = recordedLike(node, () => batched(node, node.inputs.map((v) => known.get(v) ?? v), isBatched, size));
    node.outputs.forEach((v, k) => known.set(v, at(made, k)));
  }
}
