import type { Peaks } from "./peak.js";

/** One line of the result. What does not apply is null. */
export interface Row {
  readonly suite: string;
  readonly case: string;
  readonly device: string;
  readonly threads: number;
  readonly oursMs: number | null;
  readonly peer: string | null;
  readonly peerMs: number | null;
  /** The peer's time over ours. */
  readonly ratio: number | null;
  readonly gflops: number | null;
  readonly gbs: number | null;
  /** Share of the peak that was measured in the same run: of arithmetic or of copying, as the case is. */
  readonly peakShare: number | null;
  /** (slowest − fastest) / median of our rounds. */
  readonly spread: number | null;
  /** Share of the processors that others kept busy just before. */
  readonly busy?: number;
  /** What is not a time: a count or a size, and its unit. */
  readonly value?: number;
  readonly unit?: string;
  /** What the time or value should not exceed. */
  readonly limit?: number;
  /** Why something is missing. */
  readonly note?: string;
}

/** The machine and what else it was doing. */
export interface Machine {
  readonly cpu: string;
  readonly cores: number;
  readonly node: string;
  readonly date: string;
  /** Share of its cores that others kept busy when the run began and ended. */
  readonly busy: number;
}

/** A whole run. */
export interface Report {
  readonly machine: Machine;
  readonly peaks: Peaks;
  readonly rows: readonly Row[];
}

/** A row with nothing but its place. */
export function emptyRow(suite: string, name: string, device: string, threads: number): Row {
  return {
    suite,
    case: name,
    device,
    threads,
    oursMs: null,
    peer: null,
    peerMs: null,
    ratio: null,
    gflops: null,
    gbs: null,
    peakShare: null,
    spread: null,
  };
}

function time(ms: number): string {
  return ms < 0.1 ? `${(ms * 1000).toFixed(2)} µs` : ms < 10 ? `${ms.toFixed(3)} ms` : `${ms.toFixed(1)} ms`;
}

/** A row as a line of text. */
export function formatRow(row: Row): string {
  const parts = [row.case.padEnd(30)];
  if (row.oursMs !== null) parts.push(time(row.oursMs).padStart(10));
  if (row.value !== undefined) parts.push(`${row.value.toFixed(row.value < 10 ? 2 : 0)} ${row.unit ?? ""}`.padStart(10));
  if (row.spread !== null) parts.push(`± ${(50 * row.spread).toFixed(0)} %`.padStart(7));
  if (row.gflops !== null) parts.push(`${row.gflops.toFixed(0)} GFLOP/s`.padStart(12));
  if (row.gbs !== null) parts.push(`${row.gbs.toFixed(1)} GB/s`.padStart(12));
  if (row.peakShare !== null) parts.push(`${(100 * row.peakShare).toFixed(0)} % of peak`);
  if (row.peer !== null) parts.push(`${row.peer}${row.peerMs === null ? "" : ` ${time(row.peerMs)}`}`);
  if (row.ratio !== null) parts.push(`ratio ${row.ratio.toFixed(2)}`);
  if (row.limit !== undefined) parts.push(`limit ${row.limit}`);
  if (row.busy !== undefined && row.busy > 0.1) parts.push(`(${(100 * row.busy).toFixed(0)} % busy)`);
  if (row.note !== undefined) parts.push(row.note);
  return parts.join("  ");
}
