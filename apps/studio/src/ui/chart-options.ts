import uPlot from "uplot";
import { formatValue, usualExtent, valueRange, type Range } from "./chart-data.js";
import { moveByPointer, selectedRanges, zoomByWheel } from "./chart-zoom.js";
import type { ChartProps } from "./chart.js";
import { colourOf } from "./theme.js";

/** Where the pointer is, in pixels and in the plot's units. */
export interface Cursor {
  readonly left: number;
  readonly x: number;
  readonly y: number;
}

type Latest = { readonly current: ChartProps };

export interface PlotState {
  /** What of the values is shown; all, or the usual ones, if undefined. */
  readonly rangeY: Range | undefined;
  readonly setRangeY: (range: Range | undefined) => void;
  readonly setCursor: (cursor: Cursor | undefined) => void;
}

/** What uPlot is told of a chart. It lives as long as the plot, so what may change is read from `latest`. */
export function optionsOf(latest: Latest, element: HTMLElement, { rangeY, setRangeY, setCursor }: PlotState): uPlot.Options {
  const { series, height = 220, logY = false, xLabel, xIsTime = false, ignoreOutliers = false, onRange } = latest.current;
  const shownY = valueRange(rangeY, logY);
  const canZoom = onRange !== undefined;
  const usual = ignoreOutliers && { range: (chart: uPlot, min: number, max: number): uPlot.Range.MinMax => usualRange(chart, logY, min, max) };
  const grid = { stroke: colourOf("--line"), width: 1 };
  const axis = { stroke: colourOf("--text-quiet"), font: `12px ${getComputedStyle(element).fontFamily}`, grid, ticks: { ...grid, size: 4 } };
  const formatTick = (value: number, before: number | undefined): string => (latest.current.formatTick ?? latest.current.formatX ?? formatValue)(value, before);
  const formatY = (value: number): string => (latest.current.formatY ?? formatValue)(value);
  return {
    width: Math.max(element.clientWidth, 100),
    height,
    legend: { show: false },
    padding: [8, 8, 0, 0],
    scales: { x: { time: xIsTime }, y: { distr: logY ? 3 : 1, ...(shownY ? { range: [shownY.min, shownY.max] } : usual) } },
    axes: [
      { ...axis, label: xLabel, labelSize: 16, labelFont: axis.font, size: 26, values: (_, ticks) => ticks.map((tick, i) => formatTick(tick, ticks[i - 1])) },
      {
        ...axis,
        // On a logarithmic axis only powers of ten have a line.
        ...(logY && { grid: { ...grid, filter: powersOfTen }, ticks: { ...axis.ticks, filter: powersOfTen } }),
        // A tick of a logarithmic axis that has no room has no value.
        values: (_, ticks) => ticks.map((tick: number | null) => (tick === null ? "" : formatY(tick))),
        size: (_, labels) => 16 + 7 * Math.max(3, ...(labels ?? []).map(({ length }) => length)),
      },
    ],
    series: [
      {},
      ...series.map(({ label, colour, faint = false, dashed = false }): uPlot.Series => ({
        label,
        stroke: colourOf(colour),
        alpha: faint ? 0.28 : 1,
        width: faint ? 1 : 1.75,
        ...(dashed && { dash: [5, 4] }),
        spanGaps: false,
        points: { show: (chart, index) => pointsIn(chart, index) === 1, size: 6 },
      })),
    ],
    cursor: { y: false, points: { show: false }, drag: { x: canZoom, y: canZoom, uni: 24, setScale: false }, bind: { dblclick: () => null, mousedown: orMoving(latest) } },
    hooks: {
      setCursor: [
        (chart) => {
          const { left = -1, top = 0 } = chart.cursor;
          setCursor(left < 0 ? undefined : { left, x: chart.posToVal(left, "x"), y: chart.posToVal(top, "y") });
        },
      ],
      setSelect: [
        (chart) => {
          const { x, y } = selectedRanges(chart);
          if (x) latest.current.onRange?.(x);
          if (y) setRangeY(y);
          chart.setSelect({ left: 0, top: 0, width: 0, height: 0 }, false);
        },
      ],
      ready: [
        (chart) => {
          chart.over.addEventListener("dblclick", () => {
            latest.current.onRange?.(undefined);
            setRangeY(undefined);
          });
          if (canZoom) zoomByWheel(chart, (range) => latest.current.onRange?.(range));
        },
      ],
    },
  };
}

/** With Shift, dragging does not select but moves. */
function orMoving(latest: Latest): NonNullable<uPlot.Cursor.Bind["mousedown"]> {
  return (chart, _, select) => (event) => {
    const { onRange } = latest.current;
    if (event.shiftKey && onRange) moveByPointer(chart, event, onRange);
    else select(event);
    return null;
  };
}

/** The vertical axis without the values at its ends. */
function usualRange(chart: uPlot, logY: boolean, min: number, max: number): uPlot.Range.MinMax {
  const { min: from = -Infinity, max: to = Infinity } = chart.scales["x"] ?? {};
  const places = [...chart.data[0].keys()].filter((place) => {
    const x = chart.data[0][place] ?? NaN;
    return x >= (from ?? -Infinity) && x <= (to ?? Infinity);
  });
  const values = chart.data.slice(1).flatMap((column) => places.flatMap((place) => column?.[place] ?? []));
  const [low, high] = usualExtent(values) ?? [min, max];
  return logY ? uPlot.rangeLog(low, high, 10, true) : uPlot.rangeNum(low, high, 0.1, true);
}

function powersOfTen(_: uPlot, ticks: number[]): (number | null)[] {
  return ticks.map((tick) => (Number.isInteger(Number(Math.log10(tick).toPrecision(12))) ? tick : null));
}

/** A line of one point would be invisible. */
function pointsIn(chart: uPlot, series: number): number {
  let count = 0;
  for (const value of chart.data[series] ?? []) if (typeof value === "number" && ++count > 1) break;
  return count;
}
