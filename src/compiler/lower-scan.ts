import { byteSize, dtypeInfo } from "../core/dtype.js";
import { stridesOf } from "../core/shape.js";
import type { ExprBuilder } from "../ir/expr-builder.js";
import { type Graph, input, isLeaf, type Node, recordAgain, type Value } from "../ir/graph.js";
import { isPassed, type Expr } from "../ir/loop.js";
import { reshape, slice, transpose } from "../ops/index.js";
import { bytesOf, type Call, isScan, memoryOf } from "./call.js";
import type { Argument, KernelCall, Stored } from "./draft.js";

/** How a body reads the slices of a stacked input. */
interface Slices {
  /** The value whose memory is read. */
  readonly memory: Value;
  /** Bytes from one step's slice to the next one's. */
  readonly stride: number;
  /** The slice, from a leaf that stands for the memory from where the slice begins. */
  readonly leaf: Value;
  readonly slice: Value;
}

/** Bytes of a row from which on it is read where it lies. */
const shortestRow = 256;

/** Where the slices of a stacked input lie: a transposition that keeps rows whole needs no memory of its own. */
export function slicesOf(b: ExprBuilder, stack: Value, isStored: (v: Value) => boolean): Slices {
  const [x] = stack.node.inputs;
  const perm = x && !isStored(stack) ? permutationOf(b, stack) : undefined;
  const last = stack.shape.length - 1;
  const step = perm?.indexOf(0) ?? 0;
  if (x && perm?.[last] === last && step !== last && (x.shape[last] ?? 0) * byteSize(x.dtype) >= shortestRow) {
    const leaf = input(x);
    const first = slice(leaf, x.shape.map(() => 0), x.shape.map((size, axis) => (axis === step ? 1 : size)), x.shape.map(() => 1));
    // Axis k of the slice is axis k + 1 of the stack.
    const order = stack.shape.slice(1).map((_, k) => perm.filter((to) => to !== 0).indexOf(k + 1));
    const rest = reshape(first, x.shape.filter((_, axis) => axis !== step));
    return { memory: memoryOf(x, isStored), stride: (stridesOf(x.shape)[step] ?? 0) * byteSize(x.dtype), leaf, slice: transpose(rest, order) };
  }
  const leaf = input({ shape: stack.shape.slice(1), dtype: stack.dtype });
  return { memory: memoryOf(stack, isStored), stride: bytesOf(leaf), leaf, slice: leaf };
}

/** For a value that is its operand with the axes in another order, the axis that each of the operand's becomes. */
function permutationOf(b: ExprBuilder, value: Value): number[] | undefined {
  const { op, inputs, attrs, outputs } = value.node;
  const [x] = inputs;
  if (op.lower.kind !== "map" || inputs.length !== 1 || !x || x.shape.length !== value.shape.length) return undefined;
  const index = value.shape.map((size, axis) => b.ref(b.counter(`i${axis}`, Math.max(2, size))));
  const reads: (readonly Expr[])[] = [];
  const element = b.const(0, dtypeInfo[x.dtype].compute);
  const operand = (_: number, at: readonly Expr[]): Expr => {
    reads.push(at);
    return element;
  };
  if (op.lower.element(b, { attrs, inputs, outputs, operand }, index) !== element || reads.length !== 1) return undefined;
  const perm = (reads[0] ?? []).map((e) => index.indexOf(e));
  return perm.includes(-1) || new Set(perm).size !== perm.length ? undefined : perm;
}

