import { expect, test } from "vitest";
import { Smoothing } from "../../../../src/studio/smoothing.js";
import { summaryOf } from "./chart-table.js";
import { chartsOf, seriesOf } from "./charts.js";
import type { Curve, RunCurves } from "./curves.js";
import { toCsv, toJson } from "./export.js";

const curve = (...y: number[]): Curve => ({ x: y.map((_, i) => i + 1), y, smooth: y.map((value) => value / 2), smoothing: new Smoothing(0.5) });
const run = (curves: Readonly<Record<string, Curve>>): RunCurves => ({ bytes: 1, end: 1, seconds: 1, time: 1, added: 0, curves: new Map(Object.entries(curves)) });
const curves = new Map([
  ["a", run({ "train/loss": curve(4, 2), "validation/loss": curve(6), "train/gradNorm": curve(1, 1) })],
  ["b", run({ "train/zeta": curve(1), "train/loss": curve(8, 6) })],
]);
const runs = [
  { id: "a", name: "A", colour: "--series-1" },
  { id: "b", name: "B", colour: "--series-2" },
];

test("what is called the same is one chart, known ones first", () => {
  expect(chartsOf(curves).map(({ name, title }) => [name, title])).toEqual([["loss", "Loss"], ["gradNorm", "Gradient norm"], ["zeta", "zeta"]]);
});

test("lines say whose they are; smoothed ones lie over what they smooth", () => {
  const labels = (smoothed: { train: boolean; validation: boolean }): unknown[] => seriesOf("loss", runs, curves, smoothed).map(({ label, dashed, faint = false, y, raw }) => [label, dashed, faint, y, raw]);
  expect(labels({ train: false, validation: false })).toEqual([
    ["A, training", false, false, [4, 2], undefined],
    ["A, validation", true, false, [6], undefined],
    ["B", false, false, [8, 6], undefined],
  ]);
  expect(labels({ train: true, validation: false })).toEqual([
    ["A, training", false, true, [4, 2], undefined],
    ["B", false, true, [8, 6], undefined],
    ["A, training", false, false, [2, 1], [4, 2]],
    ["A, validation", true, false, [6], undefined],
    ["B", false, false, [4, 3], [8, 6]],
  ]);
  expect(labels({ train: true, validation: true })).toContainEqual(["A, validation", true, false, [3], [6]]);
});

test("a chart in numbers: over what is shown, without gaps", () => {
  const line = { x: [1, 2, 3, 4, 5], y: [9, 4, NaN, 6, 1] };
  expect(summaryOf(line, undefined)).toEqual({ first: 9, last: 1, low: { x: 5, y: 1 }, high: { x: 1, y: 9 }, mean: 5 });
  expect(summaryOf(line, { min: 1.5, max: 4 })).toEqual({ first: 4, last: 6, low: { x: 2, y: 4 }, high: { x: 4, y: 6 }, mean: 5 });
  expect(summaryOf(line, { min: 2.5, max: 3 })).toBeUndefined();
});

test("points are exported as RFC 4180 and JSON have them", () => {
  const exported = [{ run: 'a "1", x', curve: "train/loss", x: [1, 2], y: [0.5, null] }];
  expect(toCsv(exported, "step")).toBe('run,curve,step,value\r\n"a ""1"", x",train/loss,1,0.5\r\n"a ""1"", x",train/loss,2,\r\n');
  expect(JSON.parse(toJson(exported, "epoch"))).toEqual([{ run: 'a "1", x', curve: "train/loss", axis: "epoch", points: [[1, 0.5], [2, null]] }]);
});
