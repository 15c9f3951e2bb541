import { expect, test } from "vitest";
import { spread } from "./weights.js";

test("weights are counted in bins about 0", () => {
  const { counts, limit, std } = spread(Float32Array.of(-2, -2, 0, 2));
  expect([counts[0], counts[15], counts[30], counts.reduce((sum, count) => sum + count, 0)]).toEqual([2, 1, 1, 4]);
  expect(limit).toBe(2);
  // The mean is −0.5, the mean of the squares 3.
  expect(std).toBeCloseTo(Math.sqrt(2.75), 6);
});

test("weights that left all numbers behind are in no bin", () => {
  const some = spread(Float32Array.of(NaN, -Infinity, 1, Infinity));
  expect([some.counts[30], some.counts.reduce((sum, count) => sum + count, 0), some.limit, some.std]).toEqual([1, 1, 1, NaN]);
  const none = spread(Float32Array.of(NaN, NaN));
  expect([none.counts.every((count) => count === 0), none.limit, none.std]).toEqual([true, 1, NaN]);
});
