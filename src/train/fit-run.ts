import { ArgumentError } from "../core/errors.js";
import type { LoaderState } from "../data/sampler.js";
import type { AnyModule } from "../nn/index.js";
import type { Optimizer } from "../optim/index.js";
import { evaluatePending, type Tensor } from "../tensor/index.js";
import { examplesIn, type Batches } from "./batches.js";
import type { Callback, EpochRecord, Fit, FitResult, SavedCheckpoint, Scores } from "./callback.js";
import type { Checkpoint } from "./checkpoint.js";
import { LossReader, type UnreadStep } from "./loss-reader.js";
import { captureParts, restoreParts, type PartsState, type RunPosition, type TrainedParts } from "./run-state.js";

export interface FitOptions {
  /** Passes over the training data, with those of the run that is resumed. */
  readonly epochs: number;
  /** Where to go on; undefined begins anew. */
  readonly resume?: Checkpoint | undefined;
  /** Ends the training after the step that runs. */
  readonly signal?: AbortSignal | undefined;
}

/** What a batch gave: its loss and, where it ended a step, what is watched of the step. */
export interface TrainedBatch {
  readonly loss: Tensor;
  readonly watched: Readonly<Record<string, Tensor>>;
}

/** What a run needs of its trainer. */
export interface Steps<Batch> {
  readonly options: TrainedParts & {
    readonly scheduleEvery?: "step" | "epoch" | undefined;
    readonly accumulate?: number | undefined;
  };
  readonly compileMs: number;
  trainBatch(batch: Batch, parts: number, update: boolean): TrainedBatch;
  evaluate(batches: Batches<Batch>): Promise<Scores>;
}

/** Batches whose losses may be unread while the next ones are queued: a quarter of the runs that a device takes, since a step may be several. */
const unreadBatches = 4;

/** One call of `Trainer.fit`. */
export class FitRun<Batch> implements Fit {
  readonly model: AnyModule;
  readonly optimizer: Optimizer;
  readonly epochs: number;
  readonly stepsPerEpoch: number | undefined;
  readonly #steps: Steps<Batch>;
  readonly #train: Batches<Batch>;
  readonly #validation: Batches<Batch> | undefined;
  readonly #signal: AbortSignal | undefined;
  readonly #callbacks: readonly Callback[];
  readonly #watchers: readonly Callback[];
  readonly #accumulate: number;
  readonly #losses: LossReader;
  #step = 0;
  #examples = 0;
  #epoch = 0;
  #batch = 0;
  /** Where the loader stands at the last step boundary. */
  #position: LoaderState | undefined;
  #atBoundary = false;
  #stopped: string | undefined;
  #history: EpochRecord[] = [];
  /** Milliseconds of training before the clock's last start, and that start. */
  #elapsed = 0;
  #started: number | undefined;
  #compiledBefore = 0;

  constructor(steps: Steps<Batch>, train: Batches<Batch>, validation: Batches<Batch> | undefined, options: FitOptions) {
    const { model, optimizer, callbacks = [], accumulate = 1 } = steps.options;
    if (!Number.isInteger(options.epochs) || options.epochs < 0) throw new ArgumentError(`[fit] epochs ${options.epochs} must be a whole number from 0`);
    if (accumulate > 1 && train.length === undefined) {
      throw new ArgumentError("[fit] accumulating gradients needs batches whose number is known: give a DataLoader or an array");
    }
    this.model = model;
    this.optimizer = optimizer;
    this.epochs = options.epochs;
    this.stepsPerEpoch = train.length === undefined ? undefined : Math.ceil(train.length / accumulate);
    this.#steps = steps;
    this.#train = train;
    this.#validation = validation;
    this.#signal = options.signal;
    this.#callbacks = callbacks;
    this.#watchers = callbacks.filter((callback) => callback.onBoundary);
    this.#accumulate = accumulate;
    this.#losses = new LossReader((step, loss) => this.#report(step, loss));
    this.#position = train.state?.();
    if (options.resume) this.#load(options.resume);
  }

