import { fetchCurves, type Axis } from "./api.js";
import type { DrawnRun } from "./charts.js";

/** All points of one curve. */
export interface ExportedCurve {
  readonly run: string;
  readonly curve: string;
  readonly x: readonly number[];
  readonly y: readonly (number | null)[];
}

/** Every point of a chart's curves, as the runs wrote them: neither thinned out nor smoothed. */
export async function fetchAllPoints(chart: string, runs: readonly DrawnRun[], axis: Axis): Promise<ExportedCurve[]> {
  const tags = [`train/${chart}`, `validation/${chart}`];
  const found = await Promise.all(
    runs.map(async ({ id, name }) => {
      const { curves } = await fetchCurves(id, { tags, axis, width: 0, smooth: 0 });
      return Object.entries(curves).map(([curve, { x, y }]) => ({ run: name, curve, x, y }));
    }),
  );
  return found.flat();
}

/** A line for each point (RFC 4180). */
export function toCsv(curves: readonly ExportedCurve[], axis: Axis): string {
  const lines = curves.flatMap(({ run, curve, x, y }) => x.map((at, i) => [quoted(run), quoted(curve), at, y[i] ?? ""].join(",")));
  return [`run,curve,${axis},value`, ...lines, ""].join("\r\n");
}

/** A list of curves with their points. */
export function toJson(curves: readonly ExportedCurve[], axis: Axis): string {
  return JSON.stringify(curves.map(({ run, curve, x, y }) => ({ run, curve, axis, points: x.map((at, i) => [at, y[i] ?? null]) })));
}

function quoted(text: string): string {
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
