import { expect, test } from "vitest";
import { alignSeries, formatValue, nearestPoint, usualExtent, valueRange } from "./chart-data.js";
import { chartSvg, ticks } from "./chart-svg.js";

test("lines over different places become one table with holes and gaps", () => {
  const a = { x: [1, 3], y: [10, NaN] };
  const b = { x: [2, 3], y: [-1, 20] };
  expect(alignSeries([a, b])).toEqual([[1, 2, 3], [10, undefined, null], [undefined, -1, 20]]);
  expect(alignSeries([a, b], true)).toEqual([[1, 2, 3], [10, undefined, null], [undefined, null, 20]]);
  expect(alignSeries([])).toEqual([[]]);
});

test("the nearest point is found by halves", () => {
  const x = [0, 1, 4, 9];
  expect([-5, 0.4, 0.6, 2.4, 2.6, 100].map((wanted) => nearestPoint(x, wanted))).toEqual([0, 0, 1, 1, 2, 3]);
  expect([nearestPoint([], 1), nearestPoint([7], 1)]).toEqual([-1, 0]);
});

test("outliers are the outer twentieths", () => {
  const values = [...Array.from({ length: 101 }, (_, i) => i), NaN, Infinity];
  expect([usualExtent(values), usualExtent([NaN]), usualExtent([3])]).toEqual([[5, 95], undefined, [3, 3]]);
});

test("what a logarithmic axis cannot show is not a range of it", () => {
  const ranges = [{ min: 0.5, max: 2 }, { min: 0, max: 2 }, { min: -1, max: 2 }, { min: NaN, max: 2 }];
  expect(ranges.map((range) => valueRange(range, true))).toEqual([{ min: 0.5, max: 2 }, undefined, undefined, undefined]);
  expect([valueRange({ min: -1, max: 2 }, false), valueRange(undefined, false)]).toEqual([{ min: -1, max: 2 }, undefined]);
});

test("numbers have few digits, ticks are round", () => {
  expect([0, 12_345.6, 0.041234, 1.2e-7, -3e9, NaN].map(formatValue)).toEqual(["0", "12,346", "0.04123", "1.20e-7", "-3.00e+9", "–"]);
  expect(ticks(0, 1)).toEqual([0, 0.2, 0.4, 0.6, 0.8, 1]);
  expect(ticks(-3, 17)).toEqual([0, 5, 10, 15]);
});

test("a picture of a chart escapes names, and draws what is in the range", () => {
  const series = [{ label: 'a<b> & "c"', colour: "--series-1", x: [1, 2, 3, 4], y: [1, 2, NaN, 100] }];
  const svg = chartSvg({ title: "Loss", xLabel: "Step", series, range: { min: 1, max: 3 }, formatTick: (value, before) => `${value} after ${before}`, colourOf: () => "#123456" });
  expect(svg).toContain("a&lt;b&gt; &amp; &quot;c&quot;");
  expect(svg).toContain(">1.2 after 1<");
  // Two points from one corner of the plot to the other.
  expect(/<path d="([^"]+)"/.exec(svg)?.[1]).toBe("M76 368L784 44");
});
