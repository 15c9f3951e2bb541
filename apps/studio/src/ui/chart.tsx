import { useEffect, useMemo, useRef, useState } from "preact/hooks";
import uPlot from "uplot";
import "uplot/dist/uPlot.min.css";
import "./chart.css";
import { alignSeries, formatValue, nearestPoint, type ChartSeries, type Range } from "./chart-data.js";
import { optionsOf, type Cursor } from "./chart-options.js";
import { nearestX, readingsAt, type ReadingOrder } from "./chart-readings.js";
import { moved, shownRange, zoomed } from "./chart-zoom.js";
import { Button } from "./controls.js";
import { colourVersion } from "./theme.js";

export interface ChartProps {
  /** What the chart shows, for its caption and for screen readers. */
  readonly title: string;
  readonly xLabel: string;
  readonly series: readonly ChartSeries[];
  /** Pixels; 220 if not given. */
  readonly height?: number;
  readonly logY?: boolean;
  /** The vertical axis shows where nine tenths of the values lie. */
  readonly ignoreOutliers?: boolean;
  /** The horizontal axis counts seconds since 1970. */
  readonly xIsTime?: boolean;
  /** In which order values are read under the pointer; as the lines are given if not said. */
  readonly readingOrder?: ReadingOrder;
  readonly formatX?: (value: number) => string;
  /** A tick of the horizontal axis, with the one before it; as `formatX` if not given. */
  readonly formatTick?: (value: number, before?: number) => string;
  readonly formatY?: (value: number) => string;
  /** What of the x axis is shown; all if not given. */
  readonly range?: Range | undefined;
  /**
   * Asked for by dragging (with Shift, what is shown moves along), by the wheel with Alt, by the keys +, -, Page Up and Page Down, and (undefined: all) by a
   * double click or Escape. Without it the chart does not zoom.
   */
  readonly onRange?: (range: Range | undefined) => void;
  /** Told of the plot's width in pixels, at first and when it changes. */
  readonly onWidth?: (width: number) => void;
}

/** Values that have room under the pointer. */
const mostReadings = 12;

/** Lines over an axis, which the pointer or the arrow keys read. */
export function Chart(props: ChartProps) {
  const { title, series, height = 220, logY = false, range, formatX = formatValue, formatY = formatValue } = props;
  const place = useRef<HTMLDivElement>(null);
  const plot = useRef<uPlot>(null);
  const latest = useRef(props);
  latest.current = props;
  const [cursor, setCursor] = useState<Cursor>();
  const [byKeys, setByKeys] = useState(false);
  // Each chart has values of its own: what of them is shown is not shared.
  const [rangeY, setRangeY] = useState<Range>();
  const isWhole = range === undefined;
  useEffect(() => {
    if (isWhole) setRangeY(undefined);
  }, [isWhole]);
  useEffect(() => setRangeY(undefined), [logY]);
  const version = colourVersion.value;
  const data = useMemo(() => alignSeries(series, logY), [series, logY]);
  // What cannot be changed in a plot that exists.
  const form = JSON.stringify([series.map(({ label, colour, faint, dashed }) => [label, colour, faint, dashed]), logY, height, props.xLabel, props.xIsTime, props.ignoreOutliers, rangeY, version]);

  useEffect(() => {
    const element = place.current;
    if (!element) return;
    const chart = new uPlot(optionsOf(latest, element, { rangeY, setRangeY, setCursor }), toPlot(data), element);
    plot.current = chart;
    const observer = new ResizeObserver(() => {
      if (element.clientWidth > 0) chart.setSize({ width: element.clientWidth, height });
      latest.current.onWidth?.(Math.round(chart.bbox.width / devicePixelRatio));
    });
    observer.observe(element);
    return () => {
      observer.disconnect();
      chart.destroy();
      plot.current = null;
    };
  }, [form]);

  useEffect(() => {
    const chart = plot.current;
    chart?.batch(() => {
      chart.setData(toPlot(data), false);
      const [xs] = data;
      const [min, max] = [range?.min ?? xs[0], range?.max ?? xs.at(-1)];
      if (min !== undefined && max !== undefined) chart.setScale("x", min < max ? { min, max } : { min: min - 1, max: max + 1 });
    });
  }, [data, range?.min, range?.max, form]);

  const readings = cursor === undefined ? [] : readingsAt(series, cursor, props.readingOrder, logY);
  const onKeyDown = (event: KeyboardEvent): void => {
    const chart = plot.current;
    if (event.key === "Escape" || event.key === "0") setRangeY(undefined);
    if (chart && keyOf(event, chart, latest.current, cursor?.x)) {
      event.preventDefault();
      setByKeys(true);
    }
  };
  const hasRaw = readings.some(({ raw }) => raw !== undefined);
  const text = readings.map((reading) => `${reading.series.label} ${formatY(reading.y)}${reading.raw === undefined ? "" : ` (${formatY(reading.raw)})`}`).join(", ");
  const lines = series.filter(({ faint }) => !faint);
  return (
    <div
      class="chart"
      role="group"
      tabIndex={0}
      aria-roledescription="chart"
      aria-label={`${title}, ${lines.length} ${lines.length === 1 ? "line" : "lines"}: arrow keys read values${props.onRange ? ", plus and minus zoom, Escape shows all" : ""}`}
      onKeyDown={onKeyDown}
      onPointerMove={() => setByKeys(false)}
    >
      <div ref={place} class="chart-plot" style={{ minHeight: `${height}px` }} />
      {rangeY && isWhole && props.onRange && (
        <div class="chart-values-shown">
          <span class="quiet small">
            {formatY(rangeY.min)} to {formatY(rangeY.max)}
          </span>
          <Button small title={`Show all values of ${title}`} onClick={() => setRangeY(undefined)}>
            Show all
          </Button>
        </div>
      )}
      {cursor && readings.length > 0 && (
        <div class={`chart-readings ${cursor.left > (place.current?.clientWidth ?? 0) / 2 ? "at-left" : "at-right"}`} aria-hidden="true">
          <div class="quiet">
            {props.xLabel} {formatX(nearestX(readings, cursor.x))}
            {hasRaw && <span class="chart-reading-kinds">smoothed, value</span>}
          </div>
          {readings.slice(0, mostReadings).map((reading) => (
            <div key={reading.series.label} class={`chart-reading ${hasRaw ? "with-raw" : ""}`}>
              <i style={{ background: `var(${reading.series.colour})` }} />
              <span>
                {reading.series.label}
                {isFar(reading.x, cursor.x, plot.current) && <span class="quiet"> at {formatX(reading.x)}</span>}
              </span>
              <b>{formatY(reading.y)}</b>
              {hasRaw && <span class="quiet">{reading.raw === undefined ? "" : formatY(reading.raw)}</span>}
            </div>
          ))}
          {readings.length > mostReadings && <div class="quiet">and {readings.length - mostReadings} more</div>}
        </div>
      )}
      <div class="visually-hidden" role="status">
        {byKeys && cursor ? `${props.xLabel} ${formatX(nearestX(readings, cursor.x))}: ${text}` : ""}
      </div>
    </div>
  );
}

