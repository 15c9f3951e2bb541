import type { Value } from "../../src/ir/graph.js";
import type { Backend } from "../../src/runtime/backend.js";
import { difference } from "./compare.js";
import type { Problem } from "./problems.js";
import { runGraph } from "./run-graph.js";

/** The same with subnormal numbers made normal. */
export function withoutSubnormals(problem: Problem): Problem {
  const feeds = new Map([...problem.feeds].map(([v, data]) => [v, v.dtype === "float32" ? data.map(normal) : data]));
  const changed = [...problem.feeds].some(([v, data]) => data.some((x, i) => !Object.is(x, feeds.get(v)?.[i])));
  return changed ? { ...problem, feeds } : problem;
}

function normal(x: number): number {
  const least = 2 ** -126;
  return x !== 0 && Math.abs(x) < least ? Math.sign(x) * least : x;
}

export interface Answers {
  readonly values: ReadonlyMap<Value, Float64Array>;
  readonly magnitudes: ReadonlyMap<Value, Float64Array>;
}

/** The results of the reference, and for sums those of all terms' magnitudes. */
export async function answers(reference: Backend, { probes, feeds }: Problem): Promise<Answers> {
  const outputs = probes.map((p) => p.value);
  const sums = probes.filter((p) => p.accuracy === "sum").map((p) => p.value);
  const values = outputs.length > 0 ? await runGraph(reference, outputs, feeds) : [];
  const magnitudes = sums.length > 0 ? await runGraph(reference, sums, new Map([...feeds].map(([v, data]) => [v, data.map(Math.abs)]))) : [];
  return {
    values: new Map(outputs.map((v, i) => [v, values[i] ?? new Float64Array()])),
    magnitudes: new Map(sums.map((v, i) => [v, magnitudes[i] ?? new Float64Array()])),
  };
}

/** Where a device differs from the reference by more than it may, of what it computes at all. */
export async function complaints(backend: Backend, { probes, feeds }: Problem, expected: Answers): Promise<string[]> {
  const runnable = probes.filter(({ value }) => isSupported(backend, value, new Set()));
  if (runnable.length === 0) return [];
  const got = await runGraph(backend, runnable.map((p) => p.value), new Map([...feeds].filter(([v]) => backend.supports(v.dtype))));
  return runnable.flatMap((probe, i) => {
    const complaint = difference(probe, got[i] ?? new Float64Array(), expected.values.get(probe.value) ?? new Float64Array(), expected.magnitudes.get(probe.value));
    return complaint === undefined ? [] : [complaint];
  });
}

/** Whether every value that this one is computed from has a dtype that the device computes. */
function isSupported(backend: Backend, value: Value, seen: Set<Value>): boolean {
  if (seen.has(value)) return true;
  seen.add(value);
  return backend.supports(value.dtype) && value.node.inputs.every((v) => isSupported(backend, v, seen));
}
