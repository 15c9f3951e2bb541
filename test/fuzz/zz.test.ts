import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { printGraph } from "../../src/ir/print.js";
import { verifyGraph } from "../../src/ir/verify.js";
import { compiledDevices, reference } from "../conformance/devices.js";
import { runGraph } from "../conformance/run-graph.js";
import { choices, randomGraph } from "./random-graph.js";

/** Many programs at once: calling a C compiler for each would take minutes. */
const programs = fc.array(fc.tuple(choices, fc.nat(1000)), { minLength: 15, maxLength: 15 });

describe("random graphs", () => {
  test.each(compiledDevices().map((d) => [d.name, d] as const))("give on %s what they mean", async (_, backend) => {
    await fc.assert(
      fc.asyncProperty(programs, async (list) => {
        const graphs = list.map(([steps, seed]) => randomGraph(steps, seed));
        const outputs = graphs.flatMap((graph) => graph.outputs);
        const feeds = new Map(graphs.flatMap((graph) => [...graph.feeds]));
        const inputs = [...feeds.keys()];
        verifyGraph({ inputs, outputs });
        const expected = await runGraph(reference(), outputs, feeds);
        const got = await runGraph(backend, outputs, feeds);
        outputs.forEach((output, i) => {
          const far = firstFar(got[i] ?? new Float64Array(), expected[i] ?? new Float64Array());
          expect(far, `[${output.shape.join(", ")}] of\n${printGraph({ inputs, outputs: [output] })}`).toBeUndefined();
        });
      }),
      { numRuns: 60, seed: 3, endOnFailure: true },
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