  get epoch(): number {
    return this.#epoch;
  }

  get step(): number {
    return this.#step;
  }

  stop(reason: string): void {
    this.#stopped ??= reason;
  }

  async run(): Promise<FitResult> {
    const { model, epochs } = this;
    model.train();
    // Drawing the initial weights is a program of its own: what it costs is compiling, not training.
    const preparing = performance.now();
    evaluatePending(model.parameters());
    const preparedMs = performance.now() - preparing - this.#steps.compileMs;
    this.#startClock();
    await this.#boundary((callback) => callback.onFitStart?.(this));
    while (this.#epoch < epochs && this.#stopped === undefined && !this.#signal?.aborted) {
      if (!(await this.#runEpoch())) break;
    }
    await this.#losses.read(0);
    const { sum, count } = this.#losses.total;
    const result: FitResult = {
      steps: this.#step,
      examples: this.#examples,
      seconds: this.#seconds(),
      compileSeconds: (preparedMs + this.#steps.compileMs) / 1000,
      loss: count > 0 ? sum / count : (this.#history.at(-1)?.loss ?? NaN),
      interrupted: this.#epoch < epochs && this.#stopped === undefined,
      stopped: this.#stopped,
      epochs: this.#history,
    };
    await this.#boundary((callback) => callback.onFitEnd?.(this, result));
    return result;
  }

  /** Whether the epoch was completed. */
  async #runEpoch(): Promise<boolean> {
    const { schedule, scheduleEvery = "step" } = this.#steps.options;
    const train = this.#train;
    await this.#each((callback) => callback.onEpochStart?.(this));
    let toPass = train.loadState ? 0 : this.#batch;
    let losses: Promise<number>[] = [];
    let counts: number[] = [];
    for await (const batch of train) {
      if (toPass-- > 0) continue;
      const { parts, update } = this.#placeInStep(this.#batch++);
      if (typeof schedule === "function") this.optimizer.lr = schedule(this.#step);
      const { loss, watched } = this.#steps.trainBatch(batch, parts, update);
      const read = loss.item();
      // Its failure is thrown where it is waited for.
      read.catch(() => undefined);
      losses.push(read);
      counts.push(examplesIn(batch));
      if (!update) {
        await losses[losses.length - 1 - unreadBatches / 2];
        continue;
      }
      this.#step++;
      for (const count of counts) this.#examples += count;
      const record = { step: this.#step, epoch: this.#epoch + 1, lr: this.optimizer.lr, examples: this.#examples, watched };
      this.#losses.push({ record, losses, counts });
      losses = [];
      counts = [];
      if (typeof schedule === "object" && scheduleEvery === "step") schedule.step();
      this.#position = train.state?.();
      await this.#losses.read(Math.floor(unreadBatches / parts));
      if (this.#watchers.length > 0) await this.#boundary((callback) => callback.onBoundary?.(this, undefined));
      if (this.#ends() && this.#batch !== train.length) return false;
    }
    await this.#endEpoch();
    return true;
  }

  async #endEpoch(): Promise<void> {
    await this.#losses.read(0);
    const { schedule, scheduleEvery } = this.#steps.options;
    const { sum, count } = this.#losses.total;
    const lr = this.optimizer.lr;
    const validation = this.#validation && (await this.#validate(this.#validation));
    const record: EpochRecord = { epoch: this.#epoch + 1, step: this.#step, loss: sum / count, lr, validation };
    if (typeof schedule === "object" && scheduleEvery === "epoch") schedule.step(validation?.loss ?? record.loss);
    this.#history = [...this.#history, record];
    this.#epoch++;
    this.#batch = 0;
    this.#losses.begin();
    this.#position = this.#train.state?.();
    await this.#each((callback) => callback.onEpochEnd?.(this, record));
    await this.#boundary((callback) => callback.onBoundary?.(this, record));
  }

  async #validate(batches: Batches<Batch>): Promise<Scores> {
    this.#stopClock();
    await this.#each((callback) => callback.onValidationStart?.(this));
    const { average } = this.#steps.options;
    average?.apply();
    const scores = await this.#steps.evaluate(batches).finally(() => average?.restore());
    await this.#each((callback) => callback.onValidationEnd?.(this, scores));
    this.#startClock();
    return scores;
  }

  async checkpoint(): Promise<Checkpoint> {
    if (!this.#atBoundary || this.#losses.reporting) {
      throw new ArgumentError("[fit] a checkpoint can be taken in onFitStart, onBoundary and onFitEnd only");
    }
    await this.#losses.read(0);
    const position: RunPosition = {
      loader: this.#position,
      validationLoader: this.#validation?.state?.(),
      progress: {
        step: this.#step,
        examples: this.#examples,
        epoch: this.#epoch,
        batch: this.#batch,
        losses: this.#losses.total,
        seconds: this.#seconds(),
        stopped: this.#stopped ?? null,
        history: this.#history,
      },
    };
    return { step: this.#step, state: { ...captureParts(this.#steps.options), ...position } };
  }

  async announce(saved: SavedCheckpoint): Promise<void> {
    await this.#each((callback) => callback.onCheckpoint?.(this, saved));
  }

  #load(checkpoint: Checkpoint): void {
    // A checkpoint's hash says that it is what `checkpoint` wrote.
    const { loader, validationLoader, progress, ...parts } = checkpoint.state as unknown as PartsState & RunPosition;
    restoreParts(this.#steps.options, parts);
    if (loader) this.#train.loadState?.(loader);
    if (validationLoader) this.#validation?.loadState?.(validationLoader);
    this.#step = progress.step;
    this.#examples = progress.examples;
    this.#epoch = progress.epoch;
    this.#batch = progress.batch;
    this.#position = loader;
    this.#losses.begin(progress.losses);
    this.#elapsed = 1000 * progress.seconds;
    this.#stopped = progress.stopped ?? undefined;
    this.#history = [...progress.history];
  }

  /** How many batches the step has to which this batch belongs, and whether it is the last of them. */
  #placeInStep(batch: number): { readonly parts: number; readonly update: boolean } {
    const size = this.#accumulate;
    const { length = Infinity } = this.#train;
    const first = batch - (batch % size);
    const parts = Math.min(size, length - first);
    return { parts, update: batch === first + parts - 1 };
  }

  #ends(): boolean {
    return this.#stopped !== undefined || this.#signal?.aborted === true;
  }

  #report({ step, epoch, lr, examples, watched }: UnreadStep["record"], loss: number): void | Promise<void> {
    const record = { step, epoch, loss, lr, examples, seconds: this.#seconds(), watched };
    return this.#each((callback) => callback.onStepEnd?.(this, record));
  }

  /** Calls a hook of all callbacks in order, and waits only where one has to. */
  #each(call: (callback: Callback) => void | Promise<void>, from = 0): void | Promise<void> {
    for (let i = from; i < this.#callbacks.length; i++) {
      const callback = this.#callbacks[i];
      const waiting = callback && call(callback);
      if (waiting instanceof Promise) return waiting.then(() => this.#each(call, i + 1));
    }
  }

  async #boundary(call: (callback: Callback) => void | Promise<void>): Promise<void> {
    this.#atBoundary = true;
    await this.#each(call);
    this.#atBoundary = false;
  }

  #startClock(): void {
    this.#started = performance.now();
    this.#compiledBefore = this.#steps.compileMs;
  }

  #stopClock(): void {
    this.#elapsed = 1000 * this.#seconds();
    this.#started = undefined;
  }

  /** Seconds of training so far, without compiling. */
  #seconds(): number {
    if (this.#started === undefined) return this.#elapsed / 1000;
    return (this.#elapsed + performance.now() - this.#started - (this.#steps.compileMs - this.#compiledBefore)) / 1000;
  }
}
