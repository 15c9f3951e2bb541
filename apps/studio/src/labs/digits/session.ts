import { manualSeed, measureNormalization, MetricsLog, tensor } from "gradus";
import type { Callback, Checkpoint, Compiled, Fit, FitResult, ImageSet, MetricsLine, nn, Normalization, StepRecord, Tensor } from "gradus";
import { batchReader, judge, type BatchReader, type Judgement } from "./judge.js";
import type { LabData } from "./lab-data.js";
import { imageReader, type Insight } from "./look-inside.js";
import { digitsNetwork } from "./network.js";
import type { DigitsSetting } from "./setting.js";
import { digitsTrainer, trainDigits, type DigitsTrainer } from "./train.js";

/** What a checkpoint of the lab says beside the network and its optimizer. */
export interface SessionState {
  readonly setting: DigitsSetting;
  readonly pixels: Normalization;
  /** What the data are called. */
  readonly data: string;
  /** Whether the training ran on. */
  readonly running: boolean;
  /** When the network was made; ISO 8601. */
  readonly started: string;
  /** The curves of the run whose weights it began with. */
  readonly before: readonly MetricsLine[];
}

/** What looks on while a session trains. */
export interface SessionWatcher {
  /** After each step; the training waits for it. */
  onBoundary(fit: Fit): Promise<void>;
  /** All test images were read. */
  onJudged(judgement: Judgement): void;
}

/** Steps between two looks at test images, and how many those are. */
const measureEvery = 25;
const measuredImages = 500;

/** One network, from its initial weights on. */
export class Session implements Callback {
  /** The name of this state in checkpoints. */
  readonly name = "lab";
  readonly setting: DigitsSetting;
  readonly data: LabData;
  /** What it is trained on. */
  readonly images: ImageSet;
  readonly pixels: Normalization;
  readonly network: nn.Sequential;
  readonly started: string;
  /** The last step whose loss is known. */
  latest: StepRecord | undefined;
  /** Where training goes on. */
  checkpoint: Checkpoint | undefined;
  /** The last step that was done; its loss may not be known yet. */
  #done: number | undefined;
  running = false;
  /** Milliseconds of training that were spent on looking. */
  aside = 0;
  readonly #log = new MetricsLog(5);
  readonly #before: readonly MetricsLine[];
  readonly #trainer: DigitsTrainer;
  readonly #look: Compiled<[image: Tensor], Insight>;
  readonly #read: BatchReader;
  readonly #sample: ImageSet;
  #watcher: SessionWatcher | undefined;

  /** A fresh network; `pixels` are those of the training images if not given. `before` are the curves of a run whose weights it is to be given. */
  constructor(setting: DigitsSetting, data: LabData, { pixels, before = [], started = new Date().toISOString() }: Partial<Omit<SessionState, "setting" | "data" | "running">> = {}) {
    const { seed, limit } = setting.training;
    manualSeed(seed);
    this.setting = setting;
    this.data = data;
    this.images = firstImages(data.train, limit ?? data.train.count);
    this.pixels = pixels ?? measureNormalization(this.images.images);
    this.#before = before;
    this.started = started;
    this.network = digitsNetwork(setting.network, data.train);
    this.#trainer = digitsTrainer(this.network, setting.training, this.pixels, [this, this.#log]);
    this.#look = imageReader(this.network, this.pixels);
    this.#read = batchReader(this.network, this.pixels);
    this.#sample = firstImages(data.test, measuredImages);
  }

  /** A session as a checkpoint left it, on a device that is the default one now. */
  static from(checkpoint: Checkpoint, data: LabData, device: DigitsSetting["device"]): Session {
    const { model, callbacks } = checkpoint.state as { readonly model: nn.StateDict; readonly callbacks: { readonly lab: SessionState; readonly metrics: ReturnType<MetricsLog["stateDict"]> } };
    const session = new Session({ ...callbacks.lab.setting, device }, data, callbacks.lab);
    session.network.loadStateDict(model);
    session.#log.loadStateDict(callbacks.metrics);
    session.checkpoint = checkpoint;
    return session;
  }