/** uPlot takes undefined for "no point", which its types do not say. */
function toPlot(data: ReturnType<typeof alignSeries>): uPlot.AlignedData {
  return data as uPlot.AlignedData;
}

/** Whether a line has its nearest point elsewhere than under the pointer, such as one that ended before. */
function isFar(x: number, cursor: number, chart: uPlot | null): boolean {
  const { min = 0, max = 1 } = chart?.scales["x"] ?? {};
  return Math.abs(x - cursor) > 0.04 * ((max ?? 1) - (min ?? 0));
}

/** Whether the key means something to a chart. */
function keyOf(event: KeyboardEvent, chart: uPlot, { series, range, onRange }: ChartProps, x: number | undefined): boolean {
  const shown = shownRange(chart);
  const { min: from, max: to } = shown;
  const show = (next: Range): boolean => {
    onRange?.(next);
    return onRange !== undefined;
  };
  const zoom = (factor: number): boolean => show(zoomed(shown, x ?? (from + to) / 2, factor));
  if (event.key === "Escape" || event.key === "0") onRange?.(undefined);
  else if (event.key === "+" || event.key === "=") return zoom(0.5);
  else if (event.key === "-") return zoom(2);
  else if (range && event.key === "PageUp") return show(moved(shown, -0.5));
  else if (range && event.key === "PageDown") return show(moved(shown, 0.5));
  else if (event.key === "ArrowLeft" || event.key === "ArrowRight" || event.key === "Home" || event.key === "End") {
    const xs = chart.data[0];
    const inside = (place: number): boolean => (xs[place] ?? NaN) >= from && (xs[place] ?? NaN) <= to;
    const near = [nearestPoint(xs, from), nearestPoint(xs, to)] as const;
    // The nearest point may lie just outside of what is shown.
    const [first, last] = [inside(near[0]) ? near[0] : near[0] + 1, inside(near[1]) ? near[1] : near[1] - 1];
    const now = nearestPoint(xs, x ?? from);
    const stride = event.shiftKey ? Math.max(1, Math.round((last - first) / 10)) : 1;
    const next = event.key === "Home" ? first : event.key === "End" ? last : x === undefined ? first : now + (event.key === "ArrowLeft" ? -stride : stride);
    const at = xs[Math.min(last, Math.max(first, next))];
    if (at !== undefined) chart.setCursor({ left: Math.max(0, chart.valToPos(at, "x")), top: 0 });
  } else return false;
  return series.length > 0;
}
