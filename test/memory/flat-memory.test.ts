import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { expect, test } from "vitest";

const run = promisify(execFile);
const script = new URL("./flat-memory.ts", import.meta.url).pathname;

/**
 * Fewer steps than the script's own, so the engine's warm-up is in the figure. One leaked weight matrix a step would be
 * 400 MB.
 */
const steps = 1000;
const limitMegabytes = 80;

test.each([
  ["native", "compiled", "sync"],
  ["native", "plain", "each"],
  ["wasm", "compiled", "every500"],
  ["wasm", "plain", "sync"],
])("training on %s, %s, losses read %s, holds on to nothing", async (device, mode, loop) => {
  // The script ends with 1 above its own, tighter limit, which is meant for ten thousand steps.
  const { stdout } = await run(process.execPath, ["--import", "tsx", script, device, mode, loop, String(steps)]).catch((error: unknown) => {
    if (typeof error === "object" && error !== null && "stdout" in error) return { stdout: String(error.stdout) };
    throw error;
  });
  const grown = Number(/: (-?[\d.]+) MB more/.exec(stdout)?.[1]);
  expect(grown).toBeLessThan(limitMegabytes);
});
