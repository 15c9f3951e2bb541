import {
  CheckpointFolder, crossEntropy, DataLoader, decodeCheckpoint, encodeCheckpoint, encodeModel, files, generateDigitsAsync, imageDataset, loadModel, loadRun,
  manualSeed, MetricsLog, ModelCheckpoint, nn, optim, randn, saveRun, setDefaultDevice, Trainer,
} from "../../src/index.js";
import type { Callback, Checkpoint, Fit, ImageBatch, Tensor } from "../../src/index.js";

/* A training that depends on every random stream, for pages and for Node: what it gives is compared bit by bit. */

const pixels = { mean: 0.13, std: 0.3 };
const epochs = 3;

interface Training {
  readonly model: nn.Sequential;
  readonly loader: DataLoader<ImageBatch>;
  readonly metrics: MetricsLog;
  fit(resume?: Checkpoint, callbacks?: readonly Callback[]): Promise<void>;
}

async function begin(device: string): Promise<Training> {
  setDefaultDevice(device);
  manualSeed(7);
  const { train } = await generateDigitsAsync({ train: 320, test: 10, seed: 5 });
  const model = new nn.Sequential(new nn.Linear(784, 32), new nn.ReLU(), new nn.Dropout(0.2), new nn.Linear(32, 10));
  const loader = new DataLoader(imageDataset(train, { layout: "flat", normalize: pixels }), { batchSize: 32, shuffle: true, seed: 3 });
  const metrics = new MetricsLog(5);
  const fit = async (resume?: Checkpoint, callbacks: readonly Callback[] = []): Promise<void> => {
    const optimizer = new optim.Adam(model.parameters(), { lr: 2e-3 });
    const trainer = new Trainer({ model, loss: crossEntropy, optimizer, callbacks: [metrics, ...callbacks] });
    await trainer.fit(loader, undefined, { epochs, resume });
  };
  return { model, loader, metrics, fit };
}

/** The SHA-256 of some arrays, in hexadecimal. */
async function hashOf(...arrays: readonly ArrayBufferView[]): Promise<string> {
  const bytes = new Uint8Array(await new Blob(arrays as ArrayBufferView<ArrayBuffer>[]).arrayBuffer());
  const digest = await crypto.subtle.digest("SHA-256", bytes);
  return Array.from(new Uint8Array(digest), (byte) => byte.toString(16).padStart(2, "0")).join("");
}

const hashOfTensors = async (tensors: Iterable<Tensor>): Promise<string> => hashOf(...(await Promise.all([...tensors].map((t) => t.data()))));

const toText = (bytes: Uint8Array): string => btoa(Array.from(bytes, (byte) => String.fromCharCode(byte)).join(""));
const toBytes = (text: string): Uint8Array => Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));

/** Hashes of everything that a seed decides: images, initial weights, batches, draws. */
export async function beginnings(device: string): Promise<Record<string, string>> {
  const { images, labels } = (await generateDigitsAsync({ train: 50, test: 10 })).train;
  const { model, loader } = await begin(device);
  const batches: Tensor[] = [];
  for await (const batch of loader) if (batches.push(...batch) >= 8) break;
  return {
    digits: await hashOf(images, labels),
    weights: await hashOfTensors(model.parameters()),
    batches: await hashOfTensors(batches),
    normal: await hashOfTensors([randn([1000])]),
  };
}

/** What a training came to: hashes of its weights, its files in base64, and what the model says of a few images. */
export interface Trained {
  readonly weights: string;
  readonly model: string;
  /** Taken after 15 of 30 steps. */
  readonly checkpoint: string;
  readonly predictions: string;
}

class Halfway implements Callback {
  checkpoint = new Uint8Array();

  async onBoundary(fit: Fit): Promise<void> {
    if (fit.step === 15 && this.checkpoint.length === 0) this.checkpoint = new Uint8Array(await encodeCheckpoint(await fit.checkpoint()));
  }
}

async function predictions(model: nn.Sequential): Promise<string> {
  const { test } = await generateDigitsAsync({ train: 10, test: 64 });
  const [images] = imageDataset(test, { layout: "flat", normalize: pixels }).batch(Int32Array.from({ length: 64 }, (_, i) => i));
  return hashOfTensors([model.eval().forward(images)]);
}

/** Trains to the end, from the beginning or from a checkpoint (in base64). */
export async function train(device: string, checkpoint?: string): Promise<Trained> {
  const { model, fit } = await begin(device);
  const halfway = new Halfway();
  await fit(checkpoint === undefined ? undefined : await decodeCheckpoint(toBytes(checkpoint)), [halfway]);
  return {
    weights: await hashOfTensors(model.parameters()),
    model: toText(await encodeModel(model)),
    checkpoint: toText(halfway.checkpoint),
    predictions: await predictions(model),
  };
}

/** What a model whose file is given (in base64) says of the images. */
export async function predictionsOf(device: string, file: string): Promise<string> {
  const { model } = await begin(device);
  loadModel(model, toBytes(file));
  return predictions(model);
}

/**
 * Trains with checkpoints beside a run's folder, from the last one on if there is one, and saves the run. Gives the hash of the
 * weights, that of what the saved model says, and the step from which it went on. At step `hangAt` it stays forever.
 */
export async function trainStored(device: string, run: string, hangAt?: number): Promise<{ weights: string; predictions: string; from: number }> {
  const { model, metrics, fit } = await begin(device);
  const store = new CheckpointFolder(`${run}-checkpoints`);
  const last = await store.latest();
  const hanging: Callback = { onBoundary: ({ step }) => (step === hangAt ? new Promise<void>(() => undefined) : undefined) };
  await fit(last, [new ModelCheckpoint(store, { everySteps: 4, everyEpochs: Infinity, keepBest: false }), hanging]);
  const place = await saveRun(run, { model, metrics: metrics.lines, scores: undefined, description: { recipe: "small" } }, { overwrite: true });
  const { model: again } = await begin(device);
  await loadRun(place, again);
  return { weights: await hashOfTensors(model.parameters()), predictions: await predictions(again), from: last?.step ?? 0 };
}

/** The steps of the checkpoints that a run has so far. */
export async function checkpointSteps(run: string): Promise<number[]> {
  const names = await (await files()).list(`${run}-checkpoints`);
  return (names ?? []).map((name) => Number(/\d+/.exec(name)?.[0]));
}
