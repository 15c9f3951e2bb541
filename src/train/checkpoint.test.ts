import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { FormatError } from "../core/errors.js";
import { machine } from "../core/temporary-name.js";
import { crossEntropy, device, dropout, manualSeed, setDefaultDevice, tensor, type Tensor } from "../node.js";
import { tensorDataset } from "../data/dataset.js";
import { DataLoader } from "../data/loader.js";
import * as nn from "../nn/index.js";
import * as optim from "../optim/index.js";
import type { Callback } from "./callback.js";
import { CheckpointFolder } from "./checkpoint-folder.js";
import { decodeCheckpoint, encodeCheckpoint, type Checkpoint } from "./checkpoint.js";
import { EarlyStopping } from "./early-stopping.js";
import { MetricsLog } from "./metrics-log.js";
import { ModelCheckpoint, type CheckpointStore } from "./model-checkpoint.js";
import { Trainer } from "./trainer.js";

// The reference keeps more digits than a float32 file.
setDefaultDevice(device("wasm"));

class Net extends nn.Module<Tensor, Tensor> {
  linear = new nn.Linear(3, 2);
  override forward(x: Tensor): Tensor {
    return this.linear.forward(this.training ? dropout(x, 0.3) : x);
  }
}

/** Keeps every checkpoint as its file. */
class FilesInMemory implements CheckpointStore {
  readonly files: Promise<Uint8Array>[] = [];
  async save(checkpoint: Checkpoint): Promise<string> {
    const file = encodeCheckpoint(checkpoint);
    this.files.push(file);
    await file;
    return `file ${this.files.length}`;
  }
}

const inputs = Array.from({ length: 23 }, (_, i) => [Math.sin(i), Math.cos(3 * i), Math.sin(7 * i)]);
const labels = inputs.map(([a = 0, b = 0]) => Number(a > b));

/** A run of 4 epochs of 6 batches of 4, the last of 3, in steps of `accumulate` batches; gives what it ends with. */
async function train({ accumulate = 1, store = new FilesInMemory() as CheckpointStore, resume = undefined as Checkpoint | undefined, callbacks = [] as Callback[] } = {}) {
  manualSeed(3);
  const model = new Net();
  const optimizer = new optim.Adam(model.parameters(), { lr: 0.1 });
  const data = tensorDataset(tensor(inputs), tensor(labels, { dtype: "int32" }));
  const log = new MetricsLog(4);
  const stopping = new EarlyStopping({ patience: 2, minDelta: 0.01 });
  const trainer = new Trainer({
    model,
    loss: crossEntropy,
    optimizer,
    schedule: new optim.StepLR(optimizer, 5),
    accumulate,
    callbacks: [log, stopping, new ModelCheckpoint(store, { everySteps: 1 }), ...callbacks],
  });
  const loader = new DataLoader(data, { batchSize: 4, shuffle: true, seed: 9 });
  const validation = new DataLoader(data, { batchSize: 10, shuffle: true });
  const result = await trainer.fit(loader, validation, { epochs: 4, resume });
  const weights = await encodeCheckpoint({ step: 0, state: { model: model.stateDict(), optimizer: optimizer.stateDict() } });
  const { seconds: _, compileSeconds: __, ...rest } = result;
  const lines = log.lines.map((line) => ({ ...line, seconds: 0, examplesPerSecond: 0 }));
  return { weights, result: rest, lines, stopping: stopping.stateDict(), random: await dropout(tensor([1, 1, 1, 1]), 0.5).array() };
}

test.each([1, 4])("a run that goes on from any of its checkpoints ends as the whole one, with %i batches a step", async (accumulate) => {
  const store = new FilesInMemory();
  const whole = await train({ accumulate, store });
  const stepsPerEpoch = Math.ceil(6 / accumulate);
  // One after each step, and one after each epoch.
  expect(store.files.length).toBe(whole.result.steps + whole.result.steps / stepsPerEpoch);
  // Steps and ends of epochs: 3 and 7 have no common factor with an epoch's number of files.
  for (const file of store.files.filter((_, i) => i % 3 === 2 || i % 7 === 6)) {
    const again = await train({ accumulate, resume: await decodeCheckpoint(await file) });
    expect(again).toEqual(whole);
  }
});

