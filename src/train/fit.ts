import { NonFiniteError } from "../core/errors.js";
import { imageDataset } from "../data/dataset.js";
import type { ImageSet } from "../data/image-set.js";
import { DataLoader } from "../data/loader.js";
import type { Module } from "../nn/index.js";
import type { Optimizer } from "../optim/index.js";
import { compile, crossEntropy, evaluatePending, type Tensor } from "../tensor/index.js";
import { normalize, type Normalization } from "./normalization.js";
import { learningRate, type ScheduleName } from "./schedule.js";

export interface FitOptions {
  /** From normalized images `[B, 1, H, W]` to logits `[B, classes]`. */
  readonly model: Module<Tensor, Tensor>;
  readonly optimizer: Optimizer;
  readonly train: ImageSet;
  readonly normalization: Normalization;
  readonly epochs: number;
  readonly batchSize: number;
  /** The highest learning rate of the schedule. */
  readonly lr: number;
  readonly schedule: ScheduleName;
  /** Of the order of examples. */
  readonly seed: number;
  /** Ends the training after the step that runs. */
  readonly signal?: AbortSignal | undefined;
  /** Told of every step in order, some steps later: reading a loss at once would hold up the next step. */
  readonly onStep?: ((step: StepRecord) => void) | undefined;
}

/** One step of a training run. */
export interface StepRecord {
  /** From 1, over all epochs. */
  readonly step: number;
  /** From 1. */
  readonly epoch: number;
  readonly loss: number;
  readonly lr: number;
  /** Examples seen so far, over all epochs. */
  readonly examples: number;
  /** Seconds of training so far, without compiling. */
  readonly seconds: number;
}

export interface FitResult {
  readonly steps: number;
  /** Examples seen, over all epochs. */
  readonly examples: number;
  /** Wall time without compiling. */
  readonly seconds: number;
  readonly compileSeconds: number;
  /** Mean loss over the examples of the last epoch, which an interruption cuts short; NaN without a step. */
  readonly loss: number;
  readonly interrupted: boolean;
}

/** Steps whose losses may be unread while the next ones are queued. */
const unreadSteps = 8;

/**
 * Trains an image classifier with softmax cross-entropy. Every step is one compiled call; the last batch of an epoch may be
 * smaller. The result depends on the options only, not on timing. Throws NonFiniteError with the step whose loss is none.
 */
export async function fit(options: FitOptions): Promise<FitResult> {
  const { model, optimizer, train, normalization, epochs, batchSize, signal } = options;
  const loader = new DataLoader(imageDataset(train), { batchSize, shuffle: true, seed: options.seed });
  const totalSteps = epochs * loader.length;
  const trainStep = compile((images: Tensor, labels: Tensor) => {
    const loss = crossEntropy(model.forward(normalize(images, normalization)), labels);
    loss.backward();
    optimizer.step();
    optimizer.zeroGrad();
    return loss;
  });

  // Drawing the initial weights is a program of its own: what it costs is compiling, not training.
  const preparing = performance.now();
  evaluatePending(model.parameters());
  const start = performance.now();
  const seconds = (): number => (performance.now() - start - trainStep.compileMs) / 1000;
  const losses = new LossReader(options.onStep, seconds);
  let step = 0;
  let examples = 0;
  model.train();
  for (let epoch = 1; epoch <= epochs && !signal?.aborted; epoch++) {
    losses.beginEpoch();
    for await (const [images, labels] of loader) {
      const lr = learningRate(options.schedule, options.lr, step, totalSteps);
      optimizer.lr = lr;
      const loss = trainStep(images, labels);
      const count = labels.size;
      step++;
      examples += count;
      losses.push({ step, epoch, lr, examples, count, loss: loss.item() });
      await losses.read(unreadSteps);
      if (signal?.aborted) break;
    }
    await losses.read(0);
  }
  return {
    steps: step,
    examples,
    seconds: seconds(),
    compileSeconds: (start - preparing + trainStep.compileMs) / 1000,
    loss: losses.mean,
    interrupted: step < totalSteps,
  };
}

interface UnreadStep {
  readonly step: number;
  readonly epoch: number;
  readonly lr: number;
  readonly examples: number;
  /** Examples in this step. */
  readonly count: number;
  readonly loss: Promise<number>;
}

/** Reads losses in order, a few steps behind the queue. */
class LossReader {
  readonly #unread: UnreadStep[] = [];
  readonly #onStep: ((step: StepRecord) => void) | undefined;
  readonly #seconds: () => number;
  #sum = 0;
  #count = 0;

  constructor(onStep: ((step: StepRecord) => void) | undefined, seconds: () => number) {
    this.#onStep = onStep;
    this.#seconds = seconds;
  }

  /** Mean over the examples of this epoch that were read. */
  get mean(): number {
    return this.#sum / this.#count;
  }

  beginEpoch(): void {
    this.#sum = 0;
    this.#count = 0;
  }

  push(unread: UnreadStep): void {
    // A failure is thrown when the loss is read; until then it is no unhandled rejection.
    unread.loss.catch(() => undefined);
    this.#unread.push(unread);
  }

  /** Reads until at most `rest` losses are unread. */
  async read(rest: number): Promise<void> {
    while (this.#unread.length > rest) {
      const next = this.#unread.shift();
      if (!next) return;
      const { step, epoch, lr, examples, count } = next;
      const loss = await next.loss;
      if (!Number.isFinite(loss)) {
        throw new NonFiniteError(
          `[fit] the loss of step ${step} (epoch ${epoch}) is ${loss}, expected a finite number: ` +
            `lower the learning rate, which is ${lr} in this step, or look for damaged values in the data`,
        );
      }
      this.#sum += loss * count;
      this.#count += count;
      this.#onStep?.({ step, epoch, loss, lr, examples, seconds: this.#seconds() });
    }
  }
}
