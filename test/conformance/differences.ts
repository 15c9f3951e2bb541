import type { Value } from "../../src/ir/graph.js";
import { isFloat } from "../../src/core/dtype.js";
import { Numbers, type OpInfo, type Sample } from "../opinfo/sample.js";
import { reference } from "./devices.js";
import { derivatives, inner, type Derivatives } from "./problems.js";
import { runGraph } from "./run-graph.js";

const epsilon = 1e-6;

/** The sample in float64, where differences keep enough digits. */
function inFloat64(s: Sample): Sample {
  return { ...s, operands: s.operands.map((o) => (isFloat(o.dtype) ? { ...o, dtype: "float64" } : o)) };
}

/**
 * Compares derivatives on the reference with central differences along one random direction: the first order with
 * Σ w·(f(x + εd) − f(x − εd)) / 2ε, the second with the same of the gradient. Gives what does not agree.
 */
export async function checkDerivatives(info: OpInfo): Promise<string[]> {
  const feeds = new Map<Value, Float64Array>();
  const checks: { name: string; d: Derivatives }[] = [];
  for (const s of info.samples) {
    if (!s.smooth || s.operands.some((o) => isFloat(o.dtype) && o.dtype !== "float32")) continue;
    const d = derivatives(inFloat64(s), feeds);
    if (d) checks.push({ name: s.name, d });
  }
  if (checks.length === 0) return [];
  const random = new Numbers(9);
  const directions = new Map<Value, Float64Array>();
  for (const { d } of checks) for (const v of d.leaves) directions.set(v, random.uniform(v.shape, -1, 1, "float64").values);
  const moved = (by: number): Map<Value, Float64Array> =>
    new Map([...feeds].map(([v, data]) => [v, data.map((x, i) => x + by * (directions.get(v)?.[i] ?? 0))]));

  const wanted = [...new Set(checks.flatMap(({ d }) => [...d.outputs, ...[...d.first, ...d.second].filter((v) => v !== undefined)]))];
  const [here, ahead, behind] = await Promise.all(
    [0, epsilon, -epsilon].map(async (by) => {
      const results = await runGraph(reference(), wanted, moved(by));
      return new Map(wanted.map((v, i) => [v, results[i] ?? new Float64Array()]));
    }),
  );
  const slope = (v: Value, weights: Float64Array): number => {
    const [a, b] = [ahead?.get(v) ?? new Float64Array(), behind?.get(v) ?? new Float64Array()];
    return (inner(a, weights) - inner(b, weights)) / (2 * epsilon);
  };
  const along = (gradients: readonly (Value | undefined)[], leaves: readonly Value[]): number =>
    gradients.reduce((sum, g, i) => {
      const leaf = leaves[i];
      return g && leaf ? sum + inner(here?.get(g) ?? [], directions.get(leaf) ?? []) : sum;
    }, 0);

  return checks.flatMap(({ name, d }) => {
    const weightOf = (v: Value | undefined): Float64Array => (v && feeds.get(v)) ?? new Float64Array();
    const first = d.outputs.reduce((sum, v, i) => sum + slope(v, weightOf(d.cotangents[i])), 0);
    const second = [...d.firstCotangents].reduce((sum, [v, weight]) => sum + slope(v, weightOf(weight)), 0);
    const problems: string[] = [];
    const compare = (order: string, derivative: number, difference: number): void => {
      if (Math.abs(derivative - difference) <= 1e-6 * Math.max(1, Math.abs(difference))) return;
      problems.push(`${name}: ${order} derivative ${derivative}, by differences ${difference}`);
    };
    compare("first", along(d.first, d.leaves), first);
    if (d.second.length > 0) compare("second", along(d.second, d.leaves), second);
    return problems;
  });
}
