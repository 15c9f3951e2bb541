import { formatValue } from "../ui/chart-data.js";
import { formatDuration } from "../ui/format.js";
import type { Axis } from "./api.js";

/** What the x axis is called. */
export const axisLabels: Readonly<Record<Axis, string>> = { step: "Step", epoch: "Epoch", seconds: "Time of training", time: "Clock" };

const timeOfDay = { hour: "2-digit", minute: "2-digit" } as const;
const dayOfYear = { month: "short", day: "numeric" } as const;

/** A place on the x axis as short text. Of the clock's, midnight and those of another day than the place before tell the day. */
export function formatTick(axis: Axis): (value: number, before?: number) => string {
  if (axis !== "time") return formatAxis(axis);
  return (value, before = value) => {
    const date = new Date(1000 * value);
    const day = date.toLocaleDateString(undefined, dayOfYear);
    if (date.getHours() === 0 && date.getMinutes() === 0) return day;
    const time = date.toLocaleTimeString(undefined, timeOfDay);
    return date.toDateString() === new Date(1000 * before).toDateString() ? time : `${day}, ${time}`;
  };
}

/** A value of the x axis as text. */
export function formatAxis(axis: Axis): (value: number) => string {
  if (axis === "time") return (value) => new Date(1000 * value).toLocaleString(undefined, { ...dayOfYear, ...timeOfDay, second: "2-digit" });
  return axis === "seconds" ? (value) => (value < 10 ? `${formatValue(value)} s` : formatDuration(value)) : formatValue;
}
