import { byteSize } from "../core/dtype.js";
import { debugLevel, isVerifying } from "../core/debug.js";
import { DTypeError, OutOfMemoryError } from "../core/errors.js";
import { sameShape, sizeOf, type Shape } from "../core/shape.js";
import { type Graph, isLeaf, topologicalOrder, type Value } from "../ir/graph.js";
import type { Stmt } from "../ir/loop.js";
import { printGraph, printKernel } from "../ir/print.js";
import { verifyGraph, verifyKernel } from "../ir/verify.js";
import { bindExpressions } from "./bind.js";
import { shareCommonSubexpressions } from "./common-subexpressions.js";
import type { Argument, KernelCall } from "./draft.js";
import { lowerContraction } from "./lower-contraction.js";
import { lowerLoops, lowerMap } from "./lower-map.js";
import { lowerRows } from "./lower-rows.js";
import { type Group, partition } from "./partition.js";
import { type Lifetime, planMemory } from "./plan-memory.js";
import type { Place, Program, Step } from "./program.js";
import { splitReductions } from "./split-reductions.js";
import type { Target } from "./target.js";
import { vectorize } from "./vectorize.js";
import { allExprs, nested, ownExprs } from "./walk.js";

/**
 * From a graph to a program: shared computations, kernels, loops, vectors, names, memory. Each line of it is a pure
 * function from one form to the next.
 */
export function compileGraph(given: Graph, target: Target): Program {
  const check = isVerifying();
  if (check) verifyGraph(given);
  const graph = splitReductions(shareCommonSubexpressions(given));
  if (check) verifyGraph(graph);
  const order = topologicalOrder(graph.outputs);
  checkTypes(order.flatMap((node) => node.outputs), target);
  const groups = partition(graph, order);
  const stored = new Set(groups.flatMap((group) => group.stored));
  const lowered = groups
    .filter((group) => group.stored.some((v) => sizeOf(v.shape) > 0))
    .flatMap((group) => lowerGroup(group, stored, target))
    .filter((call) => call.items > 0);
  const inPlace = graph.outputs.map((output, k) => donated(graph, lowered, output, graph.donate?.[k] ?? -1));
  if (check) for (const call of lowered) verifyKernel(call.kernel);
  const calls = lowered.map((call) => {
    const vectors = vectorize(call.builder, call.kernel, target);
    if (check) verifyKernel(vectors);
    const kernel = bindExpressions(call.builder, vectors);
    if (check) verifyKernel(kernel);
    return { ...call, kernel };
  });
  const program = layOut(graph, calls, inPlace, target);
  report(graph, program);
  return program;
}

/** What GRADUS_DEBUG asks for. */
function report(graph: Graph, program: Program): void {
  const level = debugLevel();
  if (level < 1) return;
  const kilo = (n: number): string => `${(n / 1000).toFixed(1)}k`;
  const lines = [`program: ${program.steps.length} steps, ${kilo(program.flops)} operations, arena ${kilo(program.arenaBytes)} bytes`];
  // Launches and copies are numbered as in a profile.
  let index = 0;
  const tell = (step: Step, indent: string): void => {
    const kernel = step.kind === "launch" ? program.kernels[step.kernel] : undefined;
    if (step.kind === "loop") {
      lines.push(`${indent}loop of ${step.count}`);
      for (const inner of step.count > 0 ? step.body : []) tell(inner, `${indent}  `);
    } else if (step.kind === "launch" && kernel) {
      const shape = `[${(step.shape ?? []).join()}]`;
      lines.push(`${indent}${index++} ${kernel.name} ${shape}: ${step.items} items by ${step.grain}, ${kilo(kernel.flops)} operations, ${kilo(kernel.bytes)} bytes`);
    } else lines.push(`${indent}${index++} ${step.kind}`);
  };
  for (const step of program.steps) tell(step, "  ");
  if (level > 1) lines.push(printGraph(graph));
  if (level > 2) lines.push(...program.kernels.map(printKernel));
  console.error(lines.join("\n"));
}

function lowerGroup(group: Group, stored: ReadonlySet<Value>, target: Target): KernelCall[] {
  switch (group.kind) {
    case "map":
      return [lowerMap(group, stored)];
    case "rows":
      return [lowerRows(group, stored)];
    case "contraction":
      return lowerContraction(group, stored, target);
    case "loops":
      return [lowerLoops(group, stored)];
  }
}

