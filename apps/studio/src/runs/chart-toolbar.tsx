import { Button, Check, Segmented, Slider } from "../ui/controls.js";
import type { Axis } from "./api.js";

export interface ChartToolbarProps {
  readonly axis: Axis;
  readonly smooth: number;
  readonly logY: boolean;
  readonly zoomed: boolean;
  readonly onAxis: (axis: Axis) => void;
  readonly onSmooth: (smooth: number) => void;
  readonly onLogY: (logY: boolean) => void;
  readonly onReset: () => void;
}

const axes: readonly { readonly value: Axis; readonly label: string }[] = [
  { value: "step", label: "Step" },
  { value: "epoch", label: "Epoch" },
  { value: "seconds", label: "Time" },
];

/** How all charts of the page are drawn. */
export function ChartToolbar({ axis, smooth, logY, zoomed, onAxis, onSmooth, onLogY, onReset }: ChartToolbarProps) {
  return (
    <div class="chart-toolbar" role="group" aria-label="How the charts are drawn">
      <Segmented label="Horizontal axis" value={axis} choices={axes} onChange={onAxis} />
      <div class="smooth">
        <Slider label="Smoothing" value={smooth} min={0} max={0.99} step={0.01} format={(value) => value.toFixed(2)} onInput={onSmooth} />
      </div>
      <Check label="Logarithmic" checked={logY} onChange={onLogY} />
      <Button disabled={!zoomed} onClick={onReset}>
        Show all
      </Button>
      <span class="quiet small hint">Drag over a chart to zoom; a double click shows all.</span>
    </div>
  );
}
