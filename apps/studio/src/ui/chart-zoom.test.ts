import { expect, test } from "vitest";
import type uPlot from "uplot";
import { moved, selectedRanges, zoomed } from "./chart-zoom.js";

/** A plot of 400 × 100 pixels over 0 to 800 and 0 to 1. */
const plot = (select: { left: number; top: number; width: number; height: number }): uPlot =>
  ({ select, over: { clientWidth: 400, clientHeight: 100 }, posToVal: (at: number, axis: string) => (axis === "x" ? 2 * at : 1 - at / 100) }) as unknown as uPlot;

test("a range is zoomed about a place, and moved", () => {
  expect(zoomed({ min: 0, max: 100 }, 25, 0.5)).toEqual({ min: 12.5, max: 62.5 });
  expect(zoomed({ min: 10, max: 20 }, 10, 2)).toEqual({ min: 10, max: 30 });
  expect(moved({ min: 10, max: 20 }, -0.5)).toEqual({ min: 5, max: 15 });
});

test("dragging selects along, across, or both; a click selects nothing", () => {
  expect(selectedRanges(plot({ left: 100, top: 0, width: 100, height: 100 }))).toEqual({ x: { min: 200, max: 400 }, y: undefined });
  expect(selectedRanges(plot({ left: 0, top: 20, width: 400, height: 30 }))).toEqual({ x: undefined, y: { min: 0.5, max: 0.8 } });
  expect(selectedRanges(plot({ left: 0, top: 0, width: 50, height: 50 }))).toEqual({ x: { min: 0, max: 100 }, y: { min: 0.5, max: 1 } });
  expect(selectedRanges(plot({ left: 7, top: 0, width: 2, height: 100 }))).toEqual({ x: undefined, y: undefined });
});
