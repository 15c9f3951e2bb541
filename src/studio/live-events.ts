import { watch, type FSWatcher } from "node:fs";
import type { IncomingMessage, ServerResponse } from "node:http";
import { commonHeaders } from "./headers.js";
import { LiveFeed } from "./live-feed.js";
import type { RunStore } from "./run-store.js";

/** Changes within this time are told together. */
const gatherMs = 100;
/** Where the system does not tell of changes (network drives), they are found after this time. */
const pollMs = 1000;
/** A line that says nothing keeps the connection open. */
const quietMs = 15_000;

/** Answers with server-sent events (WHATWG HTML, 9.2) until the page goes away. `follow` says how much of which runs the page has. */
export function sendLiveEvents(store: RunStore, follow: ReadonlyMap<string, number>, request: IncomingMessage, response: ServerResponse): void {
  response.writeHead(200, { ...commonHeaders, "content-type": "text/event-stream" });
  const feed = new LiveFeed(store, positionOf(request, follow), (event, data, id) => {
    response.write(`event: ${event}\n${id === undefined ? "" : `id: ${id}\n`}data: ${JSON.stringify(data)}\n\n`);
  });
  let waiting: NodeJS.Timeout | undefined;
  const check = (): void => {
    waiting = undefined;
    feed.check().catch((error: unknown) => response.destroy(error instanceof Error ? error : undefined));
  };
  const soon = (): void => void (waiting ??= setTimeout(check, gatherMs));
  const watchers = [store.folder, ...[...follow.keys()].map((run) => store.placeOf(run))].map((path) => watchFolder(path, soon));
  const timers = [setInterval(soon, pollMs), setInterval(() => response.write(": still here\n\n"), quietMs)];
  response.on("close", () => {
    for (const timer of timers) clearInterval(timer);
    clearTimeout(waiting);
    for (const watcher of watchers) watcher?.close();
  });
  check();
}

/** A browser that connects again says what it got last. */
function positionOf(request: IncomingMessage, follow: ReadonlyMap<string, number>): ReadonlyMap<string, number> {
  const last = parsePosition(String(request.headers["last-event-id"] ?? ""));
  return new Map([...follow].map(([run, offset]) => [run, last.get(run) ?? offset]));
}

/** Bytes by run, from JSON; empty for what is none. */
export function parsePosition(text: string): ReadonlyMap<string, number> {
  try {
    const value: unknown = JSON.parse(text);
    const entries = typeof value === "object" && value !== null ? Object.entries(value) : [];
    return new Map(entries.filter((entry): entry is [string, number] => Number.isSafeInteger(entry[1]) && Number(entry[1]) >= 0));
  } catch {
    return new Map();
  }
}

function watchFolder(path: string, onChange: () => void): FSWatcher | undefined {
  try {
    const watcher = watch(path, onChange);
    watcher.on("error", () => watcher.close());
    return watcher;
  } catch {
    return undefined;
  }
}
