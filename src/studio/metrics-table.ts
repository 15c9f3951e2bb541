import { decimate, lowerBound } from "./decimate.js";
import { parseMetricsLine, type MetricsRecord } from "./metrics-line.js";
import type { Axis, CurveData, ScoreValues, SmoothingState } from "./protocol.js";
import { Smoothing } from "./smoothing.js";

/** Numbers that are appended to. */
class GrowingColumn {
  #values = new Float64Array(64);
  #length = 0;

  get values(): Float64Array {
    return this.#values.subarray(0, this.#length);
  }

  get last(): number | undefined {
    return this.values.at(-1);
  }

  /** Puts a value at a place behind all others; what is left out is NaN. */
  set(place: number, value: number): void {
    if (place >= this.#values.length) {
      const larger = new Float64Array(Math.max(2 * this.#values.length, place + 1));
      larger.set(this.values);
      this.#values = larger;
    }
    this.#values.fill(NaN, this.#length, place);
    this.#values[place] = value;
    this.#length = place + 1;
  }
}

/** Lines of one kind. */
interface Rows {
  count: number;
  readonly axes: Readonly<Record<Axis, GrowingColumn>>;
  readonly columns: Map<string, GrowingColumn>;
}

export interface CurveRequest {
  readonly axis: Axis;
  /** What of the axis is drawn; all where it is left out. */
  readonly from?: number | undefined;
  readonly to?: number | undefined;
  /** Columns of pixels; with 0, all points are given. */
  readonly width: number;
  /** Weight of smoothing, from 0 to below 1. */
  readonly smooth: number;
  /** Only values above 0 are drawn. */
  readonly logY?: boolean | undefined;
}

interface SmoothedCurve {
  readonly weight: number;
  readonly smoothed: Float64Array;
  readonly state: SmoothingState;
}

const kinds = ["train", "validation"] as const;

/** The numbers of a run's metrics.jsonl, by column. */
export class MetricsTable {
  readonly #rows: Readonly<Record<(typeof kinds)[number], Rows>> = { train: emptyRows(), validation: emptyRows() };
  readonly #best = new Map<string, number>();
  readonly #smoothed = new Map<string, SmoothedCurve>();
  #test: ScoreValues | null = null;

  /** Takes in lines of the file; lines that are no records of a run are passed over. */
  append(text: string): void {
    for (const line of text.split("\n")) {
      const record = parseMetricsLine(line);
      if (record) this.#add(record);
    }
  }

  get test(): ScoreValues | null {
    return this.#test;
  }

  /** The last values of a kind of lines by name, with those of the axes. */
  last(kind: (typeof kinds)[number]): Readonly<Record<string, number>> | null {
    const { count, axes, columns } = this.#rows[kind];
    if (count === 0) return null;
    const entries = [...Object.entries(axes), ...columns].map(([name, column]) => [name, column.values[count - 1] ?? NaN] as const);
    return Object.fromEntries(entries.filter(([, value]) => Number.isFinite(value)));
  }

  /** Of each validation score the best: the highest, of losses and errors the lowest. */
  get best(): ScoreValues | null {
    return this.#best.size === 0 ? null : Object.fromEntries(this.#best);
  }

  /** Names of the curves, such as `train/loss`. */
  get tags(): string[] {
    return kinds.flatMap((kind) => [...this.#rows[kind].columns.keys()].map((name) => `${kind}/${name}`));
  }

  /** The last value of an axis. */
  end(axis: Axis): number {
    return Math.max(0, ...kinds.map((kind) => this.#rows[kind].axes[axis].last || 0));
  }

  /** A curve, thinned out; undefined where the run has none of that name. The points on both sides of the range are with it, so that lines reach its edges. */
  curve(tag: string, { axis, from = -Infinity, to = Infinity, width, smooth, logY = false }: CurveRequest): CurveData | undefined {
    const [kind, name = ""] = splitTag(tag);
    const rows = kinds.includes(kind as "train") ? this.#rows[kind as (typeof kinds)[number]] : undefined;
    const column = rows?.columns.get(name);
    if (!rows || !column) return undefined;
    // Not every run has written the time of day, nor one that goes on in all of its lines.
    const places = rows.axes[axis].values.subarray(0, column.values.length);
    if (places.every(Number.isNaN)) return undefined;
    // Lines of a kind need not all have the same names.
    const present = presentPlaces(column.values, places);
    const x = picked(places, present);
    const values = picked(column.values, present);
    const { smoothed: means, state } = this.#smooth(tag, values, smooth);
    const [y, smoothed] = logY ? [positive(values), positive(means)] : [values, means];
    const first = Math.max(0, lowerBound(x, from) - 1);
    const end = Math.min(x.length, lowerBound(x, to) + 2);
    const columns = width === 0 ? Infinity : width;
    const drawn = decimate(x, smoothed, first, end, columns);
    // Behind a smoothed curve its own values are shown, whose peaks lie elsewhere.
    const both = smooth > 0 ? union(drawn, decimate(x, y, first, end, columns)) : drawn;
    return {
      x: Array.from(both, (place) => x[place] ?? 0),
      y: Array.from(both, (place) => finite(y[place])),
      smooth: Array.from(both, (place) => finite(smoothed[place])),
      complete: both.length === end - first,
      smoothing: state,
    };
  }

  /** Asked again for the same curve, as by zooming, it is there already. */
  #smooth(tag: string, y: Float64Array, weight: number): SmoothedCurve {
    const known = this.#smoothed.get(tag);
    if (known?.weight === weight && known.smoothed.length === y.length) return known;
    const smoothing = new Smoothing(weight);
    const smoothed = weight > 0 ? y.map((value) => smoothing.next(value)) : y;
    const found = { weight, smoothed, state: smoothing.state };
    this.#smoothed.set(tag, found);
    return found;
  }

  #add(record: MetricsRecord): void {
    if (record.kind === "test") {
      this.#test = record.values;
      return;
    }
    const { kind, step, epoch, values } = record;
    // A validation has none of its own, and begins after the training's last step.
    const { seconds, time } = record.kind === "train" ? record : { seconds: this.#rows.train.axes.seconds.last ?? 0, time: this.#rows.train.axes.time.last ?? NaN };
    const rows = this.#rows[kind];
    const place = rows.count++;
    for (const [axis, value] of [["step", step], ["epoch", epoch], ["seconds", seconds], ["time", time]] as const) rows.axes[axis].set(place, value);
    for (const [name, value] of Object.entries(values)) {
      let column = rows.columns.get(name);
      if (!column) rows.columns.set(name, (column = new GrowingColumn()));
      column.set(place, value);
      if (kind === "validation") this.#keepBest(name, value);
    }
  }

  #keepBest(name: string, value: number): void {
    const best = this.#best.get(name);
    if (best === undefined || (isBetterLow(name) ? value < best : value > best)) this.#best.set(name, value);
  }
}

/** Whether less of a score is better. */
export function isBetterLow(name: string): boolean {
  return /loss|error|rmse|mae|mse|perplexity/i.test(name);
}

function emptyRows(): Rows {
  return { count: 0, axes: { step: new GrowingColumn(), epoch: new GrowingColumn(), seconds: new GrowingColumn(), time: new GrowingColumn() }, columns: new Map() };
}

function splitTag(tag: string): [kind: string, name: string] {
  const at = tag.indexOf("/");
  return [tag.slice(0, at), tag.slice(at + 1)];
}

/** Places of the lines that have the value and a place on the axis, or undefined where all have. */
function presentPlaces(values: Float64Array, axis: Float64Array): number[] | undefined {
  if (!values.some(Number.isNaN) && !axis.some(Number.isNaN)) return undefined;
  return [...values.keys()].filter((place) => !Number.isNaN(values[place]) && !Number.isNaN(axis[place]));
}

function picked(values: Float64Array, places: readonly number[] | undefined): Float64Array {
  return places ? Float64Array.from(places, (place) => values[place] ?? NaN) : values;
}

/** Values that have a logarithm; the others become NaN. */
function positive(values: Float64Array): Float64Array {
  return values.map((value) => (value > 0 ? value : NaN));
}

function union(a: Int32Array, b: Int32Array): Int32Array {
  return Int32Array.from(new Set([...a, ...b])).sort();
}

function finite(value: number | undefined): number | null {
  return value !== undefined && Number.isFinite(value) ? value : null;
}
