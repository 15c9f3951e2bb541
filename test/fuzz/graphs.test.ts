import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { sameShape } from "../../src/core/shape.js";
import type { Value } from "../../src/ir/graph.js";
import { printGraph } from "../../src/ir/print.js";
import { verifyGraph } from "../../src/ir/verify.js";
import { compiledDevices, reference } from "../conformance/devices.js";
import { runGraph } from "../conformance/run-graph.js";
import { choices, largeGraph, randomGradients, randomGraph } from "./random-graph.js";

/** Many programs at once: calling a C compiler for each would take minutes. */
const programs = fc.array(fc.tuple(choices, fc.nat(1000)), { minLength: 15, maxLength: 15 });

const variants = { values: randomGraph, gradients: randomGradients, "values over large shapes": largeGraph };
const cases = compiledDevices().flatMap((device) => Object.entries(variants).map(([variant, make]) => [variant, device.name, device, make] as const));

describe("random graphs", () => {
  test.each(cases)("have the %s on %s that they mean", async (_, __, backend, make) => {
    await fc.assert(
      fc.asyncProperty(programs, async (list) => {
        const graphs = list.map(([steps, seed]) => make(steps, seed));
        const outputs = graphs.flatMap((graph) => graph.outputs);
        const feeds = new Map(graphs.flatMap((graph) => [...graph.feeds]));
        const inputs = [...feeds.keys()];
        verifyGraph({ inputs, outputs });
        const expected = await runGraph(reference(), outputs, feeds);
        const got = await runGraph(backend, outputs, feeds, donations(inputs, outputs));
        outputs.forEach((output, i) => {
          const far = firstFar(got[i] ?? new Float64Array(), expected[i] ?? new Float64Array());
          expect(far, `[${output.shape.join(", ")}] of\n${printGraph({ inputs, outputs: [output] })}`).toBeUndefined();
        });
      }),
      { numRuns: 3, seed: 17, endOnFailure: true },
    );
  });
});

/** Gives each output the first input of its type that no other output has, as an optimizer's state is overwritten. */
function donations(inputs: readonly Value[], outputs: readonly Value[]): number[] {
  const taken = new Set<number>();
  return outputs.map((output) => {
    const wanted = inputs.findIndex((v, i) => !taken.has(i) && v.dtype === output.dtype && sameShape(v.shape, output.shape));
    taken.add(wanted);
    return wanted;
  });
}

/** The first element that is off by more than a few roundings of the largest value. */
function firstFar(got: Float64Array, expected: Float64Array): string | undefined {
  const largest = expected.reduce((most, v) => Math.max(most, Math.abs(v)), 1);
  for (const [i, e] of expected.entries()) {
    const g = got[i] ?? NaN;
    if (!(Math.abs(g - e) <= 2e-5 * largest)) return `element ${i} is ${g} instead of ${e}`;
  }
  return got.length === expected.length ? undefined : `${got.length} elements instead of ${expected.length}`;
}
