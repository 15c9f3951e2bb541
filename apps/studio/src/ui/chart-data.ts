/** A line of a chart. */
export interface ChartSeries {
  readonly label: string;
  /** A design token such as `--series-1`. */
  readonly colour: string;
  /** Rising. */
  readonly x: ArrayLike<number>;
  /** As many; what is not finite leaves a gap. */
  readonly y: ArrayLike<number>;
  /** What `y` smooths; read beside it. */
  readonly raw?: ArrayLike<number>;
  /** Drawn behind the others and not read by hovering, such as what was there before smoothing. */
  readonly faint?: boolean;
  readonly dashed?: boolean;
}

/** A piece of the x axis. */
export interface Range {
  readonly min: number;
  readonly max: number;
}

/** Bounds between which nine tenths of the values lie; undefined where there are none. */
export function usualExtent(values: readonly number[]): [low: number, high: number] | undefined {
  const sorted = values.filter(Number.isFinite).sort((a, b) => a - b);
  const at = (share: number): number => sorted[Math.round(share * (sorted.length - 1))] ?? NaN;
  return sorted.length === 0 ? undefined : [at(0.05), at(0.95)];
}

/** What of the values an axis can show: a logarithmic one does not reach to 0 or below. */
export function valueRange(range: Range | undefined, logY: boolean): Range | undefined {
  return range && logY && !(range.min > 0) ? undefined : range;
}

type Column = (number | null | undefined)[];

/**
 * Several lines as one table whose first column is every x that some line has: undefined where a line has no point, null
 * where it has a gap. On a logarithmic axis only values above 0 are points.
 */
export function alignSeries(series: readonly Pick<ChartSeries, "x" | "y">[], logY = false): [number[], ...Column[]] {
  const xs = [...new Set(series.flatMap(({ x }) => Array.from(x)))].sort((a, b) => a - b);
  const row = new Map(xs.map((x, i) => [x, i]));
  const columns = series.map(({ x, y }) => {
    const column: Column = new Array<undefined>(xs.length).fill(undefined);
    for (let i = 0; i < x.length; i++) {
      const value = y[i] ?? NaN;
      column[row.get(x[i] ?? NaN) ?? -1] = Number.isFinite(value) && !(logY && value <= 0) ? value : null;
    }
    return column;
  });
  return [xs, ...columns];
}

/** The index of the point whose x is nearest; -1 where there is none. */
export function nearestPoint(x: ArrayLike<number>, wanted: number): number {
  let [low, high] = [0, x.length - 1];
  while (high - low > 1) {
    const middle = (low + high) >> 1;
    if ((x[middle] ?? 0) <= wanted) low = middle;
    else high = middle;
  }
  if (high < 0) return -1;
  return Math.abs((x[high] ?? 0) - wanted) < Math.abs((x[low] ?? 0) - wanted) ? high : low;
}

/** A number in few digits: 12,300 · 0.0412 · 1.2e-7. */
export function formatValue(value: number): string {
  if (!Number.isFinite(value)) return "–";
  const size = Math.abs(value);
  if (size !== 0 && (size < 1e-4 || size >= 1e9)) return value.toExponential(2);
  if (size >= 1000) return Math.round(value).toLocaleString("en");
  return String(Number(value.toPrecision(4)));
}
