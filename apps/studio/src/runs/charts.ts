import type { ChartSeries } from "../ui/chart-data.js";
import { formatBytes } from "../ui/format.js";
import { formatValue } from "../ui/chart-data.js";
import type { Curve, RunCurves } from "./curves.js";

/** A chart of the page: what is called the same in training and validation. */
export interface ChartKind {
  readonly name: string;
  readonly title: string;
  readonly format: (value: number) => string;
}

const known: Readonly<Record<string, Omit<ChartKind, "name">>> = {
  loss: { title: "Loss", format: formatValue },
  accuracy: { title: "Accuracy", format: (share) => `${Number((100 * share).toFixed(2))} %` },
  lr: { title: "Learning rate", format: formatValue },
  examplesPerSecond: { title: "Examples per second", format: formatValue },
  gradNorm: { title: "Gradient norm", format: formatValue },
  memoryBytes: { title: "Memory", format: formatBytes },
};

const kinds = ["train", "validation"] as const;

/** A run that is drawn. */
export interface DrawnRun {
  readonly id: string;
  readonly name: string;
  readonly colour: string;
}

/** The charts that these runs fill, in their order on the page. */
export function chartsOf(curves: ReadonlyMap<string, RunCurves>): ChartKind[] {
  const names = new Set([...curves.values()].flatMap((run) => [...run.curves.keys()].map(nameOf)));
  const order = Object.keys(known);
  const place = (name: string): number => (order.includes(name) ? order.indexOf(name) : order.length);
  return [...names].sort((a, b) => place(a) - place(b) || a.localeCompare(b)).map((name) => ({ name, title: name, format: formatValue, ...known[name] }));
}

function nameOf(tag: string): string {
  return tag.slice(tag.indexOf("/") + 1);
}

/** Which kinds of curves are smoothed. */
export interface SmoothedKinds {
  readonly train: boolean;
  readonly validation: boolean;
}

/** The curves of a chart. */
export function curvesOf(chart: string, runs: readonly DrawnRun[], curves: ReadonlyMap<string, RunCurves>): (Curve | undefined)[] {
  return runs.flatMap(({ id }) => kinds.map((kind) => curves.get(id)?.curves.get(`${kind}/${chart}`)));
}

/** The lines of a chart: of each run training and, dashed, validation; behind smoothed ones what they smooth. */
export function seriesOf(chart: string, runs: readonly DrawnRun[], curves: ReadonlyMap<string, RunCurves>, smoothed: SmoothedKinds): ChartSeries[] {
  const faint: ChartSeries[] = [];
  const lines: ChartSeries[] = [];
  for (const { id, name, colour } of runs) {
    for (const kind of kinds) {
      const curve = curves.get(id)?.curves.get(`${kind}/${chart}`);
      if (!curve) continue;
      const both = curves.get(id)?.curves.has(`${kind === "train" ? "validation" : "train"}/${chart}`) ?? false;
      const label = kind === "validation" ? `${name}, validation` : both ? `${name}, training` : name;
      const dashed = kind === "validation";
      const smooth = smoothed[kind];
      if (smooth) faint.push({ label, colour, dashed, x: curve.x, y: curve.y, faint: true });
      lines.push({ label, colour, dashed, x: curve.x, ...(smooth ? { y: curve.smooth, raw: curve.y } : { y: curve.y }) });
    }
  }
  return [...faint, ...lines];
}
