import { formatValue } from "../ui/chart-data.js";
import { formatDuration } from "../ui/format.js";
import type { Axis } from "./api.js";

/** What the x axis is called. */
export const axisLabels: Readonly<Record<Axis, string>> = { step: "Step", epoch: "Epoch", seconds: "Time of training", time: "Clock" };

/** A place on the x axis as short text. */
export function formatTick(axis: Axis): (value: number) => string {
  return axis === "time" ? (value) => new Date(1000 * value).toLocaleTimeString(undefined, { hour: "2-digit", minute: "2-digit" }) : formatAxis(axis);
}

/** A value of the x axis as text. */
export function formatAxis(axis: Axis): (value: number) => string {
  if (axis === "time") return (value) => new Date(1000 * value).toLocaleString(undefined, { month: "short", day: "numeric", hour: "2-digit", minute: "2-digit", second: "2-digit" });
  return axis === "seconds" ? (value) => (value < 10 ? `${formatValue(value)} s` : formatDuration(value)) : formatValue;
}