function checkTypes(values: readonly Value[], target: Target): void {
  for (const v of values) {
    if (v.dtype === "float64" && !target.float64) {
      throw new DTypeError(`[${v.node.op.name}] ${target.name} cannot compute float64: convert to float32, or use another device`);
    }
  }
}

/**
 * The wanted input if the output may be written over it: the kernel that writes the output reads the input only at the
 * element that it writes and before it writes it, and no later kernel reads it.
 */
function donated(graph: Graph, calls: readonly KernelCall[], output: Value, wanted: number): number {
  const input = graph.inputs[wanted];
  if (!input || isLeaf(output) || !sameShape(input.shape, output.shape) || input.dtype !== output.dtype) return -1;
  if (graph.outputs.indexOf(output) !== graph.outputs.lastIndexOf(output) || graph.outputs.includes(input)) return -1;
  const writer = calls.findIndex((call) => call.buffers.includes(output));
  const call = calls[writer];
  if (!call || calls.slice(writer + 1).some((later) => later.buffers.includes(input))) return -1;
  const [from, to] = [call.buffers.indexOf(input), call.buffers.indexOf(output)];
  const slotOf = (argument: number): number => {
    let at = -1;
    return call.kernel.buffers.findIndex((buffer) => buffer.access !== "scratch" && ++at === argument);
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

/** The shape of the largest value that a kernel writes. */
function writtenShape({ kernel, buffers }: KernelCall): Shape {
  const passed = kernel.buffers.filter((buffer) => buffer.access !== "scratch");
  const written = buffers.filter((_, i) => passed[i]?.access !== "read").map(({ shape }) => shape);
  return written.reduce((largest, shape) => (sizeOf(shape) > sizeOf(largest) ? shape : largest), written[0] ?? []);
}

function layOut(graph: Graph, calls: readonly KernelCall[], inPlace: readonly number[], target: Target): Program {
  const fixed = new Map<Argument, Place>();
  graph.inputs.forEach((v, index) => fixed.set(v, { base: "input", index, offset: 0, strides: [] }));
  const copies: Step[] = [];
  graph.outputs.forEach((v, index) => {
    const place: Place = { base: "output", index, offset: 0, strides: [] };
    const from = fixed.get(v);
    if (!from) fixed.set(v, place);
    else if (sizeOf(v.shape) > 0) copies.push({ kind: "copy", from, to: place, bytes: sizeOf(v.shape) * byteSize(v.dtype) });
  });
  const temporaries: Argument[] = [];
  const lifetimes: Lifetime[] = [];
  calls.forEach((call, step) => {
    for (const argument of call.buffers) {
      if (fixed.has(argument)) continue;
      const known = temporaries.indexOf(argument);
      const life = lifetimes[known];
      if (life) lifetimes[known] = { ...life, to: step };
      else {
        temporaries.push(argument);
        lifetimes.push({ bytes: sizeOf(argument.shape) * byteSize(argument.dtype), from: step, to: step });
      }
    }
  });
  const { offsets, bytes: arenaBytes } = planMemory(lifetimes);
  temporaries.forEach((argument, k) => fixed.set(argument, { base: "arena", index: 0, offset: offsets[k] ?? 0, strides: [] }));
  const outside = [...graph.inputs, ...graph.outputs].reduce((sum, v) => sum + sizeOf(v.shape) * byteSize(v.dtype), 0);
  if (arenaBytes + outside > target.memoryBytes) {
    const mib = (n: number): string => `${Math.ceil(n / 2 ** 20)} MiB`;
    throw new OutOfMemoryError(`the program needs ${mib(arenaBytes + outside)}, ${target.name} can address ${mib(target.memoryBytes)}: use smaller batches or another device`);
  }
  const launches = calls.map((call, kernel): Step => ({
    kind: "launch",
    kernel,
    buffers: call.buffers.map((argument) => fixed.get(argument) ?? { base: "arena", index: 0, offset: 0, strides: [] }),
    ints: [],
    items: call.items,
    grain: call.grain,
    shape: writtenShape(call),
  }));
  return {
    inputs: graph.inputs,
    outputs: graph.outputs,
    inPlace,
    constants: [],
    arenaBytes,
    kernels: calls.map((call) => call.kernel),
    steps: [...launches, ...copies],
    flops: calls.reduce((sum, call) => sum + call.kernel.flops, 0),
    bytes: calls.reduce((sum, call) => sum + call.kernel.bytes, 0),
  };
}
