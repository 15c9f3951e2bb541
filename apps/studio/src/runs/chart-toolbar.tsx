import type { Range } from "../ui/chart-data.js";
import { Button, Check, Segmented, Slider } from "../ui/controls.js";
import type { Axis } from "./api.js";
import { axisLabels, formatAxis } from "./axes.js";
import { ChartSettings } from "./chart-settings.js";

export interface ChartToolbarProps {
  readonly axis: Axis;
  readonly smooth: number;
  readonly logY: boolean;
  /** What of the axis is shown; all if undefined. */
  readonly range: Range | undefined;
  /** Which curves are shown. */
  readonly filter: string;
  readonly onAxis: (axis: Axis) => void;
  readonly onSmooth: (smooth: number) => void;
  readonly onLogY: (logY: boolean) => void;
  readonly onReset: () => void;
  readonly onFilter: (filter: string) => void;
}

const axes: readonly { readonly value: Axis; readonly label: string }[] = [
  { value: "step", label: "Step" },
  { value: "epoch", label: "Epoch" },
  { value: "seconds", label: "Time" },
  { value: "time", label: "Clock" },
];

/** How all charts of the page are drawn. */
export function ChartToolbar({ axis, smooth, logY, range, filter, onAxis, onSmooth, onLogY, onReset, onFilter }: ChartToolbarProps) {
  return (
    <div class="chart-toolbar" role="group" aria-label="How the charts are drawn">
      <Segmented label="Horizontal axis" value={axis} choices={axes} onChange={onAxis} />
      <div class="smooth">
        <Slider label="Smoothing" value={smooth} min={0} max={0.999} step={0.001} format={(value) => value.toFixed(3)} onInput={onSmooth} />
      </div>
      <Check label="Logarithmic" checked={logY} onChange={onLogY} />
      <div class="field curve-filter">
        <label for="curve-filter">Filter curves</label>
        <input id="curve-filter" type="search" value={filter} placeholder="loss|accuracy" onInput={(event) => onFilter(event.currentTarget.value)} />
      </div>
      <ChartSettings />
      {range && (
        <div class="shown-range">
          <span class="quiet">
            {axisLabels[axis]} {formatAxis(axis)(range.min)} to {formatAxis(axis)(range.max)}
          </span>
          <Button small onClick={onReset}>
            Show all
          </Button>
        </div>
      )}
    </div>
  );
}
