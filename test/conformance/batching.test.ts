import { expect, test } from "vitest";
import { isFloat } from "../../src/core/dtype.js";
import { maxRank, sizeOf } from "../../src/core/shape.js";
import { input, topologicalOrder, type Value } from "../../src/ir/graph.js";
import { allOps, recordBatched, repeated } from "../../src/ops/index.js";
import type { Backend } from "../../src/runtime/backend.js";
import { allInfos } from "../opinfo/all-infos.js";
import type { Operand, OpInfo, Sample } from "../opinfo/sample.js";
import { difference } from "./compare.js";
import { compiledDevices, reference } from "./devices.js";
import { runGraph } from "./run-graph.js";

const examples = 2;
/** Samples of more elements only take long. */
const mostElements = 3000;

/** Example i of an operand: the numbers in turn, so that there are other ones at each place but only such as suit the sample. */
function exampleOf({ values, shape }: Operand, i: number): Float64Array {
  const last = shape.at(-1) ?? 1;
  return values.map((_, k) => values[k - (k % last) + ((k + i) % last)] ?? 0);
}

interface Case {
  readonly name: string;
  readonly feeds: Map<Value, Float64Array>;
  readonly batched: readonly Value[];
  /** The outputs of each example. */
  readonly single: readonly (readonly Value[])[];
}

/** A sample for all examples at once and one by one, the operands that `isBatched` says being different in each. */
function caseOf(info: OpInfo, s: Sample, isBatched: readonly boolean[]): Case | undefined {
  const feeds = new Map<Value, Float64Array>();
  const known = new Map<Value, Value>();
  const leaves = s.operands.map((operand, k) => {
    const leaf = input(operand);
    if (isBatched[k] !== true) feeds.set(leaf, operand.values);
    else {
      const all = input({ shape: [examples, ...operand.shape], dtype: operand.dtype });
      feeds.set(all, Float64Array.from(Array.from({ length: examples }, (_, i) => [...exampleOf(operand, i)]).flat()));
      known.set(leaf, all);
    }
    return leaf;
  });
  const built = s.build(leaves);
  const outputs = "node" in built ? [built] : built;
  const nodes = topologicalOrder(outputs);
  if (nodes.some((node) => node.outputs.some((v) => v.shape.length >= maxRank || sizeOf(v.shape) > mostElements))) return undefined;
  recordBatched(outputs, known, examples);
  const batched = outputs.map((v) => known.get(v) ?? repeated(v, examples));
  const single = Array.from({ length: examples }, (_, i) => {
    const own = s.operands.map((operand, k) => {
      const leaf = isBatched[k] === true ? input(operand) : leaves[k] ?? input(operand);
      if (isBatched[k] === true) feeds.set(leaf, exampleOf(operand, i));
      return leaf;
    });
    const one = s.build(own);
    return "node" in one ? [one] : one;
  });
  return { name: `${info.op}: ${s.name}, ${isBatched.map(Number).join("")}`, feeds, batched, single };
}

/** Which operands differ: all, and for operators of several kinds of operands each choice of them. */
function choices(operands: number): boolean[][] {
  if (operands > 4) return [Array.from({ length: operands }, () => true), Array.from({ length: operands }, (_, k) => k === 0), Array.from({ length: operands }, (_, k) => k === operands - 1)];
  return Array.from({ length: 2 ** operands - 1 }, (_, bits) => Array.from({ length: operands }, (_v, k) => ((bits + 1) >> k) % 2 === 1));
}

/** Elementwise operators have the same rule whatever the numbers: few of their samples do. */
function samplesOf(info: OpInfo): readonly Sample[] {
  const float = info.samples.filter((s) => s.operands.every((o) => o.dtype !== "float16" && o.dtype !== "bfloat16"));
  const alike = allOps.find((op) => op.name === info.op)?.lower;
  const isElementwise = alike?.kind === "map" && float.length > 20 && !["broadcast", "reshape", "transpose", "slice", "pad", "concat"].includes(info.op);
  return isElementwise ? float.slice(0, 6) : float;
}

const cases = allInfos.flatMap((info) => samplesOf(info).flatMap((s) => choices(s.operands.length).flatMap((isBatched) => caseOf(info, s, isBatched) ?? [])));

async function complaints(backend: Backend, chosen: readonly Case[]): Promise<string[]> {
  const feeds = new Map(chosen.flatMap((c) => [...c.feeds]));
  const batched = chosen.flatMap((c) => c.batched);
  const expected = chosen.flatMap((c) => c.single.flat());
  const results = await runGraph(backend, batched, feeds);
  const wanted = await runGraph(reference(), expected, feeds);
  let [next, nextWanted] = [0, 0];
  return chosen.flatMap((c) => {
    const first = nextWanted;
    nextWanted += c.single.length * c.batched.length;
    return c.batched.flatMap((value, k) => {
      const all = Float64Array.from(c.single.flatMap((_, i) => [...(wanted[first + i * c.batched.length + k] ?? [])]));
      const accuracy = isFloat(value.dtype) ? "gradient" : "exact";
      const complaint = difference({ name: c.name, value, accuracy }, results[next++] ?? new Float64Array(), all, undefined);
      return complaint === undefined ? [] : [complaint];
    });
  });
}

test("every operator with operands has a batching rule", () => {
  for (const op of allOps) expect(op.batch !== undefined || op.name === "constant" || op.name === "iota", op.name).toBe(true);
  const covered = new Set(cases.map((c) => c.name.slice(0, c.name.indexOf(":"))));
  expect(allOps.filter((op) => op.batch && !covered.has(op.name)).map((op) => op.name)).toEqual([]);
});

test("all examples at once have the results of one after the other", async () => {
  expect(cases.length).toBeGreaterThan(1000);
  expect(await complaints(reference(), cases)).toEqual([]);
});

/** Operators whose rules do more than add an axis. */
const special = ["pad", "dynamic-slice", "dynamic-update-slice", "gather", "scatter", "dot", "conv", "scan", "random-bits", "checkpoint", "custom-vjp"];

test.each(compiledDevices().map((device) => [device.name, device] as const))("some rules on %s", async (_, device) => {
  const chosen = special.map((name) => {
    const own = cases.filter((c) => c.name.startsWith(`${name}:`) && [...c.feeds.keys()].every((v) => v.dtype !== "float64"));
    return own.filter((_c, i) => i % Math.ceil(own.length / 4) === 0);
  });
  expect(chosen.filter((list) => list.length === 0)).toEqual([]);
  expect(await complaints(device, chosen.flat())).toEqual([]);
});
