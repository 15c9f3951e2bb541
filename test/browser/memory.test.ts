import { expect, it } from "vitest";
import { openPage } from "./open-page.js";

/**
 * Steps after which memory is what it stays (small values are put out of WebAssembly's once there are 8 MB of them), steps after
 * that, and bytes that each of these may leave: a loss that is kept takes more.
 */
const cases = [
  { device: "wasm", isolated: true, before: 2500, after: 1500, limit: 100 },
  { device: "wasm", isolated: false, before: 2500, after: 1500, limit: 100 },
  { device: "webgpu", isolated: true, before: 300, after: 500, limit: 500 },
] as const;

it.each(cases)("keeps a training page's memory flat, $device, isolated: $isolated", async ({ device, isolated, before, after, limit }) => {
  const { call, errors, close } = await openPage<typeof import("./pages/memory.js")>("pages/memory.ts", { isolated });
  await call("prepare", device);
  await call("train", before);
  const early = await call("inUse");
  await call("train", after);
  const late = await call("inUse");
  expect(late.heap - early.heap).toBeLessThan(limit * after);
  expect(late.device - early.device).toBeLessThan(limit * after);
  expect(errors).toEqual([]);
  await close();
});
