import { useId, useMemo, useState } from "preact/hooks";
import { Chart } from "../ui/chart.js";
import type { Range } from "../ui/chart-data.js";
import { chartSvg } from "../ui/chart-svg.js";
import { Button } from "../ui/controls.js";
import { download } from "../ui/download.js";
import { Icon } from "../ui/icon.js";
import { Menu } from "../ui/menu.js";
import { colourOf } from "../ui/theme.js";
import type { Axis } from "./api.js";
import { axisLabels, formatAxis, formatTick } from "./axes.js";
import { ChartTable } from "./chart-table.js";
import { curvesOf, seriesOf, type ChartKind, type DrawnRun } from "./charts.js";
import type { RunCurves } from "./curves.js";
import { fetchAllPoints, toCsv, toJson } from "./export.js";
import { prefer, preferences } from "./preferences.js";

export interface ChartCardProps {
  readonly kind: ChartKind;
  readonly runs: readonly DrawnRun[];
  readonly curves: ReadonlyMap<string, RunCurves>;
  readonly axis: Axis;
  readonly smoothed: boolean;
  readonly logY: boolean;
  readonly range: Range | undefined;
  readonly onRange: (range: Range | undefined) => void;
  readonly onWidth: (width: number) => void;
}

/** One chart of the page, with its downloads. */
export function ChartCard({ kind, runs, curves, axis, smoothed, logY: pageLogY, range, onRange, onWidth }: ChartCardProps) {
  const { name, title, format } = kind;
  const id = useId();
  const [large, setLarge] = useState(false);
  const [inNumbers, setInNumbers] = useState(false);
  const [problem, setProblem] = useState<string>();
  const { pinned, otherScale, ignoreOutliers, smoothValidation, readingOrder } = preferences.value;
  const isPinned = pinned.includes(name);
  const logY = pageLogY !== otherScale.includes(name);
  const toggled = (list: readonly string[]): readonly string[] => (list.includes(name) ? list.filter((other) => other !== name) : [...list, name]);
  const validation = smoothed && smoothValidation;
  // Lines of one run, or of validation, leave the other charts as they are.
  const series = useMemo(() => seriesOf(name, runs, curves, { train: smoothed, validation }), [name, runs, smoothed, validation, ...curvesOf(name, runs, curves)]);
  const exportPoints = async (format: "csv" | "json"): Promise<void> => {
    setProblem(undefined);
    const points = await fetchAllPoints(name, runs, axis).catch((error: unknown) => setProblem(error instanceof Error ? error.message : String(error)));
    if (!points) return;
    if (format === "csv") download(`${name}.csv`, toCsv(points, axis), "text/csv");
    else download(`${name}.json`, toJson(points, axis), "application/json");
  };
  const exportPicture = (): void => {
    download(`${name}.svg`, chartSvg({ title, xLabel: axisLabels[axis], series, logY, range, formatTick: formatTick(axis), formatY: format, colourOf }), "image/svg+xml");
  };
  return (
    <section class={`card chart-card${large ? " large" : ""}`} aria-labelledby={id}>
      <header>
        <h3 id={id}>{title}</h3>
        <div class="chart-actions">
          <Button kind="plain" small pressed={isPinned} title={`Keep ${title} before the other charts`} onClick={() => prefer((now) => ({ pinned: toggled(now.pinned) }))}><Icon name="pin" /></Button>
          <Button kind="plain" small pressed={logY} title={`Logarithmic values of ${title}`} onClick={() => prefer((now) => ({ otherScale: toggled(now.otherScale) }))}><Icon name="logarithm" /></Button>
          <Button kind="plain" small pressed={inNumbers} title={`${title} in numbers`} onClick={() => setInNumbers(!inNumbers)}><Icon name="table" /></Button>
          <Menu label={<Icon name="save" />} title={`Save ${title}`}>
            <Button kind="plain" small title={`The points of ${title} as comma-separated values`} onClick={() => void exportPoints("csv")}>CSV</Button>
            <Button kind="plain" small title={`The points of ${title} as JSON`} onClick={() => void exportPoints("json")}>JSON</Button>
            <Button kind="plain" small title={`${title} as a picture`} onClick={exportPicture}>SVG</Button>
          </Menu>
          <Button kind="plain" small pressed={large} title={`Show ${title} larger`} onClick={() => setLarge(!large)}><Icon name={large ? "smaller" : "larger"} /></Button>
        </div>
      </header>
      {problem !== undefined && (
        <p class="error-text" role="alert">
          {title} was not saved: {problem}
        </p>
      )}
      <Chart
        title={title}
        xLabel={axisLabels[axis]}
        series={series}
        height={large ? 420 : 220}
        logY={logY}
        xIsTime={axis === "time"}
        ignoreOutliers={ignoreOutliers}
        readingOrder={readingOrder}
        formatX={formatAxis(axis)}
        formatTick={formatTick(axis)}
        formatY={format}
        range={range}
        onRange={onRange}
        onWidth={onWidth}
      />
      {inNumbers && <ChartTable series={series} range={range} format={format} formatX={formatAxis(axis)} />}
    </section>
  );
}
