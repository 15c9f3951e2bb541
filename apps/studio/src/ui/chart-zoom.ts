import type uPlot from "uplot";
import type { Range } from "./chart-data.js";

/** What of a chart's x axis is shown. */
export function shownRange(chart: uPlot): Range {
  const { min, max } = chart.scales["x"] ?? {};
  return { min: min ?? 0, max: max ?? 1 };
}

/** A range that is larger by a factor, in which `x` keeps its place. */
export function zoomed({ min, max }: Range, x: number, factor: number): Range {
  return { min: x + (min - x) * factor, max: x + (max - x) * factor };
}

/** A range that lies further on by a share of its length. */
export function moved({ min, max }: Range, share: number): Range {
  const way = share * (max - min);
  return { min: min + way, max: max + way };
}

/** What was selected by dragging; an axis along which it was not has none. */
export function selectedRanges(chart: uPlot): { readonly x: Range | undefined; readonly y: Range | undefined } {
  const { left, top, width, height } = chart.select;
  const { clientWidth, clientHeight } = chart.over;
  const isPart = (length: number, all: number): boolean => length > 4 && length < all - 1;
  return {
    x: isPart(width, clientWidth) ? { min: chart.posToVal(left, "x"), max: chart.posToVal(left + width, "x") } : undefined,
    y: isPart(height, clientHeight) ? { min: chart.posToVal(top + height, "y"), max: chart.posToVal(top, "y") } : undefined,
  };
}

/** Zooms at the pointer while the wheel turns with Alt held, so that without it the page scrolls. */
export function zoomByWheel(chart: uPlot, onRange: (range: Range) => void): void {
  chart.over.addEventListener(
    "wheel",
    (event) => {
      if (!event.altKey || event.deltaY === 0) return;
      event.preventDefault();
      onRange(zoomed(shownRange(chart), chart.posToVal(event.offsetX, "x"), event.deltaY > 0 ? 1.25 : 0.8));
    },
    { passive: false },
  );
}

/** Moves what is shown along with the pointer until its button is let go. */
export function moveByPointer(chart: uPlot, begun: MouseEvent, onRange: (range: Range) => void): void {
  const range = shownRange(chart);
  const ending = new AbortController();
  const onMove = ({ clientX }: MouseEvent): void => onRange(moved(range, (begun.clientX - clientX) / chart.over.clientWidth));
  document.addEventListener("mousemove", onMove, { signal: ending.signal });
  document.addEventListener("mouseup", () => ending.abort(), { signal: ending.signal });
}
