import { ArgumentError, ShapeError } from "../core/errors.js";

export interface PerceptronOptions {
  /** The most passes over the examples; 1000 if not given. */
  readonly epochs?: number | undefined;
  /** How far a mistake moves the weights, 1 if not given; starting at 0, they are only scaled by it. */
  readonly lr?: number | undefined;
}

export interface PerceptronFit {
  /** Whether a pass ended without a mistake: false, however long it runs, where no hyperplane separates the classes. */
  readonly converged: boolean;
  /** The mistakes of each pass. */
  readonly mistakes: readonly number[];
  /** What happened, in a sentence. */
  readonly summary: string;
}

/**
 * Rosenblatt's perceptron: the class of x is the sign of w·x + b, and each mistake adds lr·y·x to w and lr·y to b. Where a
 * hyperplane through the examples (x, 1) separates the classes by γ, and R is the longest of them, there are at most (R/γ)²
 * mistakes. Rosenblatt 1958, "The perceptron"; Novikoff 1962, "On convergence proofs on perceptrons".
 */
export class Perceptron {
  /** w, one number for each feature; none before `fit`. */
  weights: Float64Array = new Float64Array(0);
  /** b. */
  bias = 0;

  /**
   * Learns from examples in their order until a pass has no mistake; labels are −1 and 1. Begins anew each time. Throws
   * ShapeError for uneven examples, ArgumentError for other labels or no examples.
   */
  fit(x: readonly ArrayLike<number>[], y: ArrayLike<number>, options: PerceptronOptions = {}): PerceptronFit {
    const { epochs = 1000, lr = 1 } = options;
    if (!(lr > 0) || !Number.isInteger(epochs) || epochs < 1) {
      throw new ArgumentError(`[Perceptron] lr ${lr} must be above 0, and epochs ${epochs} a whole number from 1`);
    }
    const features = x[0]?.length ?? 0;
    if (x.length === 0 || x.length !== y.length) {
      throw new ArgumentError(`[Perceptron] ${x.length} examples and ${y.length} labels: expected as many, and at least one`);
    }
    for (let i = 0; i < y.length; i++) {
      if (Math.abs(y[i] ?? 0) !== 1) throw new ArgumentError(`[Perceptron] label ${i} is ${y[i]}: expected −1 or 1`);
    }
    this.weights = new Float64Array(features);
    this.bias = 0;
    const mistakes: number[] = [];
    while (mistakes.length < epochs && mistakes.at(-1) !== 0) {
      let wrong = 0;
      x.forEach((row, i) => {
        if (this.update(row, y[i] ?? 0, lr)) wrong++;
      });
      mistakes.push(wrong);
    }
    const last = mistakes.at(-1) ?? 0;
    const converged = last === 0;
    const summary = converged
      ? `converged: pass ${mistakes.length} made no mistake`
      : `did not converge: pass ${mistakes.length} still made ${last} mistakes; perhaps no hyperplane separates the classes`;
    return { converged, mistakes, summary };
  }

  /**
   * Learns from one example, whose label is −1 or 1, and says whether it was a mistake; otherwise nothing changes. The first
   * example says how many features there are. Throws ShapeError.
   */
  update(x: ArrayLike<number>, label: number, lr = 1): boolean {
    if (this.weights.length === 0) this.weights = new Float64Array(x.length);
    if (label * this.score(x) > 0) return false;
    this.weights = this.weights.map((w, j) => w + lr * label * (x[j] ?? 0));
    this.bias += lr * label;
    return true;
  }

  /** w·x + b: how far to which side. Throws ShapeError. */
  score(x: ArrayLike<number>): number {
    if (x.length !== this.weights.length) {
      throw new ShapeError(`[Perceptron] an example has ${x.length} features instead of ${this.weights.length}`);
    }
    return this.weights.reduce((sum, w, j) => sum + w * (x[j] ?? 0), this.bias);
  }

  /** The class of each example, −1 or 1; what lies on the hyperplane is 1. Throws ShapeError. */
  predict(x: readonly ArrayLike<number>[]): Int8Array {
    return Int8Array.from(x, (row) => (this.score(row) >= 0 ? 1 : -1));
  }
}
