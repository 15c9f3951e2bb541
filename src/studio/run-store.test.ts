import { appendFile, mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { runningHere } from "../train/running.js";
import { LiveFeed } from "./live-feed.js";
import { parsePosition } from "./live-events.js";
import type { CurvesData, RunDetails } from "./protocol.js";
import { RunStore } from "./run-store.js";
import { answerAboutRuns } from "./runs-api.js";

let folder = "";
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "gradus-store-"));
});
afterEach(async () => {
  await rm(folder, { recursive: true });
});

const line = (step: number, more: object = {}): string => `${JSON.stringify({ step, epoch: step / 10, loss: 1 / step, lr: 0.1, seconds: step / 100, ...more })}\n`;

async function save(name: string, { started = "2026-01-01T00:00:00Z", interrupted = true, metrics = "", ...more }: { started?: string; interrupted?: boolean; metrics?: string; [key: string]: unknown } = {}): Promise<void> {
  await mkdir(join(folder, name), { recursive: true });
  const recipe = { recipe: "mlp", data: "digits", options: { epochs: 3, device: "wasm" }, parameters: 7, trained: { steps: 0, interrupted }, environment: { started }, ...more };
  await writeFile(join(folder, name, "recipe.json"), JSON.stringify(recipe));
  if (metrics !== "") await writeFile(join(folder, name, "metrics.jsonl"), metrics);
}

test("runs are listed with how they stand, the last one first", async () => {
  await save("done", { interrupted: false, metrics: line(10) + `{"step":10,"epoch":1,"validation":{"loss":0.5,"accuracy":0.9}}\n${line(20)}{"step":20,"epoch":2,"test":{"loss":0.2,"accuracy":0.95}}\n` });
  await save("now", { started: "2026-01-03T00:00:00Z", running: runningHere(), metrics: line(5) });
  // No process has this number.
  await save("killed", { started: "2026-01-02T00:00:00Z", running: { ...runningHere(), process: 2 ** 30 } });
  await mkdir(join(folder, "other"));
  await mkdir(join(folder, ".hidden"));
  await writeFile(join(folder, ".hidden", "recipe.json"), '{"recipe":"x"}');
  await mkdir(join(folder, "strange"));
  await writeFile(join(folder, "strange", "recipe.json"), "{");
  const { runs } = await new RunStore(folder).list();
  expect(runs.map(({ name, state, step, loss }) => [name, state, step, loss])).toEqual([
    ["now", "running", 5, 0.2],
    ["killed", "interrupted", 0, null],
    ["done", "finished", 20, 0.05],
  ]);
  expect(runs[2]).toMatchObject({ recipe: "mlp", data: "digits", device: "wasm", parameters: 7, epochs: 3, epoch: 2, seconds: 0.2, test: { loss: 0.2, accuracy: 0.95 }, bestValidation: { loss: 0.5, accuracy: 0.9 }, lastValidation: { loss: 0.5, accuracy: 0.9 } });
});

test("a run has weights once they are written, and no longer when they are taken away", async () => {
  await save("a");
  const store = new RunStore(folder);
  const hasWeights = async (): Promise<boolean | undefined> => (await store.list()).runs[0]?.hasWeights;
  expect(await hasWeights()).toBe(false);
  await writeFile(join(folder, "a", "model.safetensors"), "");
  expect(await hasWeights()).toBe(true);
  await rm(join(folder, "a", "model.safetensors"));
  expect(await hasWeights()).toBe(false);
});

test("the folder that is given may be a run itself; one that is not there has none", async () => {
  await save(".");
  const { runs } = await new RunStore(folder).list();
  expect(runs.map(({ id, name }) => [id, folder.endsWith(name)])).toEqual([[".itself", true]]);
  expect((await new RunStore(join(folder, "none")).list()).runs).toEqual([]);
});

test("only what is in the list can be read, whatever a path spells", async () => {
  await save("a");
  await save("a/inner");
  await mkdir(join(folder, "a", "no-run"));
  const store = new RunStore(join(folder, "a"));
  const ask = async (path: string): Promise<number | undefined> => {
    const answer = await answerAboutRuns(store, path, new URLSearchParams());
    if (typeof answer?.body === "object" && "file" in answer.body) await answer.body.file.close();
    return answer?.status;
  };
  expect(await ask("/api/runs/inner")).toBe(200);
  expect(await ask("/api/runs/inner/files/recipe.json")).toBe(200);
  for (const id of ["no-run", ".", "..", "%2e%2e", "..%2fa", "inner%2f..", "%2f", "..%5ca", "inner%00", "%", ""]) {
    expect([id, await ask(`/api/runs/${id}`)]).toEqual([id, 404]);
    expect([id, await ask(`/api/runs/${id}/files/recipe.json`)]).toEqual([id, 404]);
  }
  for (const name of ["..%2frecipe.json", "%2fetc%2fpasswd", "other.txt", "checkpoints", "."]) expect(await ask(`/api/runs/inner/files/${name}`)).toBe(404);
  expect(await ask("/api/runs/inner/files/a/b")).toBeUndefined();
  expect(await ask("/other")).toBeUndefined();
});

