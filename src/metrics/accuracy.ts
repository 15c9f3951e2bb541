import { ArgumentError, ShapeError } from "../core/errors.js";

/**
 * The share of predicted class indices that equal the actual ones, in `[0, 1]`: `#{i : predicted[i] = actual[i]} / n`.
 * Throws ShapeError for different lengths, ArgumentError for no predictions at all.
 */
export function accuracy(predicted: ArrayLike<number>, actual: ArrayLike<number>): number {
  requireSameLength("accuracy", predicted, actual);
  if (predicted.length === 0) throw new ArgumentError("accuracy: no predictions; give at least one.");
  let correct = 0;
  for (let i = 0; i < predicted.length; i++) if (predicted[i] === actual[i]) correct++;
  return correct / predicted.length;
}

/** Throws ShapeError unless there is one actual value per prediction. */
export function requireSameLength(metric: string, predicted: ArrayLike<number>, actual: ArrayLike<number>): void {
  if (predicted.length === actual.length) return;
  throw new ShapeError(
    `${metric}: ${predicted.length} predictions but ${actual.length} actual values; ` +
      "give one actual value per prediction.",
  );
}
