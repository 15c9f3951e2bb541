import { ArgumentError } from "../core/errors.js";
import { requireSameLength } from "./accuracy.js";

function requirePairs(metric: string, predicted: ArrayLike<number>, actual: ArrayLike<number>): void {
  requireSameLength(metric, predicted, actual);
  if (actual.length === 0) throw new ArgumentError(`${metric}: no predictions; give at least one.`);
}

/** Sums over pairs of a prediction and what it should have been, which can be taken in piece by piece. */
export class ErrorSums {
  count = 0;
  squared = 0;
  absolute = 0;
  /** Of the actual values. */
  mean = 0;
  /** Σ (actual − mean)². */
  spread = 0;

  /** Takes in a pair; mean and spread by Welford's recurrence, which does not cancel. */
  add(predicted: number, actual: number): void {
    const error = predicted - actual;
    this.count++;
    this.squared += error * error;
    this.absolute += Math.abs(error);
    const before = actual - this.mean;
    this.mean += before / this.count;
    this.spread += before * (actual - this.mean);
  }

  /** 1 − squared / spread: 1 or 0 where the actual values are all equal, as they are predicted exactly or not. */
  get r2(): number {
    if (this.spread === 0) return this.squared === 0 ? 1 : 0;
    return 1 - this.squared / this.spread;
  }
}

function sumsOf(metric: string, predicted: ArrayLike<number>, actual: ArrayLike<number>): ErrorSums {
  requirePairs(metric, predicted, actual);
  const sums = new ErrorSums();
  for (let i = 0; i < actual.length; i++) sums.add(predicted[i] ?? NaN, actual[i] ?? NaN);
  return sums;
}

/** The mean of (predicted − actual)². Throws ShapeError, ArgumentError. */
export function meanSquaredError(predicted: ArrayLike<number>, actual: ArrayLike<number>): number {
  const { squared, count } = sumsOf("meanSquaredError", predicted, actual);
  return squared / count;
}

/** The square root of `meanSquaredError`, in the unit of the values. Throws ShapeError, ArgumentError. */
export function rootMeanSquaredError(predicted: ArrayLike<number>, actual: ArrayLike<number>): number {
  return Math.sqrt(meanSquaredError(predicted, actual));
}

/** The mean of |predicted − actual|, in the unit of the values. Throws ShapeError, ArgumentError. */
export function meanAbsoluteError(predicted: ArrayLike<number>, actual: ArrayLike<number>): number {
  const { absolute, count } = sumsOf("meanAbsoluteError", predicted, actual);
  return absolute / count;
}

/**
 * The coefficient of determination 1 − Σ (predicted − actual)² / Σ (actual − mean)²: 1 is perfect, 0 as good as the mean.
 * Throws ShapeError, ArgumentError.
 */
export function r2Score(predicted: ArrayLike<number>, actual: ArrayLike<number>): number {
  return sumsOf("r2Score", predicted, actual).r2;
}
