import { ArgumentError, ShapeError } from "../core/errors.js";
import { formatShape, sameShape } from "../core/shape.js";
import type { Tensor } from "../tensor/index.js";
import { averageScores, topKAccuracy, type Averaging, type ClassScores } from "./class-scores.js";
import { confusionMatrix } from "./confusion.js";
import type { Metric } from "./metric.js";
import { averagePrecision, rocAuc } from "./ranking.js";
import { ErrorSums } from "./regression.js";

/** Predicted and actual class indices. Scores have classes along axis 1; without it, those above the threshold are of class 1. */
async function classesOf(output: Tensor, target: Tensor, threshold: number): Promise<[ArrayLike<number>, ArrayLike<number>]> {
  const expected = output.shape.filter((_, axis) => axis !== 1);
  const isBinary = sameShape(output.shape, target.shape);
  if (!isBinary && !sameShape(expected, target.shape)) {
    throw new ShapeError(
      `[metrics] output ${formatShape(output.shape)} and target ${formatShape(target.shape)}: expected class indices of ` +
        `shape ${formatShape(expected)}, or labels of shape ${formatShape(output.shape)}`,
    );
  }
  const predicted = isBinary ? output.gt(threshold).astype("int32") : output.argmax(1);
  return Promise.all([predicted.data(), target.data()]);
}

function requireSome(name: string, count: number): void {
  if (count === 0) throw new ArgumentError(`[metrics] ${name} of nothing: update it before compute`);
}

export interface AccuracyOptions {
  /** Outputs in the target's shape above it are of class 1; 0, which suits logits, if not given. */
  readonly threshold?: number | undefined;
}

/** A share of examples. */
abstract class Share implements Metric {
  abstract readonly name: string;
  #right = 0;
  #count = 0;

  abstract update(output: Tensor, target: Tensor): Promise<void>;

  protected add(right: number, count: number): void {
    this.#right += right;
    this.#count += count;
  }

  /** Throws ArgumentError before any update. */
  compute(): number {
    requireSome(this.name, this.#count);
    return this.#right / this.#count;
  }

  reset(): void {
    this.#right = this.#count = 0;
  }
}

/** The share of right classes: outputs [N, C, …] are scores, targets class indices [N, …]; or both are binary. */
export class Accuracy extends Share {
  readonly name = "accuracy";
  readonly #threshold: number;

  /** Scores above the threshold are class 1 where outputs have the form of the targets. */
  constructor({ threshold = 0 }: AccuracyOptions = {}) {
    super();
    this.#threshold = threshold;
  }

  /** Throws ShapeError. */
  async update(output: Tensor, target: Tensor): Promise<void> {
    const [predicted, actual] = await classesOf(output, target, this.#threshold);
    let right = 0;
    for (let i = 0; i < actual.length; i++) if (predicted[i] === actual[i]) right++;
    this.add(right, actual.length);
  }
}

/** The share of examples whose class is among the k highest scores: outputs [N, C], targets [N]. */
export class TopKAccuracy extends Share {
  readonly name: string;
  readonly k: number;

  /** k is how many of the highest scores count. */
  constructor(k: number) {
    super();
    this.k = k;
    this.name = `top-${k} accuracy`;
  }

  /** Throws ShapeError, ArgumentError. */
  async update(output: Tensor, target: Tensor): Promise<void> {
    const [scores, actual] = await Promise.all([output.data(), target.data()]);
    this.add(Math.round(topKAccuracy(scores, actual, this.k) * actual.length), actual.length);
  }
}

export interface ClassMetricOptions extends AccuracyOptions {
  /** How the classes' scores become one; "macro" if not given. */
  readonly average?: Averaging | undefined;
}

/** A score of the counts of every class against every class; outputs and targets as for `Accuracy`. */
abstract class ClassMetric implements Metric {
  readonly name: string;
  readonly classes: number;
  readonly #score: keyof ClassScores;
  readonly #average: Averaging;
  readonly #threshold: number;
  #counts: Uint32Array;

  constructor(score: "precision" | "recall" | "f1", classes: number, { average = "macro", threshold = 0 }: ClassMetricOptions) {
    this.name = score;
    this.classes = classes;
    this.#score = score;
    this.#average = average;
    this.#threshold = threshold;
    this.#counts = confusionMatrix([], [], classes).counts;
  }

