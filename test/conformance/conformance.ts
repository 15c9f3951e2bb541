import { describe, expect, test } from "vitest";
import type { OpInfo } from "../opinfo/sample.js";
import { answers, complaints, withoutSubnormals } from "./complaints.js";
import { checkDerivatives } from "./differences.js";
import { compiledDevices, hasSubnormals, reference } from "./devices.js";
import { fusedProblem, gradientProblem, plainProblem } from "./problems.js";

const variants = { alone: plainProblem, "between neighbours": fusedProblem, gradients: gradientProblem };

/** Registers the whole suite for some operators: values, fusion, gradients, second order and errors. */
export function conformance(infos: readonly OpInfo[]): void {
  describe.each(infos.map((info) => [info.op, info] as const))("%s", (_, info) => {
    for (const [variant, make] of Object.entries(variants)) {
      const answer = lazy(async () => {
        const problem = make(info);
        return { problem, expected: await answers(reference(), problem) };
      });
      const normalAnswer = lazy(async () => {
        const { problem, expected } = await answer();
        const normal = withoutSubnormals(problem);
        return normal === problem ? { problem, expected } : { problem: normal, expected: await answers(reference(), normal) };
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

function lazy<T>(make: () => Promise<T>): () => Promise<T> {
  let made: Promise<T> | undefined;
  return () => (made ??= make());
}
