import { escapeText } from "../../../../src/studio/escape-text.js";
import { formatValue, type ChartSeries, type Range } from "./chart-data.js";

export interface ChartSvgOptions {
  readonly title: string;
  readonly xLabel: string;
  readonly series: readonly ChartSeries[];
  readonly logY?: boolean;
  readonly range?: Range | undefined;
  /** A tick of the horizontal axis, with the one before it. */
  readonly formatTick?: (value: number, before?: number) => string;
  readonly formatY?: (value: number) => string;
  /** A design token as a colour. */
  readonly colourOf: (token: string) => string;
}

const [width, height] = [800, 420];
const plot = { left: 76, right: 16, top: 44, bottom: 52 };

/** A chart as a picture of its own, in SVG. */
export function chartSvg({ title, xLabel, series, logY = false, range, formatTick = formatValue, formatY = formatValue, colourOf }: ChartSvgOptions): string {
  const shown = series.map((line) => ({ line, points: pointsOf(line, logY, range) })).filter(({ points }) => points.length > 0);
  const all = shown.flatMap(({ points }) => points);
  const [minX, maxX] = extent(all.map(([x]) => x));
  const scaleY = (y: number): number => (logY ? Math.log10(y) : y);
  const [minY, maxY] = extent(all.map(([, y]) => scaleY(y)));
  const placeX = (x: number): number => plot.left + ((x - minX) / (maxX - minX)) * (width - plot.left - plot.right);
  const placeY = (y: number): number => height - plot.bottom - ((scaleY(y) - minY) / (maxY - minY)) * (height - plot.top - plot.bottom);
  const legend = series.filter(({ faint }) => !faint);
  const text = (x: number, y: number, content: string, anchor = "start", size = 12): string =>
    `<text x="${round(x)}" y="${round(y)}" text-anchor="${anchor}" font-size="${size}" fill="#444">${escapeText(content)}</text>`;
  const gridY = ticks(minY, maxY).map((tick) => {
    const value = logY ? 10 ** tick : tick;
    const y = placeY(value);
    return `<line x1="${plot.left}" x2="${width - plot.right}" y1="${round(y)}" y2="${round(y)}" stroke="#ddd"/>${text(plot.left - 8, y + 4, formatY(value), "end")}`;
  });
  const gridX = ticks(minX, maxX).map((tick, i, all) => {
    const x = placeX(tick);
    return `<line x1="${round(x)}" x2="${round(x)}" y1="${plot.top}" y2="${height - plot.bottom}" stroke="#eee"/>${text(x, height - plot.bottom + 18, formatTick(tick, all[i - 1]), "middle")}`;
  });
  const lines = shown.map(({ line, points }) => {
    const path = points.map(([x, y], i) => `${i === 0 ? "M" : "L"}${round(placeX(x))} ${round(placeY(y))}`).join("");
    const looks = `${line.faint ? ' opacity="0.3"' : ""}${line.dashed ? ' stroke-dasharray="6 4"' : ""}`;
    return `<path d="${path}" fill="none" stroke="${colourOf(line.colour)}" stroke-width="${line.faint ? 1 : 2}" stroke-linejoin="round"${looks}/>`;
  });
  const names = legend.map(({ label, colour }, i) => {
    const [x, y] = [plot.left + 12, plot.top + 16 + 17 * i];
    return `<circle cx="${x}" cy="${y - 4}" r="4.5" fill="${colourOf(colour)}"/>${text(x + 10, y, label)}`;
  });
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" font-family="system-ui, sans-serif">`,
    `<title>${escapeText(title)}</title>`,
    `<rect width="${width}" height="${height}" fill="#fff"/>`,
    text(plot.left, 26, title, "start", 16),
    ...gridY,
    ...gridX,
    text((plot.left + width - plot.right) / 2, height - 14, xLabel, "middle"),
    ...lines,
    ...names,
    "</svg>",
    "",
  ].join("\n");
}

type Point = readonly [x: number, y: number];

function pointsOf({ x, y }: ChartSeries, logY: boolean, range: Range | undefined): Point[] {
  const points: Point[] = [];
  for (let i = 0; i < x.length; i++) {
    const [at = NaN, value = NaN] = [x[i], y[i]];
    const isShown = Number.isFinite(value) && (!logY || value > 0) && (!range || (at >= range.min && at <= range.max));
    if (isShown) points.push([at, value]);
  }
  return points;
}

/** The smallest and the largest value, apart. */
function extent(values: readonly number[]): [number, number] {
  const min = values.reduce((a, b) => Math.min(a, b), Infinity);
  const max = values.reduce((a, b) => Math.max(a, b), -Infinity);
  if (!(min <= max)) return [0, 1];
  return min < max ? [min, max] : [min - 0.5, max + 0.5];
}

/** About six round numbers in a range. */
export function ticks(min: number, max: number): number[] {
  const rough = (max - min) / 6;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = ([1, 2, 5, 10].find((factor) => factor * power >= rough) ?? 10) * power;
  const first = Math.ceil(min / step);
  return Array.from({ length: Math.max(0, Math.floor(max / step) - first + 1) }, (_, i) => Number(((first + i) * step).toPrecision(12)));
}

function round(value: number): string {
  return String(Math.round(value * 100) / 100);
}
