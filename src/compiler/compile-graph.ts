import { DTypeError, OutOfMemoryError } from "../core/errors.js";
import { formatShape, sameShape, sizeOf } from "../core/shape.js";
import { ExprBuilder } from "../ir/expr-builder.js";
import { type Graph, isLeaf, topologicalOrder, type Value } from "../ir/graph.js";
import { isPassed, type Stmt } from "../ir/loop.js";
import { bindExpressions } from "./bind.js";
import { shareCommonSubexpressions } from "./common-subexpressions.js";
import { type Call, isScan } from "./call.js";
import type { Stored } from "./draft.js";
import { inlineCalls } from "./inline-calls.js";
import { inspection } from "./inspection.js";
import { layOut } from "./lay-out.js";
import { chooseLayouts } from "./layouts.js";
import { lowerLoops, lowerMap } from "./lower-map.js";
import { lowerRows } from "./lower-rows.js";
import type { Machine } from "./machine.js";
import { type Group, partition } from "./partition.js";
import type { Program } from "./program.js";
import { scanPart, withFewerScans } from "./scan-compiler.js";
import { splitReductions } from "./split-reductions.js";
import type { Target } from "./target.js";
import { allExprs, nested, ownExprs } from "./walk.js";

/**
 * From a graph to a program: shared computations, kernels, loops, vectors, names, memory. Each line of it is a pure
 * function from one form to the next.
 */
export function compileGraph(given: Graph, target: Target, machine: Machine): Program {
  inspection()?.graph(given);
  const { graph, calls: lowered } = lowerGraph(given, target, machine);
  const inPlace = graph.outputs.map((output, k) => donated(graph, lowered, output, graph.donate?.[k] ?? -1));
  const program = layOut(graph, lowered.map((call) => finish(call, target, machine)), inPlace, target);
  inspection()?.program(graph, program);
  return program;
}

/** A graph as calls of kernels, written for single elements still; the bodies of loops are graphs of their own. */
function lowerGraph(given: Graph, target: Target, machine: Machine): { readonly graph: Graph; readonly calls: readonly Call[] } {
  const graph = splitReductions(machine.prepare(withFewerScans(shareCommonSubexpressions(inlineCalls(given))), target), target);
  inspection()?.graph(graph);
  const order = topologicalOrder(graph.outputs);
  checkValues(order.flatMap((node) => node.outputs), target);
  const { groups, accesses } = partition(graph, order, target);
  const stored = chooseLayouts(graph, groups, accesses, target);
  const calls = groups
    .filter((group) => group.stored.some((v) => sizeOf(v.shape) > 0))
    .flatMap((group) => lowerGroup(group, stored, target, machine))
    .filter((call) => isScan(call) || call.items > 0)
    .map((call) => (isScan(call) ? call : machine.fit(call, target)));
  return { graph, calls };
}

/** Vectors, and names for what is computed more than once. */
function finish(call: Call, target: Target, machine: Machine): Call {
  if (isScan(call)) return { ...call, calls: call.calls.map((inner) => finish(inner, target, machine)) };
  const inspect = inspection();
  inspect?.kernel(call.kernel);
  const vectors = machine.vectorize(call.builder, call.kernel, target);
  inspect?.kernel(vectors);
  const kernel = bindExpressions(call.builder, vectors);
  inspect?.kernel(kernel);
  return { ...call, kernel };
}

function lowerGroup(group: Group, stored: Stored, target: Target, machine: Machine): Call[] {
  switch (group.kind) {
    case "map":
      return [lowerMap(group, stored, target)];
    case "rows":
      return [lowerRows(group, stored, target, machine)];
    case "contraction":
      return machine.contraction(group, stored, target);
    case "loops":
      return lowerLoops(group, stored, target, machine);
    case "scan":
      return group.members.slice(0, 1).flatMap(({ node }) => scanPart().value.lowerScan(new ExprBuilder(), node, stored, (body) => lowerGraph(body, target, machine)));
  }
}

/** Elements that 32-bit addresses reach. */
const mostElements = 2 ** 31 - 1;

function checkValues(values: readonly Value[], target: Target): void {
  for (const v of values) {
    if (target.group && sizeOf(v.shape) > mostElements) {
      throw new OutOfMemoryError(`[${v.node.op.name}] ${formatShape(v.shape)} has more than 2^31 − 1 elements, and addresses on ${target.name} have 32 bits: use smaller batches or another device`);
    }
    if (v.dtype === "float64" && !target.float64) {
      throw new DTypeError(`[${v.node.op.name}] ${target.name} cannot compute float64: convert to float32, or use another device`);
    }
  }
}

/**
 * The wanted input if the output may be written over it: the kernel that writes the output reads the input only at the
 * element that it writes and before it writes it, and no later kernel reads it.
 */
function donated(graph: Graph, calls: readonly Call[], output: Value, wanted: number): number {
  const input = graph.inputs[wanted];
  if (!input || isLeaf(output) || !sameShape(input.shape, output.shape) || input.dtype !== output.dtype) return -1;
  if (graph.outputs.indexOf(output) !== graph.outputs.lastIndexOf(output) || graph.outputs.includes(input)) return -1;
  const writer = calls.findIndex((call) => call.buffers.includes(output));
  const call = calls[writer];
  if (!call || isScan(call) || calls.slice(writer + 1).some((later) => later.buffers.includes(input))) return -1;
  const [from, to] = [call.buffers.indexOf(input), call.buffers.indexOf(output)];
  const slotOf = (argument: number): number => {
    let at = -1;
    return call.kernel.buffers.findIndex((buffer) => isPassed(buffer) && ++at === argument);
  };
  const [fromSlot, toSlot] = [from < 0 ? -1 : slotOf(from), slotOf(to)];
  const addresses = new Set<number>();
  let reads = 0;
  let written = false;
  let readLate = false;
  const visit = (stmts: readonly Stmt[]): void => {
    for (const s of stmts) {
      for (const e of allExprs(ownExprs(s))) {
        if (e.kind !== "load" || (e.buffer !== fromSlot && e.buffer !== toSlot)) continue;
        addresses.add(e.index.id);
        reads++;
        readLate ||= written;
      }
      if (s.kind === "store" && s.buffer === toSlot) {
        addresses.add(s.index.id);
        written = true;
      }
      nested(s).forEach(visit);
    }
  };
  visit(call.kernel.body);
  return reads === 0 || (addresses.size === 1 && !readLate) ? wanted : -1;
}
