import type { CurvesData, LiveEvents, RunDetails } from "../../../../src/studio/protocol.js";

export type * from "../../../../src/studio/protocol.js";

/** What is asked of a run's curves. */
export interface CurvesQuery {
  /** Names of the curves; all if not given. */
  readonly tags?: readonly string[] | undefined;
  readonly axis: string;
  /** Pixels; 0 for all points. */
  readonly width: number;
  readonly smooth: number;
  /** 1 for values above 0 only. */
  readonly log?: 1 | undefined;
  readonly from?: number | undefined;
  readonly to?: number | undefined;
}

/** Where a file of a run is. */
export function fileAddress(run: string, name: string): string {
  return `api/runs/${encodeURIComponent(run)}/files/${encodeURIComponent(name)}`;
}

/** Everything of a run but its curves. */
export function fetchDetails(run: string): Promise<RunDetails> {
  return fetchJson(`api/runs/${encodeURIComponent(run)}`);
}

/** Some curves of a run. */
export function fetchCurves(run: string, query: CurvesQuery): Promise<CurvesData> {
  const options = Object.entries(query).flatMap(([name, value]) => (value === undefined ? [] : [[name, String(value)]]));
  return fetchJson(`api/runs/${encodeURIComponent(run)}/curves?${new URLSearchParams(options).toString()}`);
}

async function fetchJson<T>(address: string): Promise<T> {
  const response = await fetch(address);
  if (response.ok) return (await response.json()) as T;
  throw new Error(response.headers.get("content-type") === "application/json" ? ((await response.json()) as { error: string }).error : `the studio answered ${response.status}`);
}

/** What is done when the studio tells something. */
export interface LiveListener {
  readonly onEvent: <K extends keyof LiveEvents>(event: K, data: LiveEvents[K]) => void;
  readonly onConnected: (connected: boolean) => void;
}

/** Listens to the studio, which is told how many bytes of which runs' metrics are here. Gives what ends it. */
export function listen(follow: Readonly<Record<string, number>>, { onEvent, onConnected }: LiveListener): () => void {
  const source = new EventSource(`api/live?follow=${encodeURIComponent(JSON.stringify(follow))}`);
  for (const event of ["runs", "changed", "lines", "reset"] as const) {
    source.addEventListener(event, ({ data }: MessageEvent<string>) => onEvent(event, JSON.parse(data) as never));
  }
  source.addEventListener("open", () => onConnected(true));
  source.addEventListener("error", () => onConnected(false));
  return () => source.close();
}
