import { nearestPoint, type ChartSeries } from "./chart-data.js";

/** In which order values are read. */
export type ReadingOrder = "given" | "highest" | "lowest" | "nearest";

/** A value that is read under the pointer. */
export interface Reading {
  readonly series: ChartSeries;
  readonly x: number;
  readonly y: number;
  /** Before it was smoothed. */
  readonly raw: number | undefined;
}

/** What is read of each line at a place, in that order; a gap comes last. On a logarithmic axis values are as near as they look. */
export function readingsAt(series: readonly ChartSeries[], { x, y }: { readonly x: number; readonly y: number }, order: ReadingOrder = "given", logY = false): Reading[] {
  const found: Reading[] = [];
  for (const line of series) {
    if (line.faint) continue;
    const at = nearestPoint(line.x, x);
    if (at >= 0) found.push({ series: line, x: line.x[at] ?? NaN, y: line.y[at] ?? NaN, raw: line.raw?.[at] });
  }
  const rank: Readonly<Record<ReadingOrder, (value: number) => number>> = {
    given: () => 0,
    highest: (value) => -value,
    lowest: (value) => value,
    nearest: (value) => Math.abs(logY ? Math.log(value / y) : value - y),
  };
  const rankOf = ({ y: value }: Reading): number => {
    const known = rank[order](value);
    return Number.isFinite(known) ? known : Number.MAX_VALUE;
  };
  return found.sort((a, b) => rankOf(a) - rankOf(b));
}

/** The x that is read: that of the nearest point of all lines. */
export function nearestX(readings: readonly Reading[], x: number): number {
  return readings.reduce((nearest, reading) => (Math.abs(reading.x - x) < Math.abs(nearest - x) ? reading.x : nearest), readings[0]?.x ?? x);
}
