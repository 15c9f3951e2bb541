import { dtypeInfo } from "../core/dtype.js";
import { sizeOf } from "../core/shape.js";
import { ExprBuilder } from "../ir/expr-builder.js";
import type { Expr } from "../ir/loop.js";
import { type Graph, Node, topologicalOrder, type Value, type Op } from "../ir/graph.js";
import { identityOf } from "./draft.js";
import { factorOf } from "./loops.js";
import { counters, flatIndex } from "./reader.js";
import type { Target } from "./target.js";

/** Elements below which a reduction is one piece of work. */
const largeReduction = 1 << 18;
/** Results from which on there is enough work for all threads without splitting. */
const enoughRows = 256;
const mostParts = 16;

/**
 * For groups of invocations: rows that lie in memory one after the other are given to a group each, neighbours to an
 * invocation each. Where there are fewer than `enough`, those of at least `long` elements are divided into parts of about
 * `part` elements, of which there are about `wanted`.
 */
const groups = { enough: 64, long: 8192, part: 4096, wanted: 1024 };
const invocations = { enough: 16384, long: 256, part: 128, wanted: 32768 };

/**
 * A large reduction to few results becomes partial reductions of equal parts and one over the parts, so that threads
 * or groups can share it. The parts follow from the shape alone, so results do not depend on the threads.
 */
export function splitReductions(graph: Graph, target: Target): Graph {
  const replacement = new Map<Value, Value>();
  for (const node of topologicalOrder(graph.outputs)) {
    const inputs = node.inputs.map((v) => replacement.get(v) ?? v);
    const changed = inputs.some((v, k) => v !== node.inputs[k]);
    const now = changed ? new Node(node.op, inputs, node.attrs, node.outputs, node.outputs[0]?.device) : node;
    const [from] = node.outputs;
    const [to] = now.outputs;
    if (!from || !to) continue;
    if (changed) node.outputs.forEach((v, k) => replacement.set(v, now.outputs[k] ?? v));
    const split = splitNode(now, to, target);
    if (split) replacement.set(from, split);
  }
  return { ...graph, outputs: graph.outputs.map((v) => replacement.get(v) ?? v) };
}

/** Parts into which a reduction should be divided; 1 where it should stay whole. */
function partsOf(node: Node, output: Value, extents: readonly number[], target: Target): number {
  const [rows, length] = [sizeOf(output.shape), sizeOf(extents)];
  if (!target.group) return rows >= enoughRows || rows * length < largeReduction ? 1 : mostParts;
  if (rows === 0 || rows >= invocations.enough || length < invocations.long) return 1;
  const { enough, long, part, wanted } = runsAcross(node, output, extents) ? invocations : groups;
  return rows >= enough || length < long ? 1 : Math.min(Math.ceil(length / part), Math.ceil(wanted / rows));
}

/** Whether neighbouring results, not neighbouring terms, are computed from neighbours in memory. */
function runsAcross(node: Node, output: Value, extents: readonly number[]): boolean {
  const { lower } = node.op;
  if (lower.kind !== "reduce") return false;
  const b = new ExprBuilder();
  const [index, reduced] = [counters(b, "i", output.shape), counters(b, "r", extents)];
  const last = [...reduced].reverse().find((e) => e.kind === "var");
  let across = false;
  const operand = (input: number, at: readonly Expr[]): Expr => {
    const x = node.inputs[input] ?? output;
    if (last?.kind === "var") across ||= factorOf(b, flatIndex(b, x.shape, at), last.variable) !== 1;
    return b.const(0, dtypeInfo[x.dtype].compute);
  };
  lower.element(b, { attrs: node.attrs, inputs: node.inputs, outputs: node.outputs, operand }, index, reduced);
  return across;
}

function splitNode(node: Node, output: Value, target: Target): Value | undefined {
  const { lower } = node.op;
  if (lower.kind !== "reduce") return undefined;
  const extents = lower.extents(node.inputs, node.attrs);
  if (output.shape.length > 7) return undefined;
  const longest = Math.max(...extents);
  const axis = extents.indexOf(longest);
  const parts = Math.min(partsOf(node, output, extents, target), longest);
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
  };
  const [pieces] = new Node(partial, node.inputs, node.attrs, partial.infer(node.inputs, node.attrs), output.device).outputs;
  if (!pieces) return undefined;
  return new Node(total, [pieces], {}, [output], output.device).outputs[0];
}
