import { input, recordAgain, type ScanLoop, topologicalOrder, type Value } from "../ir/graph.js";
import { dotOp } from "./dot.js";
import { gatherOp } from "./gather.js";
import { at } from "./indexing.js";
import { overSteps } from "./over-steps.js";

/** A loop without what its steps need not compute one after the other. */
export interface Shortened {
  readonly inputs: readonly Value[];
  readonly loop: ScanLoop;
  /** For each output of the given loop, the position in the new loop's or the value itself. */
  readonly outputs: readonly (number | Value)[];
}

/**
 * Products and lookups that depend on constants and slices, but not on carries, are computed for all steps at once before the
 * loop, and so are stacked results that depend on nothing else.
 */
export function computedAtOnce(inputs: readonly Value[], loop: ScanLoop): Shortened {
  const { body, consts, carries, length } = loop;
  const leaves = body.inputs;
  /** Values that depend on slices and constants, as they are in all steps. */
  const stacked = new Map<Value, () => Value>();
  const worthwhile = new Set<Value>();
  const varying = new Set<Value>(leaves.slice(consts));
  const outside = new Map<Value, Value>(leaves.slice(0, consts).map((v, k) => [v, at(inputs, k)]));
  leaves.slice(consts + carries).forEach((v, k) => stacked.set(v, () => at(inputs, consts + carries + k)));
  const order = topologicalOrder(body.outputs, (v) => leaves.includes(v));
  for (const node of order) {
    if (!node.inputs.some((v) => varying.has(v))) continue;
    for (const v of node.outputs) varying.add(v);
    const [output] = node.outputs;
    if (!output || node.inputs.some((v) => varying.has(v) && !stacked.has(v))) continue;
    const rule = overSteps(node, node.inputs.map((v) => varying.has(v)), length);
    if (!rule) continue;
    let made: Value | undefined;
    stacked.set(output, () => (made ??= rule(node.inputs.map((v) => stacked.get(v)?.() ?? at(recordAgain([v], outside), 0)))));
    if (node.op === dotOp || node.op === gatherOp || node.inputs.some((v) => worthwhile.has(v))) worthwhile.add(output);
  }
  const known = new Map<Value, Value>(leaves.map((v) => [v, v]));
  const more: { readonly leaf: Value; readonly stack: Value }[] = [];
  for (const node of order) {
    if (node.outputs.some((v) => stacked.has(v))) continue;
    for (const v of node.inputs) {
      const stack = stacked.get(v);
      if (!stack || !worthwhile.has(v) || known.has(v)) continue;
      const leaf = input(v);
      known.set(v, leaf);
      more.push({ leaf, stack: stack() });
    }
  }
  const kept = [...body.outputs.keys()].filter((k) => k < carries || !stacked.has(at(body.outputs, k)));
  if (more.length === 0 && kept.length === body.outputs.length) return { inputs, loop, outputs: kept };
  for (const k of kept.slice(0, carries)) {
    const v = at(body.outputs, k);
    const stack = stacked.get(v);
    if (!stack || !worthwhile.has(v) || known.has(v)) continue;
    const leaf = input(v);
    known.set(v, leaf);
    more.push({ leaf, stack: stack() });
  }
  const outputs = recordAgain(kept.map((k) => at(body.outputs, k)), known);
  const reached = new Set([...outputs, ...topologicalOrder(outputs).flatMap((node) => node.inputs)]);
  const used = [...leaves.keys()].filter((k) => (k >= consts && k < consts + carries) || reached.has(at(leaves, k)));
  return {
    inputs: [...used.map((k) => at(inputs, k)), ...more.map(({ stack }) => stack)],
    loop: {
      ...loop,
      body: { inputs: [...used.map((k) => at(leaves, k)), ...more.map(({ leaf }) => leaf)], outputs },
      consts: used.filter((k) => k < consts).length,
    },
    outputs: body.outputs.map((v, k) => (kept.includes(k) ? kept.indexOf(k) : (stacked.get(v)?.() ?? v))),
  };
}