  /** Steps that were done, with those of the run that it began with. */
  get step(): number {
    return (this.#before.at(-1)?.step ?? 0) + this.#ownStep;
  }

  /** Passes over the training images that were done, with the broken part. */
  get epoch(): number {
    return (this.#before.at(-1)?.epoch ?? 0) + this.#ownStep / this.#stepsPerEpoch;
  }

  /** What metrics.jsonl says. */
  get lines(): readonly MetricsLine[] {
    const last = this.#before.at(-1);
    if (!last) return this.#log.lines;
    const seconds = Math.max(0, ...this.#before.map((line) => ("seconds" in line ? line.seconds : 0)));
    const goOn = (line: MetricsLine): MetricsLine => ({ ...line, step: line.step + last.step, epoch: line.epoch + last.epoch, ...("seconds" in line && { seconds: line.seconds + seconds }) });
    return [...this.#before, ...this.#log.lines.map(goOn)];
  }

  get #ownStep(): number {
    return this.#done ?? this.checkpoint?.step ?? 0;
  }

  get #stepsPerEpoch(): number {
    return Math.ceil(this.images.count / this.setting.training.batchSize);
  }

  /** Trains for up to some more epochs, from where the session stands; ends with a whole multiple of them. */
  async train(epochs: number, watcher: SessionWatcher, signal: AbortSignal): Promise<FitResult> {
    this.#watcher = watcher;
    this.running = true;
    try {
      const end = (Math.floor(this.#ownStep / this.#stepsPerEpoch / epochs) + 1) * epochs;
      return await this.#fit(end, signal);
    } finally {
      this.running = false;
    }
  }

  /** The session as it is, to be gone on with in another one; not while it trains. */
  async hold(): Promise<Checkpoint> {
    await this.#fit(0);
    if (!this.checkpoint) throw new Error("a training that ended has left no checkpoint");
    return this.checkpoint;
  }

  #fit(epochs: number, signal?: AbortSignal): Promise<FitResult> {
    return trainDigits(this.#trainer, this.images, this.setting.training, epochs, this.checkpoint, signal);
  }

  /** What every layer makes of an image, as the weights are now. */
  look(image: Uint8Array): Insight {
    const { height, width } = this.data.train;
    this.network.eval();
    const insight = this.#look(tensor(image, { shape: [1, 1, height, width] }));
    this.network.train();
    return insight;
  }

  /** Waits until every step that was queued is over. */
  async settle(): Promise<void> {
    await this.network.parameters().at(-1)?.data();
  }

  /** Reads all test images. */
  judge(images = this.data.test): Promise<Judgement> {
    return judge(this.network, this.#read, images);
  }

  onStepEnd(_fit: Fit, record: StepRecord): void {
    this.latest = record;
  }

  async onBoundary(fit: Fit, epoch: unknown): Promise<void> {
    const began = performance.now();
    // The end of an epoch follows the boundary of its last step.
    const isStep = fit.step !== this.#done;
    this.#done = fit.step;
    const endsEpoch = epoch !== undefined;
    if (endsEpoch || fit.step % measureEvery === 0) {
      const judgement = await this.judge(endsEpoch ? this.data.test : this.#sample);
      const { loss, accuracy } = judgement;
      this.#log.lines.push({ step: fit.step, epoch: fit.step / (fit.stepsPerEpoch ?? 1), validation: { loss, accuracy } });
      if (endsEpoch) this.#watcher?.onJudged(judgement);
    }
    this.aside += performance.now() - began;
    if (isStep) await this.#watcher?.onBoundary(fit);
  }

  async onFitEnd(fit: Fit): Promise<void> {
    this.checkpoint = await fit.checkpoint();
  }

  stateDict(): SessionState {
    const { setting, pixels, data, running, started } = this;
    return { setting, pixels, data: data.name, running, started, before: this.#before };
  }

  loadStateDict(): void {
    // The constructor was given it.
  }
}

/** The first images of a set. */
function firstImages(set: ImageSet, most: number): ImageSet {
  const count = Math.min(most, set.count);
  return { ...set, count, images: set.images.subarray(0, count * set.height * set.width), labels: set.labels.subarray(0, count) };
}
