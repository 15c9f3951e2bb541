import { describe, expect, test } from "vitest";
import { compileGraph } from "../compile-graph.js";
import type { Target } from "../../src/compiler/target.js";
import { isFloat } from "../../src/core/dtype.js";
import { verifyGraph, verifyKernel } from "../../src/ir/verify.js";
import { allOps } from "../../src/ops/index.js";
import { derivatives, fusedProblem, gradientProblem, plainProblem } from "../conformance/problems.js";
import { allInfos } from "./all-infos.js";

/** Machines that none of the tests run on: vectors of other widths, few registers, small caches. */
const targets: readonly Target[] = [
  { name: "narrow", vectorBytes: 8, vectorRegisters: 8, l1Bytes: 4096, l2Bytes: 65536, float64: true, memoryBytes: 2 ** 32 },
  { name: "avx2", vectorBytes: 32, vectorRegisters: 16, l1Bytes: 32768, l2Bytes: 262144, float64: true, memoryBytes: 2 ** 40 },
];

describe("the table of operators", () => {
  test("has an entry for every record, and none without one", () => {
    expect(allInfos.map((info) => info.op).sort()).toEqual(allOps.map((op) => op.name).sort());
  });

  test.each(allInfos.map((info) => [info.op, info] as const))("shows %s with distinct samples, errors, and gradients where it has them", (name, info) => {
    const names = info.samples.map((s) => s.name);
    expect(new Set(names).size).toBe(names.length);
    const { vjp } = allOps.find((op) => op.name === name) ?? {};
    const samples = info.samples.filter((s) => s.operands.some((o) => isFloat(o.dtype)));
    expect(samples.some((s) => derivatives(s, new Map()) !== undefined)).toBe(vjp !== undefined);
  });

  test.each(allInfos.map((info) => [info.op, info] as const))("%s is a valid graph and lowers to valid kernels for other machines", (_, info) => {
    for (const make of [plainProblem, fusedProblem, gradientProblem]) {
      const { feeds, probes } = make(info);
      const graph = { inputs: [...feeds.keys()], outputs: probes.map((p) => p.value) };
      verifyGraph(graph);
      for (const target of targets) for (const kernel of compileGraph(graph, target).kernels) verifyKernel(kernel);
    }
  });
});
