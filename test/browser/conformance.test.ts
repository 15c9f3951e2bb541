import { expect, it } from "vitest";
import { openPage } from "./open-page.js";

it.each(["wasm", "webgpu"])("computes every operator and its derivatives as the reference does, on %s", async (device) => {
  const { call, errors, close } = await openPage<typeof import("./pages/conformance.js")>("pages/conformance.ts", { isolated: true });
  const { operators, probes, complaints } = await call("check", device);
  expect(complaints).toEqual([]);
  expect(operators).toBeGreaterThan(70);
  expect(probes).toBeGreaterThan(300);
  expect(errors).toEqual([]);
  await close();
});
