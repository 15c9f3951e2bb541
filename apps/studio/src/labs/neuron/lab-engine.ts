import type { KeptTraining } from "./kept-training.js";
import type { LayerWeights, Learner, Pictures, Score, WeightPlace } from "./learner.js";
import { NetworkLearner } from "./network-learner.js";
import { PerceptronLearner } from "./perceptron-learner.js";
import { pointsOf, splitPoints, type Split } from "./points.js";
import type { LabPoint, Settings } from "./settings.js";

/** The losses at one step. */
export interface LossRecord {
  readonly step: number;
  readonly train: number;
  /** NaN where nothing is tested. */
  readonly test: number;
  /** That of the step's batch, before it; NaN before the first step. */
  readonly batch: number;
}

/** What the lab shows of a training at one moment. */
export interface Snapshot {
  readonly steps: number;
  /** How often the training points were seen, on average. */
  readonly epochs: number;
  readonly lr: number;
  readonly train: Score;
  readonly test: Score | undefined;
  /** The losses since the last snapshot, in more detail near the beginning: the fastest change is over in a moment. */
  readonly records: readonly LossRecord[];
  /** Layer by layer; empty for a perceptron. */
  readonly gradientSizes: readonly number[];
  readonly weights: readonly LayerWeights[];
  readonly pictures: Pictures;
  readonly parameterCount: number;
  /** Whether the training has come to its end: the perceptron makes no mistake, or the loss is no number any more. */
  readonly end: "converged" | "diverged" | undefined;
}

/** A training point, or one that only tests. */
export interface PlacedPoint extends LabPoint {
  readonly isTest: boolean;
}

/** Changes of these keep what was learned. */
const keepsWeights: ReadonlySet<string> = new Set<keyof Settings>([
  "loss",
  "optimizer",
  "lr",
  "schedule",
  "scheduleSteps",
  "penalty",
  "penaltyRate",
  "dropout",
  "batch",
  "drawn",
]);

/** A training of the lab: settings in, steps, and what is to be seen out. Everything is computed at once, so it belongs into a worker. */
export class LabEngine {
  #settings: Settings;
  #points: readonly LabPoint[];
  #split: Split;
  #learner: NetworkLearner | PerceptronLearner;
  #steps = 0;
  #epochs = 0;
  #batchLoss = NaN;
  #records: LossRecord[] = [];
  /** The step at which the losses are recorded next. */
  #nextRecord = 1;

  constructor(settings: Settings) {
    this.#settings = settings;
    this.#points = pointsOf(settings);
    this.#split = splitPoints(this.#points, settings.trainShare, settings.seed);
    this.#learner = learnerOf(settings, this.#split);
  }

  /** The points in the order in which they were made or drawn. */
  get points(): readonly PlacedPoint[] {
    const test = new Set(this.#split.test);
    return this.#points.map((point) => ({ ...point, isTest: test.has(point) }));
  }

  /** Takes other settings; says whether what was learned is kept. */
  configure(settings: Settings): boolean {
    const before = this.#settings;
    const changed = (Object.keys(settings) as (keyof Settings)[]).filter((name) => !isSame(settings[name], before[name]));
    if (changed.length === 0) return true;
    const isKept = changed.every((name) => keepsWeights.has(name) || (name === "points" && settings.points === "drawn"));
    this.#settings = settings;
    if (!isKept || changed.includes("drawn") || changed.includes("points")) {
      this.#points = pointsOf(settings);
      this.#split = splitPoints(this.#points, settings.trainShare, settings.seed);
    }
    if (isKept) this.#learner.change(settings, this.#split);
    else this.reset();
    return isKept;
  }

  /** Begins anew. */
  reset(): void {
    this.#learner = learnerOf(this.#settings, this.#split);
    this.#steps = 0;
    this.#epochs = 0;
    this.#batchLoss = NaN;
    this.#records = [];
    this.#nextRecord = 1;
  }

  /** One step of training. */
  step(): void {
    if (this.#split.train.length === 0) return;
    this.#batchLoss = this.#learner.step();
    this.#steps++;
    this.#epochs += this.#learner.batchSize / this.#split.train.length;
    if (this.#steps < this.#nextRecord) return;
    this.#record(this.#learner.evaluate());
    this.#nextRecord = this.#steps + 1 + Math.floor(this.#steps / 50);
  }

  #record({ train, test }: ReturnType<Learner["evaluate"]>): void {
    if (this.#records.at(-1)?.step === this.#steps) this.#records.pop();
    this.#records.push({ step: this.#steps, train: train.loss, test: test?.loss ?? NaN, batch: this.#batchLoss });
  }

  /** Steps in a pass over the training points. */
  get stepsPerEpoch(): number {
    return Math.ceil(this.#split.train.length / Math.max(1, this.#learner.batchSize));
  }

  setWeight(place: WeightPlace, value: number): void {
    this.#learner.setWeight(place, value);
  }

  /** How well the points are told now. */
  scores(): ReturnType<Learner["evaluate"]> {
    return this.#learner.evaluate();
  }

  /** The size of each layer's gradient, as `Learner` has it. */
  gradientSizes(): readonly number[] {
    return this.#learner.gradientSizes();
  }

  /** The training as it is now. */
  keep(): KeptTraining {
    const batchLoss = Number.isFinite(this.#batchLoss) ? this.#batchLoss : null;
    return { settings: this.#settings, steps: this.#steps, epochs: this.#epochs, batchLoss, learner: this.#learner.keep() };
  }

  /** Goes on with a training of the same settings. Throws where it cannot be. */
  takeUp({ steps, epochs, batchLoss, learner }: KeptTraining): void {
    this.#learner.takeUp(learner);
    this.#steps = steps;
    this.#epochs = epochs;
    this.#batchLoss = batchLoss ?? NaN;
    this.#nextRecord = steps + 1;
  }

  snapshot(): Snapshot {
    const learner: Learner = this.#learner;
    const { train, test } = this.scores();
    this.#record({ train, test });
    const records = this.#records;
    this.#records = [];
    const isPerfect = this.#settings.model === "perceptron" && this.#split.train.length > 0 && train.accuracy === 1;
    return {
      steps: this.#steps,
      epochs: this.#epochs,
      lr: learner.lr,
      train,
      test,
      records,
      gradientSizes: this.gradientSizes(),
      weights: learner.weights(),
      pictures: learner.pictures(),
      parameterCount: learner.parameterCount,
      end: this.#split.train.length > 0 && !Number.isFinite(train.loss) ? "diverged" : isPerfect ? "converged" : undefined,
    };
  }
}

function learnerOf(settings: Settings, split: Split): NetworkLearner | PerceptronLearner {
  return settings.model === "perceptron" ? new PerceptronLearner(settings, split) : new NetworkLearner(settings, split);
}

const isSame = (a: unknown, b: unknown): boolean => a === b || (Array.isArray(a) && Array.isArray(b) && a.length === b.length && a.every((value, i) => value === b[i]));
