import { type Examples, input, type ScanLoop, topologicalOrder, type Value } from "../ir/graph.js";
import { recordBatched, repeated } from "./batching.js";
import { at, range } from "./indexing.js";
import { transpose } from "./movement.js";

/** A loop over many examples at once: their axis is the first of carries, and follows that of the steps in what is stacked. */
export function batchScan({ inputs, isBatched, size, attrs, all }: Examples<ScanLoop>, scan: (inputs: readonly Value[], loop: ScanLoop) => readonly Value[]): Value[] {
  const { body, consts, carries } = attrs;
  const differs = batchedLeaves(attrs, isBatched);
  const known = new Map<Value, Value>();
  // What does not differ is made of the body's own inputs.
  const leaves = body.inputs.map((v, k) => {
    if (!at(differs, k)) return v;
    const leaf = input({ shape: [size, ...v.shape], dtype: v.dtype });
    leaf.requiresGrad = v.requiresGrad;
    known.set(v, leaf);
    return leaf;
  });
  recordBatched(body.outputs, known, size);
  const outputs = body.outputs.map((v, k) => {
    const made = known.get(v);
    if (made) return made;
    return k < carries && at(differs, consts + k) ? repeated(v, size) : v;
  });
  const operands = inputs.map((v, k) => {
    if (k >= consts + carries) return at(isBatched, k) ? exchanged(v) : v;
    return at(differs, k) ? all(k) : v;
  });
  const results = scan(operands, { ...attrs, body: { inputs: leaves, outputs } });
  return results.map((v, k) => {
    const isCarry = k < carries;
    if (isCarry ? !at(differs, consts + k) : !known.has(at(body.outputs, k))) return repeated(v, size);
    return isCarry ? v : exchanged(v);
  });
}

/** Which of a body's inputs differ among the examples: those that are body.outputs so, and carries that come to. */
function batchedLeaves({ body, consts, carries }: ScanLoop, isBatched: readonly boolean[]): boolean[] {
  const differs = [...isBatched];
  const order = topologicalOrder(body.outputs);
  for (;;) {
    const values = new Set(body.inputs.filter((_, k) => differs[k]));
    for (const node of order) if (node.inputs.some((v) => values.has(v))) for (const v of node.outputs) values.add(v);
    const more = range(carries).filter((k) => !differs[consts + k] && values.has(at(body.outputs, k)));
    if (more.length === 0) return differs;
    for (const k of more) differs[consts + k] = true;
  }
}

/** The first two axes in each other's place. */
function exchanged(v: Value): Value {
  return transpose(v, v.shape.map((_, axis) => (axis < 2 ? 1 - axis : axis)));
}
