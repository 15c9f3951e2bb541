import { useId } from "preact/hooks";
import { Check, Select, Slider } from "../ui/controls.js";
import type { ReadingOrder } from "../ui/chart-readings.js";
import { Menu } from "../ui/menu.js";
import { chartWidths, prefer, preferences, type ColourBy } from "./preferences.js";

const orders: readonly { readonly value: ReadingOrder; readonly label: string }[] = [
  { value: "given", label: "as in the list" },
  { value: "highest", label: "the highest first" },
  { value: "lowest", label: "the lowest first" },
  { value: "nearest", label: "the nearest to the pointer first" },
];

const colourings: readonly { readonly value: ColourBy; readonly label: string }[] = [
  { value: "run", label: "by run" },
  { value: "recipe", label: "by recipe" },
  { value: "data", label: "by data" },
  { value: "pattern", label: "by a pattern in the name" },
];

/** What is rarely changed about the charts. */
export function ChartSettings() {
  const id = useId();
  const { ignoreOutliers, smoothValidation, readingOrder, colourBy, pattern, chartWidth } = preferences.value;
  return (
    <div class="chart-settings">
      <Menu label="More settings" title="More settings of the charts" stays>
        <Check label="Ignore outliers" checked={ignoreOutliers} onChange={(value) => prefer(() => ({ ignoreOutliers: value }))} />
        <Slider label="Width of charts" value={chartWidth} min={chartWidths.min} max={chartWidths.max} step={20} format={(pixels) => `${pixels} px`} onInput={(value) => prefer(() => ({ chartWidth: value }))} />
        <Check label="Smooth validation too" checked={smoothValidation} onChange={(value) => prefer(() => ({ smoothValidation: value }))} />
        <Select label="Values under the pointer" value={readingOrder} choices={orders} onChange={(value) => prefer(() => ({ readingOrder: value }))} />
        <Select label="Colours of the runs" value={colourBy} choices={colourings} onChange={(value) => prefer(() => ({ colourBy: value }))} />
        {colourBy === "pattern" && (
          <div class="field">
            <label for={id}>Pattern: what it finds, or its first group, tells runs apart</label>
            <input id={id} type="text" value={pattern} placeholder="lr-([0-9.]+)" onInput={(event) => prefer(() => ({ pattern: event.currentTarget.value }))} />
          </div>
        )}
        <p class="quiet small">Drag over a chart to zoom, with Shift to move; the wheel zooms with Alt; a double click shows all. By keys: arrows read values, + and − zoom, Page Up and Page Down move, Escape shows all.</p>
      </Menu>
    </div>
  );
}
