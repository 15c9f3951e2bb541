import { sizeOf } from "../core/shape.js";
import { apply, input, isLeaf, type Node, recordAgain, type Graph, type ScanLoop, topologicalOrder, type Value } from "../ir/graph.js";
import { shareCommonSubexpressions } from "./common-subexpressions.js";
import { rewritten } from "./rewritten.js";

/** Scans over the same inputs become one, and what nothing reads of a scan is left out. */
export function simplifyScans(graph: Graph): Graph {
  if (!topologicalOrder(graph.outputs).some(loopOf)) return graph;
  return shareCommonSubexpressions(pruned(joined(graph)));
}

function loopOf({ op, attrs }: Node): ScanLoop | undefined {
  return op.lower.kind === "scan" ? op.lower.loop(attrs) : undefined;
}

/** Joins scans that have their inputs and carries in common: a gradient brings a second forward scan that stacks more. */
function joined(graph: Graph): Graph {
  for (;;) {
    const groups = new Map<string, Node[]>();
    for (const node of topologicalOrder(graph.outputs)) {
      const loop = loopOf(node);
      if (!loop) continue;
      const { length, reverse, consts, carries } = loop;
      const key = [length, reverse, consts, carries, ...node.inputs.map((v) => `${v.node.id}.${v.index}`)].join();
      groups.set(key, [...(groups.get(key) ?? []), node]);
    }
    /** For a node, the loop that replaces it and the position of each of its outputs there. */
    const plans = new Map<Node, { readonly loop: ScanLoop; readonly positions: readonly number[] }>();
    for (const [first, ...others] of groups.values()) {
      for (const other of first && !plans.has(first) ? others : []) {
        if (!first || plans.size > 0) break;
        const both = join(loopOf(first), loopOf(other));
        if (!both) continue;
        plans.set(first, { loop: both.loop, positions: both.a });
        plans.set(other, { loop: both.loop, positions: both.b });
      }
    }
    if (plans.size === 0) return graph;
    let made: readonly Value[] | undefined;
    graph = rewritten(graph, (node, inputs) => {
      const plan = plans.get(node);
      if (!plan) return undefined;
      made ??= apply(node.op, inputs, plan.loop);
      const results = made;
      return plan.positions.flatMap((k) => results[k] ?? []);
    });
  }
}

function join(a: ScanLoop | undefined, b: ScanLoop | undefined): { loop: ScanLoop; a: number[]; b: number[] } | undefined {
  if (!a || !b) return undefined;
  const leaves = a.body.inputs.map((type) => input(type));
  const copy = ({ inputs, outputs }: Graph): Value[] => recordAgain(outputs, new Map(inputs.flatMap((v, k) => (leaves[k] ? [[v, leaves[k]] as const] : []))));
  const all = shareCommonSubexpressions({ inputs: leaves, outputs: [...copy(a.body), ...copy(b.body)] }).outputs;
  const [ofA, ofB] = [all.slice(0, a.body.outputs.length), all.slice(a.body.outputs.length)];
  const { carries } = a;
  if (!ofA.slice(0, carries).every((v, k) => v === ofB[k])) return undefined;
  const outputs = [...ofA];
  const positionsB = ofB.map((v, k) => {
    if (k < carries) return k;
    const have = outputs.indexOf(v, carries);
    return have >= 0 ? have : outputs.push(v) - 1;
  });
  return { loop: { ...a, body: { inputs: leaves, outputs } }, a: ofA.map((_, k) => k), b: positionsB };
}

/** What of a scan is computed at all, by position in its body's inputs and outputs. */
interface Needs {
  readonly inputs: ReadonlySet<number>;
  readonly outputs: ReadonlySet<number>;
}

function pruned(graph: Graph): Graph {
  const live = new Set(graph.outputs);
  const needs = new Map<Node, Needs>();
  for (const node of topologicalOrder(graph.outputs).reverse()) {
    const loop = loopOf(node);
    const need = loop && needsOf(loop, node.outputs.map((v) => live.has(v)));
    if (need) needs.set(node, need);
    node.inputs.forEach((v, k) => {
      if (!need || need.inputs.has(k)) live.add(v);
    });
  }
  return rewritten(graph, (node, inputs) => {
    const loop = loopOf(node);
    const need = needs.get(node);
    return loop && need && lean(node, loop, need, inputs);
  });
}

function needsOf({ body, consts, carries }: ScanLoop, live: readonly boolean[]): Needs {
  const outputs = new Set(body.outputs.flatMap((_, k) => (live[k] ? [k] : [])));
  for (;;) {
    const values = body.outputs.filter((_, k) => outputs.has(k));
    const reached = new Set([...values, ...topologicalOrder(values).flatMap((node) => node.inputs)]);
    const inputs = new Set(body.inputs.flatMap((v, k) => (reached.has(v) ? [k] : [])));
    const before = outputs.size;
    for (let k = 0; k < carries; k++) {
      if (inputs.has(consts + k)) outputs.add(k);
      if (outputs.has(k)) inputs.add(consts + k);
    }
    if (outputs.size === before) return { inputs, outputs };
  }
}

/** A scan without what is not needed; carries that never change are constants, and stacks that are equal are one. */
function lean(node: Node, loop: ScanLoop, need: Needs, inputs: readonly Value[]): readonly Value[] {
  const { consts, carries } = loop;
  const body = shareCommonSubexpressions(loop.body);
  const isFixed = (k: number): boolean => body.outputs[k] === body.inputs[consts + k];
  const known = new Map<Value, Value>();
  const given: Value[][] = [[], [], []];
  const leaves: Value[][] = [[], [], []];
  body.inputs.forEach((v, k) => {
    const value = inputs[k];
    if (!value || !need.inputs.has(k)) return;
    const role = k < consts || (k < consts + carries && isFixed(k - consts)) ? 0 : k < consts + carries ? 1 : 2;
    if (role === 0) known.set(v, inside(value, given[0] ?? [], leaves[0] ?? []));
    else {
      const leaf = input(v);
      given[role]?.push(value);
      leaves[role]?.push(leaf);
      known.set(v, leaf);
    }
  });
  const results: Value[] = [];
  const positions = body.outputs.map((v, k) => {
    if (!need.outputs.has(k) || (k < carries && isFixed(k))) return -1;
    const have = k < carries ? -1 : results.indexOf(v, leaves[1]?.length ?? 0);
    return have >= 0 ? have : results.push(v) - 1;
  });
  const outputs = recordAgain(results, known);
  const made = apply(node.op, given.flat(), {
    ...loop,
    body: { inputs: leaves.flat(), outputs },
    consts: given[0]?.length ?? 0,
    carries: given[1]?.length ?? 0,
  });
  return positions.map((position, k) => made[position] ?? (k < carries && isFixed(k) ? inputs[consts + k] : undefined) ?? (node.outputs[k] as Value));
}

/** A constant of the loop inside its body: numbers and copies of something smaller are made there. */
function inside(value: Value, given: Value[], leaves: Value[]): Value {
  const { op, inputs, attrs, outputs } = value.node;
  const size = inputs.reduce((sum, v) => sum + sizeOf(v.shape), 0);
  if (!isLeaf(value) && op.lower.kind === "map" && outputs.length === 1 && size < sizeOf(value.shape)) {
    const [copy] = apply(op, inputs.map((v) => inside(v, given, leaves)), attrs);
    if (copy) return copy;
  }
  const have = given.indexOf(value);
  if (have >= 0 && leaves[have]) return leaves[have];
  const leaf = input(value);
  given.push(value);
  leaves.push(leaf);
  return leaf;
}
