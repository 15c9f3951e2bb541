import { formatValue } from "../ui/chart-data.js";
import { formatDuration } from "../ui/format.js";
import type { Axis } from "./api.js";

/** What the x axis is called. */
export const axisLabels: Readonly<Record<Axis, string>> = { step: "Step", epoch: "Epoch", seconds: "Time of training" };

/** A value of the x axis as text. */
export function formatAxis(axis: Axis): (value: number) => string {
  return axis === "seconds" ? (value) => (value < 10 ? `${formatValue(value)} s` : formatDuration(value)) : formatValue;
}
