import { mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { beforeAll, expect, test } from "vitest";
import { ReferenceBackend } from "../backends/reference/reference-backend.js";
import { Buffer, manualSeed, setDefaultDevice, tensor, type Tensor } from "../index.js";
import { decodeSafetensors } from "../io/safetensors.js";
import * as nn from "../nn/index.js";
import { encodeModel, saveRun } from "./save-run.js";

class Small extends nn.Module<Tensor, Tensor> {
  layers = new nn.Sequential(new nn.Linear(3, 2), new nn.ReLU());
  half = new Buffer(tensor([1, -0.5, 65504], { dtype: "float16" }));
  brain = new Buffer(tensor([1, -0.5, 3e38], { dtype: "bfloat16" }));
  count = new Buffer(tensor([7], { dtype: "int32" }));
  override forward(x: Tensor): Tensor {
    return this.layers.forward(x);
  }
}

beforeAll(() => setDefaultDevice(new ReferenceBackend()));

test("a model's file holds every parameter and buffer by its name, in its own dtype", async () => {
  manualSeed(3);
  const model = new Small();
  const { tensors } = decodeSafetensors(await encodeModel(model));
  const types = Object.fromEntries([...tensors].map(([name, { dtype, shape }]) => [name, `${dtype}[${shape.join()}]`]));
  expect(types).toEqual({
    "layers.0.weight": "F32[2,3]",
    "layers.0.bias": "F32[2]",
    half: "F16[3]",
    brain: "BF16[3]",
    count: "I32[1]",
  });
  const weight = tensors.get("layers.0.weight")?.data.slice();
  expect(Array.from(new Float32Array(weight?.buffer ?? new ArrayBuffer(0)))).toEqual(Array.from(await model.stateDict()["layers.0.weight"]?.data() ?? []));
  // 1, -0.5 and the largest value of float16; 3e38 rounds to bfloat16 0x7f62.
  expect(Array.from(tensors.get("half")?.data ?? [])).toEqual([0x00, 0x3c, 0x00, 0xb8, 0xff, 0x7b]);
  expect(Array.from(tensors.get("brain")?.data ?? [])).toEqual([0x80, 0x3f, 0x00, 0xbf, 0x62, 0x7f]);
});

test("a run's folder holds the model, the recipe and the metrics", async () => {
  const folder = await mkdtemp(join(tmpdir(), "gradus-save-"));
  try {
    const metrics = [{ step: 20, epoch: 0.5, loss: 1.5, lr: 0.1, seconds: 2 }];
    const run = { model: new Small(), metrics, description: { recipe: "small" } };
    const place = await saveRun(join(folder, "run"), { ...run, evaluation: { loss: 0.25, accuracy: 0.75 } });
    expect((await readdir(place)).sort()).toEqual(["metrics.jsonl", "model.safetensors", "recipe.json"]);
    expect(JSON.parse(await readFile(join(place, "recipe.json"), "utf8"))).toEqual({ recipe: "small" });
    const text = await readFile(join(place, "metrics.jsonl"), "utf8");
    const lines: unknown[] = text.trimEnd().split("\n").map((line) => JSON.parse(line) as unknown);
    expect(lines).toEqual([...metrics, { step: 20, epoch: 0.5, test: { loss: 0.25, accuracy: 0.75 } }]);
    const stopped = await saveRun(join(folder, "stopped"), { ...run, evaluation: undefined });
    expect((await readFile(join(stopped, "metrics.jsonl"), "utf8")).trimEnd().split("\n").length).toBe(1);
  } finally {
    await rm(folder, { recursive: true });
  }
});
