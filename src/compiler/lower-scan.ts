import { byteSize } from "../core/dtype.js";
import { sizeOf } from "../core/shape.js";
import { type Graph, input, isLeaf, type Node, recordAgain, type ScanLoop, type TensorType, type Value } from "../ir/graph.js";
import type { Argument, KernelCall } from "./draft.js";

/** A loop of kernel calls: the scan's body, compiled. */
export interface ScanCall {
  readonly loop: ScanLoop;
  /** The calls of one step, over the values of the body. */
  readonly calls: readonly Call[];
  /** What the scan's inputs are outside, one for each of the body's. */
  readonly inputs: readonly Argument[];
  /** What the scan's outputs are outside. */
  readonly outputs: readonly Value[];
  /** All that it reads and writes outside. */
  readonly buffers: readonly Argument[];
}

export type Call = KernelCall | ScanCall;

export function isScan(call: Call): call is ScanCall {
  return "loop" in call;
}

export function bytesOf({ shape, dtype }: Pick<TensorType, "shape" | "dtype">): number {
  return sizeOf(shape) * byteSize(dtype);
}

/** The value whose memory holds a scan's input: what only has another shape needs no memory of its own. */
export function memoryOf(value: Value, isStored: (v: Value) => boolean): Value {
  let at = value;
  for (;;) {
    const { op, inputs } = at.node;
    const [from] = inputs;
    if (isStored(at) || !from || op.lower.kind !== "map" || op.lower.view !== true) return at;
    at = from;
  }
}

/** A scan as calls: those of its body that give the same in every step come before the loop. */
export function lowerScan(node: Node, stored: ReadonlySet<Value>, lowerGraph: (graph: Graph) => { readonly graph: Graph; readonly calls: readonly Call[] }): Call[] {
  const { lower } = node.op;
  if (lower.kind !== "scan") throw new TypeError(`[${node.op.name}] is no loop over a graph`);
  const loop = lower.loop(node.attrs);
  // The body is copied, so that its values stand for this loop only.
  const leaves = loop.body.inputs.map((type) => input(type));
  const outputs = recordAgain(loop.body.outputs, new Map(loop.body.inputs.flatMap((v, k) => (leaves[k] ? [[v, leaves[k]] as const] : []))));
  const { graph, calls } = lowerGraph({ inputs: leaves, outputs });
  const inputs = node.inputs.map((v) => memoryOf(v, (x) => isLeaf(x) || stored.has(x)));
  const outside = new Map<Argument, Argument>(leaves.slice(0, loop.consts).flatMap((leaf, k) => (inputs[k] ? [[leaf, inputs[k]] as const] : [])));
  const results = new Set<Argument>(graph.outputs);
  const before: Call[] = [];
  const inLoop: Call[] = [];
  for (const call of calls) {
    const { reads, writes } = accessesOf(call);
    const moves = reads.every((v) => outside.has(v) || writes.includes(v)) && !writes.some((v) => results.has(v) || isLeaf(v as Value));
    if (!moves) {
      inLoop.push(call);
      continue;
    }
    for (const v of writes) outside.set(v, v);
    before.push(renamed(call, (v) => outside.get(v) ?? v));
  }
  const used = new Set(inLoop.flatMap((call) => call.buffers));
  const moved = before.flatMap((call) => accessesOf(call).writes).filter((v) => used.has(v));
  const buffers = [...new Set<Argument>([...inputs, ...node.outputs, ...moved])];
  return [...before, { loop: { ...loop, body: graph }, calls: inLoop, inputs, outputs: node.outputs, buffers }];
}

function accessesOf(call: Call): { readonly reads: Argument[]; readonly writes: Argument[] } {
  if (isScan(call)) return { reads: call.buffers.filter((v) => !call.outputs.some((output) => output === v)), writes: [...call.outputs] };
  const passed = call.kernel.buffers.filter((buffer) => buffer.access !== "scratch");
  return {
    reads: call.buffers.filter((_, k) => passed[k]?.access !== "write"),
    writes: call.buffers.filter((_, k) => passed[k]?.access !== "read"),
  };
}

function renamed(call: Call, rename: (v: Argument) => Argument): Call {
  const buffers = call.buffers.map(rename);
  return isScan(call) ? { ...call, inputs: call.inputs.map(rename), buffers } : { ...call, buffers };
}
