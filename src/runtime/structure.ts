import type { DType } from "../core/dtype.js";
import { attrsKey } from "../ir/attrs-key.js";
import { Node, input, topologicalOrder, type Graph, type Value } from "../ir/graph.js";
import { broadcast, constant, stopGradient } from "../ops/index.js";

/** What a graph is fed with: an evaluated value, or a number that the user wrote. */
export type Feed = Value | { readonly value: number; readonly dtype: DType };

/** A piece of recorded work, ready to be looked up. */
export interface Structure {
  /** Equal keys mean equal graphs but for the feeds' contents. */
  readonly key: string;
  readonly order: readonly Node[];
  readonly targets: readonly Value[];
  readonly feeds: readonly Feed[];
}

const constantOp = constant(0, "float32", []).node.op;
const stopGradientOp = stopGradient(constant(0, "float32", [])).node.op;

/** Numbers that belong to formulas. Others may change from step to step, so they are fed and compile nothing. */
const structural = new Set([0, 1, -1, 2, 0.5, Infinity, -Infinity, NaN]);

/** The number of a constant that does not belong to a formula. */
export function liftedNumber(node: Node): number | undefined {
  const value = node.attrs.value;
  if (node.op !== constantOp || typeof value !== "number" || structural.has(value)) return undefined;
  return value;
}

/** The number that a scalar is, if it was written as one and nothing has to be computed. */
export function numberOf({ node, shape }: Value): number | undefined {
  if (shape.length > 0) return undefined;
  const [from, another] = node.inputs;
  if (node.op === stopGradientOp && from && !another) return numberOf(from);
  return node.op === constantOp && typeof node.attrs.value === "number" ? node.attrs.value : undefined;
}

/** What has to be computed for `targets`, cut at values that are evaluated. */
export function structureOf(targets: readonly Value[]): Structure {
  const order = topologicalOrder(targets, isEvaluated);
  const feeds: Feed[] = [];
  const names = new Map<Value, string>();
  let key = "";
  const nameOf = (value: Value): string => {
    let name = names.get(value);
    if (name === undefined) {
      name = feed(value, value.shape);
      names.set(value, name);
    }
    return name;
  };
  const feed = (source: Feed, shape: readonly number[]): string => {
    key += `<${source.dtype}${shape.join(",")}`;
    return `f${feeds.push(source) - 1}`;
  };
  order.forEach((node, position) => {
    const lifted = liftedNumber(node);
    const [only] = node.outputs;
    if (lifted !== undefined && only) {
      names.set(only, `${feed({ value: lifted, dtype: only.dtype }, only.shape)}c`);
      return;
    }
    let line = node.op.name;
    for (const operand of node.inputs) line += ` ${nameOf(operand)}`;
    key += `;${line}${attrsKey(node.attrs)}`;
    for (const output of node.outputs) if (!isEvaluated(output)) names.set(output, `${position}.${output.index}`);
  });
  for (const target of targets) key += `>${nameOf(target)}`;
  return { key, order, targets, feeds };
}

function isEvaluated(value: Value): boolean {
  return value.storage !== undefined;
}

/** A closed graph with new nodes, whose inputs are the feeds in order. */
export function graphOf({ order, targets, feeds }: Structure): Graph {
  const inputs: Value[] = [];
  const known = new Map<Value, Value>();
  const scalars: Value[] = [];
  for (const feed of feeds) {
    const leaf = input("node" in feed ? feed : { shape: [], dtype: feed.dtype });
    inputs.push(leaf);
    if ("node" in feed) known.set(feed, leaf);
    else scalars.push(leaf);
  }
  let next = 0;
  for (const node of order) {
    if (liftedNumber(node) === undefined) continue;
    const leaf = scalars[next++];
    const [only] = node.outputs;
    if (leaf && only) known.set(only, only.shape.length === 0 ? leaf : broadcast(leaf, only.shape, []));
  }
  return { inputs, outputs: cloneNodes(order, targets, known) };
}

/** Copies of `outputs` and of the nodes that they need; values in `known` are replaced by what they map to. */
export function cloneNodes(order: readonly Node[], outputs: readonly Value[], known: Map<Value, Value>): Value[] {
  const copyOf = (value: Value): Value => {
    const copy = known.get(value);
    if (!copy) throw new TypeError(`[${value.node.op.name}] is missing from the order of nodes`);
    return copy;
  };
  for (const node of order) {
    if (node.outputs.every((output) => known.has(output))) continue;
    const copy = new Node(node.op, node.inputs.map(copyOf), node.attrs, node.outputs, undefined);
    node.outputs.forEach((output, i) => {
      const copied = copy.outputs[i];
      if (copied && !known.has(output)) known.set(output, copied);
    });
  }
  return outputs.map(copyOf);
}
