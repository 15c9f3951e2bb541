import type { RunRow } from "./protocol.js";

/** The order of the list: the run that began last is first. */
export function compareRuns(a: Pick<RunRow, "started" | "name">, b: Pick<RunRow, "started" | "name">): number {
  return (b.started ?? "").localeCompare(a.started ?? "") || a.name.localeCompare(b.name);
}
