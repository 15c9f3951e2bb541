import { ArgumentError } from "../core/errors.js";
import { requireSameLength } from "./accuracy.js";

/** Examples of one score, from the highest score down. */
interface Step {
  positives: number;
  negatives: number;
}

function stepsOf(metric: string, scores: ArrayLike<number>, actual: ArrayLike<number>): Step[] {
  requireSameLength(metric, scores, actual);
  const order = Array.from(scores, (score, i) => ({ score, label: actual[i] }));
  for (const [i, { score, label }] of order.entries()) {
    if (label !== 0 && label !== 1) throw new ArgumentError(`${metric}: actual[${i}] is ${label}; expected 0 or 1.`);
    if (Number.isNaN(score)) throw new ArgumentError(`${metric}: score ${i} is NaN, which has no rank.`);
  }
  order.sort((a, b) => (a.score === b.score ? 0 : b.score - a.score));
  const steps: Step[] = [];
  let last: number | undefined;
  for (const { score, label } of order) {
    if (score !== last) steps.push({ positives: 0, negatives: 0 });
    last = score;
    const step = steps.at(-1);
    if (step) step[label === 1 ? "positives" : "negatives"]++;
  }
  return steps;
}

/**
 * The area under the receiver operating characteristic: the share of pairs of a positive (1) and a negative (0) example in
 * which the positive has the higher score, equal ones counting half. Throws ShapeError, ArgumentError where a class is missing.
 */
export function rocAuc(scores: ArrayLike<number>, actual: ArrayLike<number>): number {
  let positives = 0;
  let negatives = 0;
  let ordered = 0;
  for (const step of stepsOf("rocAuc", scores, actual)) {
    ordered += step.negatives * (positives + step.positives / 2);
    positives += step.positives;
    negatives += step.negatives;
  }
  if (positives === 0 || negatives === 0) throw new ArgumentError("rocAuc: there must be examples of both classes.");
  return ordered / (positives * negatives);
}

/**
 * Σ (Rₙ − Rₙ₋₁)·Pₙ of recall and precision at each score, without interpolation. Throws ShapeError, ArgumentError where no
 * example is positive (1).
 */
export function averagePrecision(scores: ArrayLike<number>, actual: ArrayLike<number>): number {
  let positives = 0;
  let seen = 0;
  let sum = 0;
  for (const step of stepsOf("averagePrecision", scores, actual)) {
    positives += step.positives;
    seen += step.positives + step.negatives;
    sum += (step.positives * positives) / seen;
  }
  if (positives === 0) throw new ArgumentError("averagePrecision: there must be positive examples.");
  return sum / positives;
}
