import { mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { beforeAll, expect, test } from "vitest";
import { ReferenceBackend } from "../backends/reference/reference-backend.js";
import { setDefaultDevice, type Tensor } from "../index.js";
import * as nn from "../nn/index.js";
import { DataError } from "../core/errors.js";
import { loadRun } from "./load-run.js";
import { saveRun, updateRun } from "./save-run.js";

class Small extends nn.Module<Tensor, Tensor> {
  linear = new nn.Linear(3, 2);
  override forward(x: Tensor): Tensor {
    return this.linear.forward(x);
  }
}

beforeAll(() => setDefaultDevice(new ReferenceBackend()));

test("a run's folder holds the model, the recipe and the metrics", async () => {
  const folder = await mkdtemp(join(tmpdir(), "gradus-save-"));
  try {
    const metrics = [{ step: 20, epoch: 0.5, loss: 1.5, lr: 0.1, seconds: 2 }];
    const run = { model: new Small(), metrics, description: { recipe: "small" } };
    const place = join(folder, "run");
    await updateRun(place, { ...run, scores: { loss: 0.25, accuracy: 0.75 } });
    expect((await readdir(place)).sort()).toEqual(["metrics.jsonl", "model.safetensors", "recipe.json"]);
    expect(JSON.parse(await readFile(join(place, "recipe.json"), "utf8"))).toEqual({ recipe: "small" });
    const text = await readFile(join(place, "metrics.jsonl"), "utf8");
    const lines: unknown[] = text.trimEnd().split("\n").map((line) => JSON.parse(line) as unknown);
    expect(lines).toEqual([...metrics, { step: 20, epoch: 0.5, test: { loss: 0.25, accuracy: 0.75 } }]);
    const stopped = join(folder, "stopped");
    await updateRun(stopped, { ...run, scores: undefined });
    expect((await readFile(join(stopped, "metrics.jsonl"), "utf8")).trimEnd().split("\n").length).toBe(1);
  } finally {
    await rm(folder, { recursive: true });
  }
});

test("a saved run is read again, and does not take another's place", async () => {
  const folder = await mkdtemp(join(tmpdir(), "gradus-save-"));
  try {
    const metrics = [{ step: 20, epoch: 0.5, loss: 1.5, lr: 0.1, seconds: 2 }];
    const run = { model: new Small(), metrics, description: { recipe: "small" }, scores: { loss: 0.25 } };
    const [place, second] = [await saveRun(join(folder, "run"), run), await saveRun(join(folder, "run"), { ...run, scores: undefined })];
    expect([place, second]).toEqual([join(folder, "run"), join(folder, "run-2")]);
    expect(await saveRun(place, run, { overwrite: true })).toBe(place);
    const model = new Small();
    expect(await loadRun(place, model)).toEqual({ description: { recipe: "small" }, metrics, scores: { loss: 0.25 } });
    expect(await model.linear.weight.data()).toEqual(await run.model.linear.weight.data());
    expect((await loadRun(second)).scores).toBe(undefined);
    await expect(loadRun(folder)).rejects.toThrow(DataError);
    await expect(loadRun(join(folder, "none"))).rejects.toThrow("holds no recipe.json");
  } finally {
    await rm(folder, { recursive: true });
  }
});
