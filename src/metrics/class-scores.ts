import { ArgumentError, ShapeError } from "../core/errors.js";
import type { ConfusionMatrix } from "./confusion.js";

/** How the scores of classes become one: their mean, that weighted by support, or that of all decisions together. */
export type Averaging = "macro" | "micro" | "weighted";

/** Scores in [0, 1], 0 where a share of nothing is asked for. */
export interface ClassScores {
  /** Of the examples that were predicted as the class, the share that is of it. */
  readonly precision: number;
  /** Of the examples of the class, the share that was predicted as it. */
  readonly recall: number;
  /** 2·precision·recall / (precision + recall). */
  readonly f1: number;
  /** How many examples are of the class. */
  readonly support: number;
}

const share = (part: number, whole: number): number => (whole === 0 ? 0 : part / whole);

function scores(hits: number, predicted: number, actual: number): ClassScores {
  return {
    precision: share(hits, predicted),
    recall: share(hits, actual),
    f1: share(2 * hits, predicted + actual),
    support: actual,
  };
}

/** Precision, recall, F1 and support of each class. */
export function classScores({ classes, counts }: ConfusionMatrix): ClassScores[] {
  const at = (actual: number, predicted: number): number => counts[actual * classes + predicted] ?? 0;
  const all = Array.from({ length: classes }, (_, i) => i);
  return all.map((k) => {
    const predicted = all.reduce((sum, actual) => sum + at(actual, k), 0);
    const actual = all.reduce((sum, other) => sum + at(k, other), 0);
    return scores(at(k, k), predicted, actual);
  });
}

/** The scores of all classes as one; "micro" gives the accuracy for all three. Throws ArgumentError. */
export function averageScores(matrix: ConfusionMatrix, averaging: Averaging): ClassScores {
  const each = classScores(matrix);
  const support = each.reduce((sum, one) => sum + one.support, 0);
  if (averaging === "micro") {
    const hits = each.reduce((sum, _, k) => sum + (matrix.counts[k * matrix.classes + k] ?? 0), 0);
    return scores(hits, support, support);
  }
  if (averaging !== "macro" && averaging !== "weighted") {
    throw new ArgumentError(`averageScores: ${JSON.stringify(averaging)} must be "macro", "micro" or "weighted".`);
  }
  const mean = (key: "precision" | "recall" | "f1"): number => {
    if (averaging === "macro") return each.reduce((sum, one) => sum + one[key], 0) / each.length;
    return share(each.reduce((sum, one) => sum + one[key] * one.support, 0), support);
  };
  return { precision: mean("precision"), recall: mean("recall"), f1: mean("f1"), support };
}

/**
 * The share of examples whose class is among the k with the highest scores; of equal scores the first classes count as higher.
 * `scores` holds a row for each example. Throws ShapeError, ArgumentError.
 */
export function topKAccuracy(scores: ArrayLike<number>, actual: ArrayLike<number>, k: number): number {
  const classes = scores.length / actual.length;
  if (actual.length === 0) throw new ArgumentError("topKAccuracy: no examples; give at least one.");
  if (!Number.isInteger(classes)) {
    throw new ShapeError(`topKAccuracy: ${scores.length} scores do not make ${actual.length} rows of one length.`);
  }
  if (!Number.isInteger(k) || k < 1) throw new ArgumentError(`topKAccuracy: k is ${k}; give a whole number from 1.`);
  let hits = 0;
  for (let i = 0; i < actual.length; i++) {
    const own = actual[i] ?? -1;
    const score = scores[i * classes + own];
    if (score === undefined || own < 0 || own >= classes) {
      throw new ArgumentError(`topKAccuracy: actual[${i}] is ${own}; expected a class index from 0 to ${classes - 1}.`);
    }
    let rank = Number.isNaN(score) ? classes : 0;
    for (let c = 0; c < classes; c++) {
      const other = scores[i * classes + c] ?? NaN;
      if (other > score || (other === score && c < own)) rank++;
    }
    if (rank < k) hits++;
  }
  return hits / actual.length;
}
