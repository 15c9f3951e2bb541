import type { Page } from "playwright-core";
import { expect, it } from "vitest";
import { browser, openPage } from "./open-page.js";

interface TraceEvent {
  readonly name: string;
  readonly pid: number;
  readonly tid: number;
  /** Microseconds of the thread's own time, which others on the machine do not lengthen. */
  readonly tdur?: number;
  readonly args: { readonly name?: string };
}

/** Milliseconds of processor time of the longest task of the page's own thread during some work. */
async function longestTask(page: Page, work: () => Promise<unknown>): Promise<number> {
  const chromium = await browser();
  await chromium.startTracing(page, { categories: ["disabled-by-default-devtools.timeline", "__metadata"] });
  await work();
  const { traceEvents } = JSON.parse((await chromium.stopTracing()).toString()) as { traceEvents: TraceEvent[] };
  const threadOf = ({ pid, tid }: TraceEvent): string => `${pid} ${tid}`;
  const main = new Set(traceEvents.filter((e) => e.name === "thread_name" && e.args.name === "CrRendererMain").map(threadOf));
  const tasks = traceEvents.filter((e) => e.name === "RunTask" && main.has(threadOf(e)));
  expect(tasks.length).toBeGreaterThan(100);
  return Math.max(...tasks.map(({ tdur = 0 }) => tdur)) / 1000;
}

it.each([true, false])("leaves the page responsive for 200 steps of LeNet-5, cross-origin isolated: %s", async (isolated) => {
  const { call, errors, page, close } = await openPage<typeof import("./pages/training.js")>("pages/training.ts", { isolated });
  const first = await call("prepare", "wasm");
  let last = NaN;
  // Browsers call a task long from 50 ms on.
  expect(await longestTask(page, async () => (last = await call("train", 200)))).toBeLessThan(50);
  expect(last).toBeLessThan(first / 2);
  expect(errors).toEqual([]);
  await close();
});

it("leaves the page responsive on WebGPU", async () => {
  const { call, errors, page, close } = await openPage<typeof import("./pages/memory.js")>("pages/memory.ts");
  await call("prepare", "webgpu");
  await call("train", 1);
  expect(await longestTask(page, () => call("train", 50))).toBeLessThan(50);
  expect(errors).toEqual([]);
  await close();
});
