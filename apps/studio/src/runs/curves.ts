import { parseMetricsLine } from "../../../../src/studio/metrics-line.js";
import { Smoothing } from "../../../../src/studio/smoothing.js";
import type { Range } from "../ui/chart-data.js";
import type { Axis, CurvesData, LiveEvents } from "./api.js";

/** How curves are drawn. */
export interface View {
  readonly axis: Axis;
  /** Weight of smoothing, from 0 to below 1. */
  readonly smooth: number;
  /** Only values above 0 have a place. */
  readonly logY: boolean;
  /** Pixels. */
  readonly width: number;
  /** What of the axis; all if undefined. */
  readonly range: Range | undefined;
}

/** Points of one curve; NaN for values that are no finite number. */
export interface Curve {
  readonly x: readonly number[];
  readonly y: readonly number[];
  readonly smooth: readonly number[];
  readonly smoothing: Smoothing;
}

/** What is here of a run. */
export interface RunCurves {
  readonly bytes: number;
  readonly end: number;
  /** Seconds of training at its end, and since 1970; NaN where it has not written the time of day. */
  readonly seconds: number;
  readonly time: number;
  /** Points that came since the curves were thinned out. */
  readonly added: number;
  readonly curves: ReadonlyMap<string, Curve>;
}

/** What the studio sent, for drawing. */
export function toRunCurves({ bytes, end, seconds, time, curves }: CurvesData, { smooth }: View): RunCurves {
  const numbers = (values: readonly (number | null)[]): number[] => values.map((value) => value ?? NaN);
  const entries = Object.entries(curves).map(([tag, curve]) => {
    return [tag, { x: curve.x, y: numbers(curve.y), smooth: numbers(curve.smooth), smoothing: new Smoothing(smooth, curve.smoothing) }] as const;
  });
  return { bytes, end, seconds, time: time ?? NaN, added: 0, curves: new Map(entries) };
}

/** A run's curves with lines that were appended to its file; what is here already is left out. Undefined where lines before them are missing. */
export function withLines(run: RunCurves, { from, to, text }: LiveEvents["lines"], { axis, smooth, range }: View): RunCurves | undefined {
  if (from > run.bytes) return undefined;
  if (to <= run.bytes) return run;
  const fresh = new TextDecoder().decode(new TextEncoder().encode(text).subarray(run.bytes - from));
  const grown = new Map<string, { x: number[]; y: number[]; smooth: number[]; smoothing: Smoothing }>();
  let { seconds, time, end, added } = run;
  for (const line of fresh.split("\n")) {
    const record = parseMetricsLine(line);
    if (!record || record.kind === "test") continue;
    if (record.kind === "train") ({ seconds, time } = record);
    const x = { ...record, seconds, time }[axis];
    if (Number.isNaN(x)) continue;
    end = Math.max(end, x);
    for (const [name, value] of Object.entries(record.values)) {
      const tag = `${record.kind}/${name}`;
      let curve = grown.get(tag);
      if (!curve) {
        const known = run.curves.get(tag);
        curve = { x: [...(known?.x ?? [])], y: [...(known?.y ?? [])], smooth: [...(known?.smooth ?? [])], smoothing: new Smoothing(smooth, known?.smoothing.state) };
        grown.set(tag, curve);
      }
      const smoothed = curve.smoothing.next(value);
      // What lies beyond the range is not drawn.
      if (range && x > range.max) continue;
      curve.x.push(x);
      curve.y.push(Number.isFinite(value) ? value : NaN);
      curve.smooth.push(Number.isFinite(smoothed) ? smoothed : NaN);
      added++;
    }
  }
  return { bytes: to, end, seconds, time, added, curves: new Map([...run.curves, ...grown]) };
}
