import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import type { Fit, FitResult, StepRecord } from "./callback.js";
import { EventEncoder } from "./event-file.js";
import { MetricsFile } from "./metrics-file.js";
import { MetricsLog } from "./metrics-log.js";

let folder = "";
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "gradus-metrics-"));
});
afterEach(async () => {
  await rm(folder, { recursive: true });
});

const fit = (step: number): Fit => ({ stepsPerEpoch: 10, step }) as unknown as Fit;
const record = (step: number): StepRecord => ({ step, epoch: 1, loss: step, lr: 0.5, examples: 8 * step, seconds: 2 * step });
const end = { interrupted: false } as FitResult;
const steps = async (): Promise<number[]> => {
  const text = await readFile(join(folder, "metrics.jsonl"), "utf8").catch(() => "");
  return text.split("\n").slice(0, -1).map((line) => (JSON.parse(line) as { step: number }).step);
};

test("lines are in the file while the training goes on", async () => {
  // From a run that died.
  await writeFile(join(folder, "metrics.jsonl"), "old\n");
  const log = new MetricsLog(2, { memory: () => 4096 });
  let opened = 0;
  const file = new MetricsFile(log, { every: 0, folder: () => Promise.resolve((opened++, folder)) });
  await file.onFitStart(fit(0));
  const step = async (number: number): Promise<void> => {
    await log.onStepEnd(fit(number), record(number));
    file.onStepEnd();
  };
  await step(1);
  expect(opened).toBe(0);
  await step(2);
  // The folder is there a moment later.
  await Promise.resolve();
  await step(3);
  expect(await steps()).toEqual([2]);
  await step(4);
  expect(await steps()).toEqual([2, 4]);
  await step(5);
  await log.onFitEnd(fit(5), end);
  await file.onFitEnd();
  expect([await steps(), opened]).toEqual([[2, 4, 5], 1]);
  expect(log.lines.at(-1)).toEqual({ step: 5, epoch: 0.5, loss: 5, lr: 0.5, seconds: 10, examplesPerSecond: 4, memoryBytes: 4096 });
});

test("a run that goes on leaves out what was learned after its checkpoint", async () => {
  await writeFile(join(folder, "metrics.jsonl"), '{"step":2}\n{"step":4}\n{"step":6}\n');
  const log = new MetricsLog(2);
  const state = new MetricsLog(2);
  for (const step of [1, 2, 3, 4]) await state.onStepEnd(fit(step), record(step));
  log.loadStateDict(state.stateDict() as Parameters<MetricsLog["loadStateDict"]>[0]);
  const file = new MetricsFile(log, { every: 0, folder: () => Promise.resolve(folder) });
  await file.onFitStart(fit(4));
  expect(await steps()).toEqual([2, 4]);
  for (const step of [5, 6]) await log.onStepEnd(fit(step), record(step));
  file.onStepEnd();
  expect(await steps()).toEqual([2, 4, 6]);
  expect(log.lines.at(-1)).toMatchObject({ examplesPerSecond: 4 });
});

test("TensorBoard's file grows with the other one, and ends with the scores of the test", async () => {
  const events = async (): Promise<string> => (await readFile(join(folder, "events.out.tfevents.gradus"))).toString("hex");
  const expected = (log: MetricsLog, scores?: Readonly<Record<string, number>>): string => {
    const encoder = new EventEncoder(1000);
    return Buffer.concat([encoder.begin(), encoder.lines(log.lines), ...(scores ? [encoder.test(scores)] : [])]).toString("hex");
  };
  await writeFile(join(folder, "events.out.tfevents.gradus"), "of a run that died");
  const log = new MetricsLog(2);
  const file = new MetricsFile(log, { every: 0, startedAt: 1000, folder: () => Promise.resolve(folder) });
  await file.onFitStart(fit(0));
  for (let number = 1; number <= 5; number++) {
    await log.onStepEnd(fit(number), record(number));
    file.onStepEnd();
    await Promise.resolve();
  }
  expect(await events()).toBe(expected(log));
  const middle = log.stateDict();
  await log.onFitEnd(fit(5), end);
  await file.onFitEnd();
  await file.finish({ accuracy: 0.5 });
  expect([await events(), await steps()]).toEqual([expected(log, { accuracy: 0.5 }), [2, 4, 5]]);

  // From a checkpoint on: what came after it is taken back.
  const again = new MetricsLog(2);
  again.loadStateDict(middle as Parameters<MetricsLog["loadStateDict"]>[0]);
  const going = new MetricsFile(again, { every: 0, startedAt: 1000, folder: () => Promise.resolve(folder) });
  await going.onFitStart(fit(5));
  expect(await events()).toBe(expected(again));
  // Where nothing can be appended any more, it is written whole at the end; the other file is written by who saves the run, and stays as it is.
  await rm(folder, { recursive: true });
  await again.onStepEnd(fit(6), record(6));
  going.onStepEnd();
  await mkdir(folder);
  await again.onFitEnd(fit(6), end);
  await going.onFitEnd();
  const saved = '{"step":6,"test":{"accuracy":0.75}}\n';
  await writeFile(join(folder, "metrics.jsonl"), saved);
  expect(await going.finish({ accuracy: 0.75 })).toBeUndefined();
  expect([await events(), await readFile(join(folder, "metrics.jsonl"), "utf8")]).toEqual([expected(again, { accuracy: 0.75 }), saved]);
});

test.each([["events.out.tfevents.gradus", "metrics.jsonl"], ["metrics.jsonl", "events.out.tfevents.gradus"]])("where %s cannot be written, %s grows", async (broken, other) => {
  await mkdir(join(folder, broken, "in-the-way"), { recursive: true });
  const sizes: number[] = [];
  const size = async (): Promise<void> => void sizes.push((await readFile(join(folder, other))).length);
  const log = new MetricsLog(1);
  const file = new MetricsFile(log, { every: 0, startedAt: 1000, folder: () => Promise.resolve(folder) });
  for (let number = 1; number <= 4; number++) {
    await log.onStepEnd(fit(number), record(number));
    file.onStepEnd();
    await Promise.resolve();
    if (number > 1) await size();
  }
  await file.onFitEnd();
  const missed = await file.finish({ accuracy: 0.5 });
  expect(missed instanceof Error).toBe(other === "metrics.jsonl");
  await size();
  // The scores of the test are for TensorBoard's file; those of the other come with the run.
  expect(sizes.map((bytes, i) => bytes > (sizes[i - 1] ?? 0))).toEqual([true, true, true, other !== "metrics.jsonl"]);

  const going = new MetricsFile(log, { every: 0, startedAt: 1000, folder: () => Promise.resolve(folder) });
  if (other === "metrics.jsonl") {
    await going.onFitStart(fit(4));
    expect(await steps()).toEqual([1, 2, 3, 4]);
  } else await expect(going.onFitStart(fit(4))).rejects.toThrow();
});

test("a folder that cannot be made ends the training; a file that cannot be written does not", async () => {
  const log = new MetricsLog(1);
  const broken = new MetricsFile(log, { folder: () => Promise.reject(new Error("read-only")) });
  await log.onStepEnd(fit(1), record(1));
  broken.onStepEnd();
  await expect(broken.onFitEnd()).rejects.toThrow("read-only");
  const removed = new MetricsFile(log, { folder: () => Promise.resolve(join(folder, "removed")) });
  await removed.onFitEnd();
  await removed.onFitEnd();
});
