import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { planMemory } from "../../src/compiler/plan-memory.js";

const lifetime = fc
  .record({ bytes: fc.oneof(fc.nat(300), fc.nat(1 << 20)), from: fc.nat(20), length: fc.nat(10) })
  .map(({ bytes, from, length }) => ({ bytes, from, to: from + length }));

describe("memory plan", () => {
  test("regions that live at the same time never overlap, and all lie aligned within the arena", () => {
    fc.assert(
      fc.property(fc.array(lifetime, { maxLength: 30 }), (lifetimes) => {
        const { offsets, bytes } = planMemory(lifetimes);
        expect(offsets.length).toBe(lifetimes.length);
        const regions = lifetimes.map((life, i) => ({ ...life, begin: offsets[i] ?? NaN, end: (offsets[i] ?? NaN) + life.bytes }));
        for (const [i, a] of regions.entries()) {
          expect(a.begin % 64).toBe(0);
          expect(a.begin).toBeGreaterThanOrEqual(0);
          expect(a.end).toBeLessThanOrEqual(bytes);
          for (const b of regions.slice(i + 1)) {
            const together = a.from <= b.to && b.from <= a.to;
            const disjoint = a.end <= b.begin || b.end <= a.begin || a.bytes === 0 || b.bytes === 0;
            expect(!together || disjoint).toBe(true);
          }
        }
      }),
      { numRuns: 1000, seed: 11 },
    );
  });

  test("a chain of steps needs no more than its two largest neighbours", () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 1, max: 100 }), { minLength: 2, maxLength: 20 }), (kilobytes) => {
        const lifetimes = kilobytes.map((k, i) => ({ bytes: k * 1024, from: i, to: i + 1 }));
        const peak = Math.max(...kilobytes.slice(1).map((k, i) => k + (kilobytes[i] ?? 0))) * 1024;
        expect(planMemory(lifetimes).bytes).toBeLessThanOrEqual(2 * peak);
      }),
      { numRuns: 300, seed: 11 },
    );
  });
});
