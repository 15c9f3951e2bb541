import { expect, test } from "vitest";
import { readingsAt, type ReadingOrder } from "./chart-readings.js";

const line = (label: string, y: number) => ({ label, colour: "--series-1", x: [1, 2], y: [NaN, y] });
const series = [line("gap", NaN), line("tenth", 0.1), line("three", 3), line("one", 1.4), line("zero", 0)];
const read = (order: ReadingOrder, logY: boolean): string[] => readingsAt(series, { x: 2, y: 1 }, order, logY).map(({ series: { label } }) => label);

test("values under the pointer are ordered as they look, and gaps come last", () => {
  expect(read("given", false)).toEqual(["gap", "tenth", "three", "one", "zero"]);
  expect(read("highest", false)).toEqual(["three", "one", "tenth", "zero", "gap"]);
  expect(read("lowest", true)).toEqual(["zero", "tenth", "one", "three", "gap"]);
  expect(read("nearest", false)).toEqual(["one", "tenth", "zero", "three", "gap"]);
  // A third of a power of ten is nearer than one, and 0 is infinitely far.
  expect(read("nearest", true).slice(0, 3)).toEqual(["one", "three", "tenth"]);
});
