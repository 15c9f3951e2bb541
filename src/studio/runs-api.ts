import { join } from "node:path";
import { jsonAnswer, type Answer } from "./answer.js";
import { typeOf } from "./headers.js";
import { openPlainFile } from "./line-tail.js";
import type { CurveRequest } from "./metrics-table.js";
import type { Axis, CurveData, CurvesData } from "./protocol.js";
import { runFileNames, type RunStore } from "./run-store.js";

/** Widest chart that is drawn for. */
const mostColumns = 8192;

/**
 * Answers what pages ask about runs; undefined for a path that is none of these:
 * - `/api/runs`: RunList
 * - `/api/runs/ID`: RunDetails
 * - `/api/runs/ID/curves?axis=step&from=0&to=9&width=600&smooth=0.6&log=1&tags=A,B`: CurvesData, of all curves without `tags`; with `log=1`, of values above 0
 * - `/api/runs/ID/files/NAME`: the file itself
 */
export async function answerAboutRuns(store: RunStore, path: string, query: URLSearchParams): Promise<Answer | undefined> {
  const [, api, runs, id, what, name, ...rest] = path.split("/");
  if (api !== "api" || runs !== "runs" || rest.length > 0) return undefined;
  if (id === undefined) return jsonAnswer(await store.list());
  const run = decode(id);
  if (what === undefined) return orNone(await store.details(run), run);
  if (what === "curves" && name === undefined) return curvesAnswer(store, run, query);
  if (what === "files" && name !== undefined) return fileAnswer(store, run, decode(name));
  return undefined;
}

async function curvesAnswer(store: RunStore, run: string, query: URLSearchParams): Promise<Answer> {
  const request = curveRequest(query);
  if (typeof request === "string") return jsonAnswer({ error: request }, 400);
  const metrics = await store.metrics(run);
  if (!metrics) return none(run);
  const { table, bytes } = metrics;
  const curves: Record<string, CurveData> = {};
  for (const tag of query.get("tags")?.split(",") ?? table.tags) {
    const curve = table.curve(tag, request);
    if (curve) curves[tag] = curve;
  }
  return jsonAnswer({ bytes, end: table.end(request.axis), seconds: table.end("seconds"), time: table.end("time") || null, curves } satisfies CurvesData);
}

/** What is asked for, or what is wrong with it. */
function curveRequest(query: URLSearchParams): CurveRequest | string {
  const axis = query.get("axis") ?? "step";
  const width = Number(query.get("width") ?? 600);
  const smooth = Number(query.get("smooth") ?? 0);
  const [from, to] = ["from", "to"].map((name) => query.get(name)).map((text) => (text === null ? undefined : Number(text)));
  if (!isAxis(axis)) return `axis ${axis}: expected step, epoch, seconds or time`;
  if (!Number.isInteger(width) || width < 0 || width > mostColumns) return `width ${width}: expected a whole number from 0 (all points) to ${mostColumns}`;
  if (!(smooth >= 0 && smooth < 1)) return `smooth ${smooth}: expected a number from 0 to below 1`;
  if (Number.isNaN(from ?? 0) || Number.isNaN(to ?? 0)) return "from, to: expected numbers";
  return { axis, width, smooth, logY: query.get("log") === "1", from, to };
}

function isAxis(text: string): text is Axis {
  return text === "step" || text === "epoch" || text === "seconds" || text === "time";
}

async function fileAnswer(store: RunStore, run: string, name: string): Promise<Answer> {
  const folder = runFileNames.includes(name) ? await store.pathOf(run) : undefined;
  const file = folder === undefined ? undefined : await openPlainFile(join(folder, name));
  if (!file) return jsonAnswer({ error: `the run ${run} has no file ${name}` }, 404);
  // Shown in no page: the file may come from anywhere.
  const headers = name.endsWith(".png") ? {} : { "content-disposition": `attachment; filename="${name}"` };
  return { status: 200, headers: { "content-type": typeOf(name), ...headers }, body: { file, bytes: (await file.stat()).size } };
}

function orNone(value: unknown, run: string): Answer {
  return value === undefined ? none(run) : jsonAnswer(value);
}

function none(run: string): Answer {
  return jsonAnswer({ error: `there is no run ${run} in the folder` }, 404);
}

/** A broken escape names nothing. */
function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return "";
  }
}
