import { beforeEach, expect, test } from "vitest";
import { ReferenceBackend } from "../backends/reference/reference-backend.js";
import { NonFiniteError } from "../core/errors.js";
import type { ImageSet } from "../data/image-set.js";
import { imageDataset, type ImageBatch } from "../data/dataset.js";
import { DataLoader } from "../data/loader.js";
import * as nn from "../nn/index.js";
import * as optim from "../optim/index.js";
import { crossEntropy, manualSeed, setDefaultDevice, tensor, type Tensor } from "../index.js";
import type { Callback, FitResult, StepRecord } from "./callback.js";
import { evaluateImages } from "./evaluate.js";
import { normalize } from "./normalization.js";
import { learningRate } from "./schedule.js";
import { Trainer, type TrainerOptions } from "./trainer.js";

class Classifier extends nn.Module<Tensor, Tensor> {
  linear = new nn.Linear(4, 2);
  override forward(images: Tensor): Tensor {
    return this.linear.forward(images.flatten(1));
  }
}

/** 2×2 images: class 1 where the left column is brighter than the right one. */
function columns(count: number): ImageSet {
  const images = Uint8Array.from({ length: count * 4 }, (_, i) => (i * 97 + (i >> 3) * 53) % 256);
  const labels = Uint8Array.from({ length: count }, (_, i) => {
    const [a = 0, b = 0, c = 0, d = 0] = images.subarray(4 * i);
    return a + c > b + d ? 1 : 0;
  });
  return { images, labels, count, height: 2, width: 2, classes: 2 };
}

const normalization = { mean: 0.5, std: 0.25 };

type Options = Partial<TrainerOptions<[Tensor], Tensor, Tensor, ImageBatch>>;

interface Setting extends Options {
  readonly epochs?: number;
  readonly signal?: AbortSignal;
  readonly onStep?: (step: StepRecord) => void;
}

/** Trains on 50 examples in batches of 16. */
function fit(model: Classifier, { epochs = 3, signal, onStep, ...more }: Setting = {}): Promise<FitResult> {
  const loader = new DataLoader(imageDataset(columns(50)), { batchSize: 16, shuffle: true });
  const watch: Callback = { onStepEnd: (_, step) => onStep?.(step) };
  const trainer = new Trainer({
    model,
    loss: crossEntropy,
    optimizer: new optim.Adam(model.parameters(), { lr: 0.05 }),
    schedule: (step) => learningRate("cosine", 0.05, step, epochs * loader.length),
    prepare: ([images, labels]: ImageBatch) => [normalize(images, normalization), labels] as const,
    callbacks: [watch],
    ...more,
  });
  return trainer.fit(loader, undefined, { epochs, signal });
}

beforeEach(() => {
  setDefaultDevice(new ReferenceBackend());
  manualSeed(0);
});

test("learns, with a smaller last batch, and reports every step in order", async () => {
  const steps: StepRecord[] = [];
  const model = new Classifier();
  const before = await evaluateImages(model, columns(50), normalization);
  const result = await fit(model, { epochs: 20, onStep: (step) => steps.push(step) });
  expect(result).toMatchObject({ steps: 80, examples: 1000, interrupted: false });
  expect(steps.map(({ step }) => step)).toEqual(Array.from({ length: 80 }, (_, i) => i + 1));
  expect(steps.slice(0, 5).map(({ epoch, examples }) => [epoch, examples])).toEqual([[1, 16], [1, 32], [1, 48], [1, 50], [2, 66]]);
  expect(steps[40]?.lr).toBeCloseTo(0.025, 12);
  const last = steps.slice(-4).map(({ loss }, i) => loss * (i === 3 ? 2 : 16));
  expect(result.loss).toBeCloseTo(last.reduce((sum, loss) => sum + loss, 0) / 50, 6);
  const after = await evaluateImages(model, columns(50), normalization);
  expect(after.loss).toBeLessThan(before.loss / 2);
  expect(after.accuracy).toBeGreaterThan(0.9);
});

test("one seed gives one result", async () => {
  const run = async (): Promise<number[]> => {
    manualSeed(5);
    const losses: number[] = [];
    await fit(new Classifier(), { onStep: ({ loss }) => losses.push(loss) });
    return losses;
  };
  expect(await run()).toEqual(await run());
});

test("a signal ends it after the step that runs", async () => {
  const stop = new AbortController();
  const steps: number[] = [];
  const result = await fit(new Classifier(), {
    epochs: 1000,
    signal: stop.signal,
    onStep: ({ step }) => {
      steps.push(step);
      if (step === 6) stop.abort();
    },
  });
  expect(result.interrupted).toBe(true);
  expect(result.steps).toBeLessThan(30);
  expect(steps.at(-1)).toBe(result.steps);
  expect(await fit(new Classifier(), { signal: stop.signal })).toMatchObject({ steps: 0, interrupted: true });
});

test("a loss that is not finite is an error that names the step", async () => {
  const model = new Classifier();
  model.linear.bias?.assign(tensor([Infinity, 0]));
  await expect(fit(model)).rejects.toThrow(NonFiniteError);
  await expect(fit(model)).rejects.toThrow("the loss of step 1 (epoch 1) is NaN");
});

test("evaluation gives mean loss, accuracy and predictions by the formula, and puts the mode back", async () => {
  const model = new Classifier();
  model.linear.weight.assign(tensor([[0, 0, 0, 0], [1, -1, 1, -1]]));
  model.linear.bias?.assign(tensor([0.25, 0]));
  const set = columns(700);
  const logits = Array.from({ length: 700 }, (_, i) => {
    const [a = 0, b = 0, c = 0, d = 0] = Array.from(set.images.subarray(4 * i, 4 * i + 4), (p) => (p / 255 - 0.5) / 0.25);
    return a - b + c - d - 0.25;
  });
  const expectedLoss = logits.reduce((sum, z, i) => sum + Math.log1p(Math.exp(set.labels[i] === 1 ? -z : z)), 0) / 700;
  const result = await evaluateImages(model, set, normalization);
  expect(result.loss).toBeCloseTo(expectedLoss, 5);
  expect(Array.from(result.predicted)).toEqual(logits.map((z) => (z > 0 ? 1 : 0)));
  const surest = Math.max(...logits.map((z, i) => Math.abs((result.confidence[i] ?? NaN) - 1 / (1 + Math.exp(-Math.abs(z))))));
  expect(surest).toBeLessThan(1e-6);
  expect(result.accuracy).toBe(logits.filter((z, i) => (z > 0 ? 1 : 0) === set.labels[i]).length / 700);
  expect(model.training).toBe(true);
  model.eval();
  await evaluateImages(model, set, normalization);
  expect(model.training).toBe(false);
});
