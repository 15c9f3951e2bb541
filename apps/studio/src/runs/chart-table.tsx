import type { ChartSeries, Range } from "../ui/chart-data.js";

export interface ChartTableProps {
  readonly series: readonly ChartSeries[];
  readonly range: Range | undefined;
  readonly format: (value: number) => string;
  readonly formatX: (value: number) => string;
}

/** The lines of a chart in numbers, over what of it is shown: of the points that are drawn, which the studio thins out so that the lines look the same. */
export function ChartTable({ series, range, format, formatX }: ChartTableProps) {
  const rows = series.filter(({ faint }) => !faint).map((line) => ({ line, summary: summaryOf(line, range) }));
  return (
    <div class="scroll-x" role="region" aria-label="The chart in numbers" tabIndex={0}>
      <table class="plain chart-table small">
        <caption class="quiet">Of the points that are drawn; long curves have more, which CSV and JSON hold.</caption>
        <thead>
          <tr>
            {["Line", "First", "Last", "Lowest", "Highest", "Mean", "Change"].map((name, i) => (
              <th key={name} scope="col" class={i === 0 ? "" : "number"}>
                {name}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {rows.map(({ line, summary }) => (
            <tr key={line.label}>
              <th scope="row">
                <i class="swatch" style={{ background: `var(${line.colour})` }} /> {line.label}
              </th>
              {summary ? (
                <>
                  <td class="number">{format(summary.first)}</td>
                  <td class="number">{format(summary.last)}</td>
                  <td class="number">
                    {format(summary.low.y)} <span class="quiet">at {formatX(summary.low.x)}</span>
                  </td>
                  <td class="number">
                    {format(summary.high.y)} <span class="quiet">at {formatX(summary.high.x)}</span>
                  </td>
                  <td class="number">{format(summary.mean)}</td>
                  <td class="number">{changeOf(summary.first, summary.last)}</td>
                </>
              ) : (
                <td colSpan={6} class="quiet">
                  no points here
                </td>
              )}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

interface Point {
  readonly x: number;
  readonly y: number;
}

export interface LineSummary {
  readonly first: number;
  readonly last: number;
  readonly low: Point;
  readonly high: Point;
  /** Of the points that are here. */
  readonly mean: number;
}

/** A line over a range in numbers; undefined where it has no point there. */
export function summaryOf({ x, y }: Pick<ChartSeries, "x" | "y">, range: Range | undefined): LineSummary | undefined {
  const points: Point[] = [];
  for (let i = 0; i < x.length; i++) {
    const point = { x: x[i] ?? NaN, y: y[i] ?? NaN };
    if (Number.isFinite(point.y) && (!range || (point.x >= range.min && point.x <= range.max))) points.push(point);
  }
  const [first] = points;
  const last = points.at(-1);
  if (!first || !last) return undefined;
  return {
    first: first.y,
    last: last.y,
    low: points.reduce((low, point) => (point.y < low.y ? point : low)),
    high: points.reduce((high, point) => (point.y > high.y ? point : high)),
    mean: points.reduce((sum, point) => sum + point.y, 0) / points.length,
  };
}

function changeOf(first: number, last: number): string {
  const share = (last - first) / Math.abs(first);
  return Number.isFinite(share) ? `${share >= 0 ? "+" : "−"}${Math.abs(100 * share).toFixed(1)} %` : "–";
}
