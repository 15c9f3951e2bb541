import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { expect, test } from "vitest";
import { testAdapter } from "../webgpu-adapter.js";

const run = promisify(execFile);
const script = new URL("./flat-memory.ts", import.meta.url).pathname;

/**
 * Fewer steps than the script's own, so the engine's warm-up is in the figure. One leaked weight matrix a step would be
 * 400 MB.
 */
const steps = 1000;
const limitMegabytes = 80;
/** A GPU in software takes long for a step. */
const stepsInSoftware = 200;

const hasGpu = (await testAdapter()) !== undefined;

const cases: readonly (readonly [device: string, mode: string, loop: string])[] = [
  ["native", "compiled", "sync"],
  ["native", "plain", "each"],
  ["wasm", "compiled", "every500"],
  ["wasm", "plain", "sync"],
  ...(hasGpu ? [["webgpu", "compiled", "each"] as const] : []),
];

test.each(cases)("training on %s, %s, losses read %s, holds on to nothing", async (device, mode, loop) => {
  // The script ends with 1 above its own, tighter limit, which is meant for ten thousand steps.
  const { stdout } = await run(process.execPath, ["--import", "tsx", script, device, mode, loop, String(device === "webgpu" ? stepsInSoftware : steps)]).catch((error: unknown) => {
    if (typeof error === "object" && error !== null && "stdout" in error) return { stdout: String(error.stdout) };
    throw error;
  });
  const grown = Number(/: (-?[\d.]+) MB more/.exec(stdout)?.[1]);
  expect(grown).toBeLessThan(limitMegabytes);
  if (device === "webgpu") expect(Number(/GPU: (-?[\d.]+) MB more/.exec(stdout)?.[1])).toBeLessThan(1);
});