/** A scan as calls: those of its body that give the same in every step come before the loop. */
export function lowerScan(b: ExprBuilder, node: Node, stored: Stored, lowerGraph: (graph: Graph) => { readonly graph: Graph; readonly calls: readonly Call[] }): Call[] {
  const { lower } = node.op;
  if (lower.kind !== "scan") throw new TypeError(`[${node.op.name}] is no loop over a graph`);
  const loop = lower.loop(node.attrs);
  // The body is copied, so that its values stand for this loop only.
  const isStored = (v: Value): boolean => isLeaf(v) || stored.has(v);
  const known = new Map<Value, Value>();
  const strides: number[] = [];
  const inputs: Value[] = [];
  const leaves = loop.body.inputs.map((v, k) => {
    const value = node.inputs[k] ?? v;
    if (k < loop.consts + loop.carries) {
      const leaf = input(v);
      known.set(v, leaf);
      inputs.push(memoryOf(value, isStored));
      strides.push(0);
      return leaf;
    }
    const { memory, stride, leaf, slice } = slicesOf(b, value, isStored);
    known.set(v, slice);
    inputs.push(memory);
    strides.push(stride);
    return leaf;
  });
  const { graph, calls } = lowerGraph({ inputs: leaves, outputs: recordAgain(loop.body.outputs, known) });
  const spare = new Map<Argument, number>(leaves.map((leaf, k) => [leaf, bytesOf(leaf) - bytesOf(loop.body.inputs[k] ?? leaf)]));
  const outside = new Map<Argument, Argument>(leaves.slice(0, loop.consts).flatMap((leaf, k) => (inputs[k] ? [[leaf, inputs[k]] as const] : [])));
  const results = new Set<Argument>(graph.outputs);
  const isResult = (v: Argument): boolean => results.has(v) || (!("temporary" in v) && isLeaf(v));
  const moves = invariant(calls, outside, isResult);
  const rename = (v: Argument): Argument => outside.get(v) ?? v;
  const before = calls.filter((call) => moves.has(call)).map((call) => renamed(call, rename));
  const inLoop = calls
    .filter((call) => !moves.has(call))
    .map((call) => (isScan(call) ? call : withoutBytes(call, call.buffers.reduce((sum, v) => sum + (spare.get(v) ?? 0), 0))));
  const used = new Set(inLoop.flatMap((call) => call.buffers));
  const moved = before.flatMap((call) => accessesOf(call).writes).filter((v) => used.has(v));
  const buffers = [...new Set<Argument>([...inputs, ...node.outputs, ...moved])];
  return [...before, { loop: { ...loop, body: graph }, calls: inLoop, inputs, strides, outputs: node.outputs, buffers }];
}

/**
 * The calls that give the same in every step: they read what lies outside the loop, what others of them write, or what they
 * read and write themselves. Several calls may work on one buffer in turn, as those of a sort: none of them moves unless all do.
 */
function invariant(calls: readonly Call[], outside: ReadonlyMap<Argument, Argument>, isResult: (v: Argument) => boolean): Set<Call> {
  for (let changing = new Set<Argument>(); ; ) {
    const fixed = new Set<Argument>(outside.keys());
    const moves = new Set<Call>();
    for (const call of calls) {
      const { reads, writes } = accessesOf(call);
      if (writes.some((v) => isResult(v) || changing.has(v)) || !reads.every((v) => fixed.has(v) || writes.includes(v))) continue;
      for (const v of writes) fixed.add(v);
      moves.add(call);
    }
    const written = new Set(calls.flatMap((call) => (moves.has(call) ? [] : accessesOf(call).writes)));
    if (written.size === changing.size) return moves;
    changing = written;
  }
}

/** The call with so many bytes of its buffers not counted, since it reads only a slice of them. */
function withoutBytes(call: KernelCall, bytes: number): KernelCall {
  return bytes === 0 ? call : { ...call, kernel: { ...call.kernel, bytes: call.kernel.bytes - bytes } };
}

function accessesOf(call: Call): { readonly reads: Argument[]; readonly writes: Argument[] } {
  if (isScan(call)) return { reads: call.buffers.filter((v) => !call.outputs.some((output) => output === v)), writes: [...call.outputs] };
  const passed = call.kernel.buffers.filter(isPassed);
  return {
    reads: call.buffers.filter((_, k) => passed[k]?.access !== "write"),
    writes: call.buffers.filter((_, k) => passed[k]?.access !== "read"),
  };
}

function renamed(call: Call, rename: (v: Argument) => Argument): Call {
  const buffers = call.buffers.map(rename);
  return isScan(call) ? { ...call, inputs: call.inputs.map(rename), buffers } : { ...call, buffers };
}