  /** Throws ShapeError, ArgumentError. */
  async update(output: Tensor, target: Tensor): Promise<void> {
    const { counts } = confusionMatrix(...(await classesOf(output, target, this.#threshold)), this.classes);
    for (const [i, count] of counts.entries()) this.#counts[i] = (this.#counts[i] ?? 0) + count;
  }

  /** Throws ArgumentError before any update. */
  compute(): number {
    const scores = averageScores({ classes: this.classes, counts: this.#counts }, this.#average);
    requireSome(this.name, scores.support);
    return scores[this.#score];
  }

  reset(): void {
    this.#counts.fill(0);
  }
}

/** The share of what was predicted as a class that is of it, averaged over classes. */
export class Precision extends ClassMetric {
  constructor(classes: number, options: ClassMetricOptions = {}) {
    super("precision", classes, options);
  }
}

/** The share of a class that was predicted as it, averaged over classes. */
export class Recall extends ClassMetric {
  constructor(classes: number, options: ClassMetricOptions = {}) {
    super("recall", classes, options);
  }
}

/** The harmonic mean of precision and recall, averaged over classes. */
export class F1 extends ClassMetric {
  constructor(classes: number, options: ClassMetricOptions = {}) {
    super("f1", classes, options);
  }
}

/** A score of the differences of outputs and targets of one shape. */
abstract class ErrorMetric implements Metric {
  readonly name: string;
  readonly #score: (sums: ErrorSums) => number;
  #sums = new ErrorSums();

  constructor(name: string, score: (sums: ErrorSums) => number) {
    this.name = name;
    this.#score = score;
  }

  /** Throws ShapeError. */
  async update(output: Tensor, target: Tensor): Promise<void> {
    requireOneShape(this.name, output, target);
    const [predicted, actual] = await Promise.all([output.data(), target.data()]);
    for (let i = 0; i < actual.length; i++) this.#sums.add(predicted[i] ?? NaN, actual[i] ?? NaN);
  }

  /** Throws ArgumentError before any update. */
  compute(): number {
    requireSome(this.name, this.#sums.count);
    return this.#score(this.#sums);
  }

  reset(): void {
    this.#sums = new ErrorSums();
  }
}

function requireOneShape(name: string, output: Tensor, target: Tensor): void {
  if (sameShape(output.shape, target.shape)) return;
  throw new ShapeError(`[metrics] ${name}: output ${formatShape(output.shape)} and target ${formatShape(target.shape)} differ`);
}

/** The mean of (output − target)². */
export class MeanSquaredError extends ErrorMetric {
  constructor() {
    super("mse", ({ squared, count }) => squared / count);
  }
}

/** The square root of the mean of (output − target)². */
export class RootMeanSquaredError extends ErrorMetric {
  constructor() {
    super("rmse", ({ squared, count }) => Math.sqrt(squared / count));
  }
}

/** The mean of |output − target|. */
export class MeanAbsoluteError extends ErrorMetric {
  constructor() {
    super("mae", ({ absolute, count }) => absolute / count);
  }
}

/** The coefficient of determination; see `r2Score`. */
export class R2Score extends ErrorMetric {
  constructor() {
    super("r2", ({ r2 }) => r2);
  }
}

/** A score of the order in which outputs put examples; keeps all of them. Outputs and targets, 0 or 1, have one shape. */
abstract class RankingMetric implements Metric {
  readonly name: string;
  readonly #score: (scores: ArrayLike<number>, actual: ArrayLike<number>) => number;
  #scores: number[] = [];
  #actual: number[] = [];

  constructor(name: string, score: (scores: ArrayLike<number>, actual: ArrayLike<number>) => number) {
    this.name = name;
    this.#score = score;
  }

  /** Throws ShapeError. */
  async update(output: Tensor, target: Tensor): Promise<void> {
    requireOneShape(this.name, output, target);
    const [scores, actual] = await Promise.all([output.data(), target.data()]);
    for (const score of scores) this.#scores.push(score);
    for (const label of actual) this.#actual.push(label);
  }

  /** Throws ArgumentError where a class is missing. */
  compute(): number {
    return this.#score(this.#scores, this.#actual);
  }

  reset(): void {
    this.#scores = [];
    this.#actual = [];
  }
}

/** The area under the receiver operating characteristic; see `rocAuc`. */
export class RocAuc extends RankingMetric {
  constructor() {
    super("roc auc", rocAuc);
  }
}

/** The area under the curve of precision by recall; see `averagePrecision`. */
export class AveragePrecision extends RankingMetric {
  constructor() {
    super("average precision", averagePrecision);
  }
}
