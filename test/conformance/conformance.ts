import { describe, expect, test } from "vitest";
import type { Backend } from "../../src/runtime/backend.js";
import type { Value } from "../../src/ir/graph.js";
import type { OpInfo } from "../opinfo/sample.js";
import { difference } from "./compare.js";
import { checkDerivatives } from "./differences.js";
import { compiledDevices, hasSubnormals, reference } from "./devices.js";
import { fusedProblem, gradientProblem, plainProblem, type Problem } from "./problems.js";
import { runGraph } from "./run-graph.js";

const variants = { alone: plainProblem, "between neighbours": fusedProblem, gradients: gradientProblem };

/** Registers the whole suite for some operators: values, fusion, gradients, second order and errors. */
export function conformance(infos: readonly OpInfo[]): void {
  describe.each(infos.map((info) => [info.op, info] as const))("%s", (_, info) => {
    for (const [variant, make] of Object.entries(variants)) {
      const answer = lazy(async () => {
        const problem = make(info);
        return { problem, expected: await answers(problem) };
      });
      const normalAnswer = lazy(async () => {
        const { problem, expected } = await answer();
        const normal = withoutSubnormals(problem);
        return normal === problem ? { problem, expected } : { problem: normal, expected: await answers(normal) };
      });
      for (const backend of compiledDevices()) {
        test(`${variant} on ${backend.name}`, async () => {
          const { problem, expected } = await (hasSubnormals(backend) ? answer() : normalAnswer());
          expect(await complaints(backend, problem, expected)).toEqual([]);
        });
      }
    }
    test("gradients against central differences", async () => {
      expect(await checkDerivatives(info)).toEqual([]);
    });
    test.each(info.errors.map((e) => [e.name, e] as const))("refuses %s", (_name, { run, error }) => {
      expect(run).toThrow(error);
      expect(run).toThrow(`[${info.op}]`);
    });
  });
}

/** The same with subnormal numbers made normal. */
function withoutSubnormals(problem: Problem): Problem {
  const feeds = new Map([...problem.feeds].map(([v, data]) => [v, v.dtype === "float32" ? data.map(normal) : data]));
  const changed = [...problem.feeds].some(([v, data]) => data.some((x, i) => !Object.is(x, feeds.get(v)?.[i])));
  return changed ? { ...problem, feeds } : problem;
}

function normal(x: number): number {
  const least = 2 ** -126;
  return x !== 0 && Math.abs(x) < least ? Math.sign(x) * least : x;
}

function lazy<T>(make: () => Promise<T>): () => Promise<T> {
  let made: Promise<T> | undefined;
  return () => (made ??= make());
}

interface Answers {
  readonly values: ReadonlyMap<Value, Float64Array>;
  readonly magnitudes: ReadonlyMap<Value, Float64Array>;
}

/** The reference's results, and for sums those of all terms' magnitudes. */
async function answers({ probes, feeds }: Problem): Promise<Answers> {
  const outputs = probes.map((p) => p.value);
  const sums = probes.filter((p) => p.accuracy === "sum").map((p) => p.value);
  const values = outputs.length > 0 ? await runGraph(reference(), outputs, feeds) : [];
  const magnitudes = sums.length > 0 ? await runGraph(reference(), sums, new Map([...feeds].map(([v, data]) => [v, data.map(Math.abs)]))) : [];
  return {
    values: new Map(outputs.map((v, i) => [v, values[i] ?? new Float64Array()])),
    magnitudes: new Map(sums.map((v, i) => [v, magnitudes[i] ?? new Float64Array()])),
  };
}

async function complaints(backend: Backend, { probes, feeds }: Problem, expected: Answers): Promise<string[]> {
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
