import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { printGraph } from "../../src/ir/print.js";
import { verifyGraph } from "../../src/ir/verify.js";
import { compiledDevices, reference } from "../conformance/devices.js";
import { runGraph } from "../conformance/run-graph.js";
import { choices, randomGraph } from "./random-graph.js";

describe("random graphs", () => {
  test.each(compiledDevices().map((d) => [d.name, d] as const))("give on %s what they mean", async (_, backend) => {
    await fc.assert(
      fc.asyncProperty(choices, fc.nat(1000), async (list, seed) => {
        const { feeds, outputs } = randomGraph(list, seed);
        if (outputs.length === 0) return;
        const graph = { inputs: [...feeds.keys()], outputs };
        verifyGraph(graph);
        const expected = await runGraph(reference(), outputs, feeds);
        const got = await runGraph(backend, outputs, feeds);
        outputs.forEach((output, i) => {
          const far = firstFar(got[i] ?? new Float64Array(), expected[i] ?? new Float64Array());
          expect(far, `output ${i} [${output.shape.join(", ")}] of\n${printGraph(graph)}`).toBeUndefined();
        });
      }),
      { numRuns: 60, seed: 17, endOnFailure: false },
    );
  });
});

/** The first element that is off by more than a few roundings of values around 1. */
function firstFar(got: Float64Array, expected: Float64Array): string | undefined {
  for (const [i, e] of expected.entries()) {
    const g = got[i] ?? NaN;
    if (!(Math.abs(g - e) <= 2e-5 * Math.max(1, Math.abs(e)))) return `element ${i} is ${g} instead of ${e}`;
  }
  return got.length === expected.length ? undefined : `${got.length} elements instead of ${expected.length}`;
}
