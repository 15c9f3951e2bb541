import { expect, test } from "vitest";
import { ArgumentError } from "../core/errors.js";
import { learningRate, schedules } from "./schedule.js";

const steps = 1000;
const curve = (name: keyof typeof schedules) =>
  Array.from({ length: steps }, (_, step) => learningRate(name, 0.5, step, steps));

test("a constant rate stays the peak", () => {
  expect(new Set(curve("constant"))).toEqual(new Set([0.5]));
});

test("cosine falls from the peak to almost nothing, half of it at half time", () => {
  const rates = curve("cosine");
  expect(rates[0]).toBe(0.5);
  expect(rates[500]).toBeCloseTo(0.25, 12);
  expect(rates[250]).toBeCloseTo(0.25 * (1 + Math.SQRT1_2), 12);
  expect(rates.at(-1)).toBeLessThan(1e-5);
});

test("one-cycle rises from a 25th to the peak in the first quarter, then falls", () => {
  const rates = curve("one-cycle");
  expect(rates[0]).toBeCloseTo(0.5 / 25, 12);
  expect(rates.indexOf(Math.max(...rates))).toBe(250);
  expect(rates[125]).toBeCloseTo((0.5 + 0.5 / 25) / 2, 12);
  expect(rates[625]).toBeCloseTo(0.25, 12);
  expect(rates.every((rate) => rate > 0)).toBe(true);
});

test("refuses a step outside of the run", () => {
  expect(() => learningRate("cosine", 1, 10, 10)).toThrow(ArgumentError);
  expect(() => learningRate("cosine", 1, -1, 10)).toThrow(ArgumentError);
});
