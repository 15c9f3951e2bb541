import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { testAdapter } from "../webgpu-adapter.js";
import { runGradus } from "./run-gradus.js";

const hasGpu = (await testAdapter()) !== undefined;

let folder = "";
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "gradus-gpu-"));
});
afterAll(() => rm(folder, { recursive: true }));

async function metrics(run: string): Promise<{ readonly loss: number }[]> {
  const text = await readFile(join(folder, run, "metrics.jsonl"), "utf8");
  return text.split("\n").flatMap((line) => (line.includes('"loss"') && line.includes('"lr"') ? [JSON.parse(line) as { loss: number }] : []));
}

describe.skipIf(!hasGpu)("the command line on a GPU", () => {
  const train = (device: string): Promise<unknown> =>
    runGradus(folder, ["train", "softmax-regression", "--limit", "256", "--epochs", "1", "--device", device, "--out", device]);

  test("trains as on other devices, judges, and ends", async () => {
    const [onGpu] = await Promise.all([train("webgpu"), train("wasm")]);
    expect(onGpu).toMatchObject({ code: 0, err: expect.stringMatching(/, webgpu( in software)?$/m), out: expect.stringMatching(/Test accuracy/) });
    const [got, expected] = [await metrics("webgpu"), await metrics("wasm")];
    expect(got.length).toBeGreaterThan(0);
    got.forEach(({ loss }, i) => expect(loss).toBeCloseTo(expected[i]?.loss ?? NaN, 4));
    const { code, out } = await runGradus(folder, ["evaluate", "webgpu", "--device", "webgpu"]);
    expect([code, out]).toEqual([0, expect.stringContaining("accuracy")]);
  });
});