test("details and curves of a run", async () => {
  await save("a", { metrics: line(1) + line(2, { gradNorm: 4 }) });
  await writeFile(join(folder, "a", "model.json"), '{"rows":[]}');
  const store = new RunStore(folder);
  const ask = async <T>(path: string): Promise<T> => {
    const [pathname = "", query] = path.split("?");
    const answer = await answerAboutRuns(store, pathname, new URLSearchParams(query));
    return { status: answer?.status, ...(JSON.parse(String(answer?.body)) as object) } as T;
  };
  const details = await ask<RunDetails>("/api/runs/a");
  expect(details).toMatchObject({ row: { id: "a" }, recipe: { recipe: "mlp" }, model: { rows: [] }, evaluation: null, tags: ["train/loss", "train/lr", "train/gradNorm"] });
  expect(details.files.map(({ name }) => name)).toEqual(["recipe.json", "metrics.jsonl", "model.json"]);
  const all = await ask<CurvesData>("/api/runs/a/curves?axis=seconds");
  expect(all).toMatchObject({ end: 0.02, seconds: 0.02, bytes: (line(1) + line(2, { gradNorm: 4 })).length });
  expect(Object.keys(all.curves)).toEqual(details.tags);
  expect(all.curves["train/loss"]).toMatchObject({ x: [0.01, 0.02], y: [1, 0.5] });
  expect(Object.keys((await ask<CurvesData>("/api/runs/a/curves?tags=train/lr,none")).curves)).toEqual(["train/lr"]);
  // What was appended is read when it is asked for.
  await appendFile(join(folder, "a", "metrics.jsonl"), line(3));
  expect((await ask<CurvesData>("/api/runs/a/curves")).curves["train/loss"]?.x).toEqual([1, 2, 3]);
  for (const wrong of ["axis=day", "width=-1", "width=1e9", "width=x", "smooth=1", "smooth=-1", "from=x", "to=NaN"]) {
    expect([wrong, await ask(`/api/runs/a/curves?${wrong}`)]).toEqual([wrong, { status: 400, error: expect.any(String) as string }]);
  }
});

test("of a long file the list reads the end, until its curves are wanted", async () => {
  const lines = Array.from({ length: 60_000 }, (_, i) => line(i + 1)).join("");
  expect(lines.length).toBeGreaterThan(4 << 20);
  await save("long", { metrics: `{"step":0,"epoch":0,"validation":{"accuracy":0.99}}\n${lines}` });
  const store = new RunStore(folder);
  expect((await store.list()).runs[0]).toMatchObject({ step: 60_000, bestValidation: null });
  expect((await store.metrics("long"))?.table.curve("train/loss", { axis: "step", width: 100, smooth: 0 })?.x.length).toBeLessThanOrEqual(400);
  await appendFile(join(folder, "long", "metrics.jsonl"), line(60_001));
  expect((await store.list()).runs[0]).toMatchObject({ step: 60_001, bestValidation: { accuracy: 0.99 } });
});

test("a page is told what was appended to the runs that it follows, and when the list changes", async () => {
  await save("a", { running: runningHere(), metrics: line(1) });
  await save("b", { running: runningHere(), metrics: line(1) });
  const told: unknown[] = [];
  const start = line(1).length;
  const store = new RunStore(folder);
  const feed = new LiveFeed(store, new Map([["a", start]]), (event, data, id) => told.push([event, "runs" in data ? data.runs.map(({ name, step }) => [name, step]) : data, ...("gone" in data ? data.gone : []), ...(id === undefined ? [] : [parsePosition(id)])]));
  const news = async (): Promise<unknown[]> => {
    await feed.check();
    return told.splice(0);
  };
  expect(await news()).toEqual([["runs", [["a", 1], ["b", 1]]]]);
  expect(await news()).toEqual([]);
  await appendFile(join(folder, "a", "metrics.jsonl"), line(2) + line(3).slice(0, 10));
  const end = start + line(2).length;
  expect(await news()).toEqual([
    ["lines", { run: "a", from: start, to: end, text: line(2) }, new Map([["a", end]])],
    ["changed", [["a", 2]]],
  ]);
  await appendFile(join(folder, "b", "metrics.jsonl"), line(7));
  expect(await news()).toEqual([["changed", [["b", 7]]]]);
  await writeFile(join(folder, "a", "metrics.jsonl"), line(9));
  expect((await news())[0]).toEqual(["reset", { run: "a" }]);
  await save("c");
  await rm(join(folder, "b"), { recursive: true });
  expect(await news()).toContainEqual(["changed", [["c", 0]], "b"]);
});

test("what a browser says when it connects again is looked at", () => {
  expect(parsePosition('{"a":5,"b":-1,"c":0.5,"d":"x","e":0}')).toEqual(new Map([["a", 5], ["e", 0]]));
  expect(parsePosition("[")).toEqual(new Map());
  expect(parsePosition("null")).toEqual(new Map());
});