test("a checkpoint's file gives back tensors of every dtype and numbers that JSON lacks", async () => {
  const state = { a: [1, "two", null, true, NaN, -Infinity], b: { half: tensor([1.5, -2], { dtype: "float16" }), count: tensor(7, { dtype: "int32" }) } };
  const { step, state: found } = await decodeCheckpoint(await encodeCheckpoint({ step: 12, state }));
  expect([step, found["a"]]).toEqual([12, state.a]);
  const { half, count } = found["b"] as typeof state.b;
  expect([half.dtype, await half.array(), count.dtype, await count.item()]).toEqual(["float16", [1.5, -2], "int32", 7]);
});

test("every damaged byte is found", async () => {
  const file = await encodeCheckpoint({ step: 1, state: { x: tensor([1, 2, 3]), text: "hello" } });
  for (let i = 0; i < file.length; i++) {
    const damaged = file.slice();
    damaged[i] = (damaged[i] ?? 0) ^ 1;
    await expect(decodeCheckpoint(damaged), `byte ${i}`).rejects.toThrow(FormatError);
    if (i % 7 === 0) await expect(decodeCheckpoint(file.slice(0, i))).rejects.toThrow(FormatError);
  }
});

let folder = "";
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "gradus-checkpoints-"));
});
afterEach(async () => {
  await rm(folder, { recursive: true });
});

/** The number of a process that is over. */
async function endedProcess(): Promise<number> {
  const child = spawn(process.execPath, ["--version"]);
  await once(child, "exit");
  return child.pid ?? 0;
}

test("a folder keeps the last checkpoints and the best, and passes over damaged ones", async () => {
  const damaged: string[] = [];
  const path = join(folder, "checkpoints");
  const store = new CheckpointFolder(path, { keep: 2, onDamaged: (file, error) => damaged.push(`${file}: ${error.name}`) });
  expect([await store.latest(), await store.best()]).toEqual([undefined, undefined]);
  const saved: string[] = [];
  await train({ store, callbacks: [{ onCheckpoint: (_, { place }) => void saved.push(place) }] });
  const names = (await readdir(path)).sort();
  expect(names).toEqual(["best.safetensors", expect.stringMatching(/^step-/), expect.stringMatching(/^step-/)]);
  const [, before = "", last = ""] = names;
  expect(saved.at(-1)).toBe(join(path, last));
  await writeFile(join(path, `.${machine()}.${await endedProcess()}.01234567.tmp`), "half a file");
  const lastBytes = await readFile(join(path, last));
  await writeFile(join(path, last), lastBytes.subarray(0, 1000));
  const found = await store.latest();
  expect(`step-${String(found?.step).padStart(8, "0")}.safetensors`).toBe(before);
  expect(damaged).toEqual([`${join(path, last)}: FormatError`]);
  expect((await store.best())?.step).toBeGreaterThan(0);
  // The damaged one is newer than what is saved now, and is written anew before long.
  if (found) await store.save({ ...found, step: found.step });
  expect((await readdir(path)).filter((name) => name.endsWith(".tmp"))).toEqual([]);
});

test("a checkpoint between the boundaries, and failing stores, are errors", async () => {
  const early: Callback = { onStepEnd: async (fit) => void (await fit.checkpoint()) };
  await expect(train({ callbacks: [early] })).rejects.toThrow("in onFitStart, onBoundary and onFitEnd only");
  const full: CheckpointStore = { save: () => Promise.reject(new Error("the disk is full")) };
  await expect(train({ store: full })).rejects.toThrow("the disk is full");
});
