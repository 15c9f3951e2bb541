import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { open, rename, stat, truncate } from "node:fs/promises";
import { setTimeout as wait } from "node:timers/promises";
import { DataError } from "../core/errors.js";
import { claimPart, releasePart } from "./download-part.js";

/** A file of the net whose size and sum are known. */
export interface Download {
  /** Addresses that serve the same bytes, tried in this order. */
  readonly urls: readonly string[];
  readonly bytes: number;
  readonly sha256: string;
  /** Where the file shall lie; its folder must exist. */
  readonly path: string;
}

export interface DownloadOptions {
  /** Told how many bytes are here, at each piece that comes. */
  readonly onProgress?: ((received: number) => void) | undefined;
  /** After how many milliseconds without a byte a connection is given up; 30,000 if not given. */
  readonly stallMs?: number | undefined;
  /** How often in a row a source may fail without sending anything of note; 4 if not given. */
  readonly attempts?: number | undefined;
  /** Milliseconds before the second attempt; doubled before each further one. 500 if not given. */
  readonly retryMs?: number | undefined;
}

/** What asking again will not mend. */
class Refused extends Error {}

/**
 * Downloads a file and gives it to `use`, which renames it to `path` if not given. What comes goes to a file of its own beside
 * `path`; where the connection breaks or stalls, the rest is asked for by range, also by a later process. The file is used only
 * if its SHA-256 is right: at `path` there is the whole of it or nothing. Processes that download at once do not touch
 * each other's files. Throws DataError, with each address and what went wrong there.
 */
export async function download(
  request: Download,
  options: DownloadOptions = {},
  use: (file: string) => Promise<void> = (file) => rename(file, request.path),
): Promise<void> {
  const part = await claimPart(request.path);
  try {
    const faults: string[] = [];
    for (const url of request.urls) {
      const fault = await fetchAll(url, request, part, options);
      if (fault === undefined) return await use(part);
      faults.push(`  ${url}: ${fault}`);
    }
    throw new DataError(`the download of ${request.path} failed:\n${faults.join("\n")}`);
  } finally {
    await releasePart(part);
  }
}

/** Fills the file from one address; gives what went wrong, or undefined where the file is whole. */
async function fetchAll(url: string, request: Download, part: string, options: DownloadOptions): Promise<string | undefined> {
  const { attempts = 4, retryMs = 500 } = options;
  let failures = 0;
  let resumed = (await sizeOf(part)) > 0;
  for (;;) {
    const before = await sizeOf(part);
    let fault: unknown = undefined;
    if (before < request.bytes) fault = await fetchRest(url, request, part, before, options).catch((error: unknown) => error);
    if (fault instanceof Refused) return fault.message;
    const after = await sizeOf(part);
    if (after === request.bytes) {
      const sum = await sha256Of(part);
      if (sum === request.sha256) return undefined;
      await truncate(part, 0);
      // A part that another process left may be of an older version; from the start it is what this address serves.
      if (!resumed) return `sent other bytes: their SHA-256 is ${sum}, and ${request.sha256} was expected`;
      resumed = false;
      continue;
    }
    resumed ||= after > 0;
    failures = after - before > request.bytes / 100 ? 0 : failures + 1;
    if (failures >= attempts) return `${reasonOf(fault)} (${attempts} attempts)`;
    await wait(retryMs * 2 ** Math.max(0, failures - 1));
  }
}

/** Appends what is missing from byte `from` on. Throws Refused for an answer that will not change, others for breaks. */
async function fetchRest(url: string, request: Download, part: string, from: number, options: DownloadOptions): Promise<void> {
  const { stallMs = 30_000, onProgress } = options;
  const abort = new AbortController();
  const stalled = new Error(`no byte came for ${stallMs / 1000} seconds`);
  let timer = setTimeout(() => abort.abort(stalled), stallMs);
  // Compressed on the way, ranges would be ranges of something else.
  const headers = { "accept-encoding": "identity", ...(from > 0 ? { range: `bytes=${from}-` } : {}) };
  try {
    const response = await fetch(url, { headers, signal: abort.signal });
    if (response.status === 416) return await truncate(part, 0);
    if (!response.ok) throw refusal(response);
    const start = response.status === 206 ? rangeStart(response, request.bytes) : 0;
    const length = response.headers.get("content-length");
    const end = start + Number(length);
    if (length !== null && end !== request.bytes && !response.headers.has("content-encoding")) {
      throw new Refused(`offers ${end} bytes, and ${request.bytes} were expected`);
    }
    if (start > from) throw new Refused(`sends the range from byte ${start}, and was asked for that from ${from}`);
    if (start < from) await truncate(part, start);
    const file = await open(part, "a");
    try {
      let received = start;
      for await (const chunk of (response.body ?? []) as AsyncIterable<Uint8Array>) {
        clearTimeout(timer);
        timer = setTimeout(() => abort.abort(stalled), stallMs);
        received += chunk.length;
        if (received > request.bytes) {
          await file.truncate(0);
          throw new Refused(`sends more than the ${request.bytes} bytes that were expected`);
        }
        await file.writeFile(chunk);
        onProgress?.(received);
      }
      await file.sync();
    } finally {
      await file.close();
    }
    if ((await sizeOf(part)) < request.bytes) throw new Error("the connection ended too early");
  } finally {
    clearTimeout(timer);
    abort.abort();
  }
}

/** Of an answer that is no success: whether another attempt may do better. */
function refusal(response: Response): Error {
  const message = `answers ${response.status} ${response.statusText}`.trimEnd();
  const mayPass = response.status >= 500 || response.status === 408 || response.status === 429;
  return mayPass ? new Error(message) : new Refused(message);
}

/** Where the range begins that the server sends. */
function rangeStart(response: Response, bytes: number): number {
  const range = /^bytes (\d+)-\d+\/(\d+|\*)$/.exec(response.headers.get("content-range") ?? "");
  if (!range) throw new Refused("answers a range without saying which");
  if (range[2] !== "*" && Number(range[2]) !== bytes) {
    throw new Refused(`offers ${range[2]} bytes, and ${bytes} were expected`);
  }
  return Number(range[1]);
}

/** The SHA-256 of a file, in hexadecimal. */
export async function sha256Of(path: string): Promise<string> {
  const hash = createHash("sha256");
  for await (const chunk of createReadStream(path)) hash.update(chunk as Uint8Array);
  return hash.digest("hex");
}

async function sizeOf(path: string): Promise<number> {
  return (await stat(path).catch(() => undefined))?.size ?? 0;
}

/** What a failure of `fetch` came from; its own message is only "fetch failed" or "terminated". */
function reasonOf(fault: unknown): string {
  if (!(fault instanceof Error)) return "the connection ended too early";
  return fault.cause instanceof Error ? `${fault.message}: ${fault.cause.message || String(fault.cause)}` : fault.message;
}
