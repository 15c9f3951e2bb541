import { describe, expect, test } from "vitest";
import { ArgumentError, ShapeError } from "../core/errors.js";
import { Xoshiro128 } from "../data/xoshiro128.js";
import { averageScores, classScores, topKAccuracy } from "./class-scores.js";
import { confusionMatrix } from "./confusion.js";
import { averagePrecision, rocAuc } from "./ranking.js";
import { meanAbsoluteError, meanSquaredError, r2Score, rootMeanSquaredError } from "./regression.js";

describe("scores of classes", () => {
  // The example of scikit-learn's documentation of precision, recall and F1.
  const matrix = confusionMatrix([0, 2, 1, 0, 0, 1], [0, 1, 2, 0, 1, 2], 3);

  test("are scikit-learn's", () => {
    expect(classScores(matrix).map(({ precision }) => precision)).toEqual([2 / 3, 0, 0]);
    expect(classScores(matrix).map(({ recall }) => recall)).toEqual([1, 0, 0]);
    expect(classScores(matrix).map(({ f1 }) => f1)).toEqual([0.8, 0, 0]);
    expect(classScores(matrix).map(({ support }) => support)).toEqual([2, 2, 2]);
    const macro = averageScores(matrix, "macro");
    expect([macro.precision, macro.recall, macro.f1].map((v) => v.toFixed(4))).toEqual(["0.2222", "0.3333", "0.2667"]);
    const micro = averageScores(matrix, "micro");
    expect([micro.precision, micro.recall, micro.f1].map((v) => v.toFixed(4))).toEqual(["0.3333", "0.3333", "0.3333"]);
  });

  test("are weighted by support", () => {
    // Class 0: precision 1/2, recall 1; class 1: precision 1, recall 2/3; supports 1 and 3.
    const weighted = averageScores(confusionMatrix([0, 0, 1, 1], [0, 1, 1, 1], 2), "weighted");
    expect(weighted.precision).toBeCloseTo((0.5 + 3) / 4);
    expect(weighted.recall).toBeCloseTo((1 + 2) / 4);
    expect(weighted.f1).toBeCloseTo((2 / 3 + 3 * 0.8) / 4);
    expect(weighted.support).toBe(4);
    expect(() => averageScores(matrix, "mean" as never)).toThrow(ArgumentError);
  });

  test("the top k are scikit-learn's", () => {
    const rows = [0.5, 0.2, 0.2, 0.3, 0.4, 0.2, 0.2, 0.4, 0.3, 0.7, 0.2, 0.1];
    expect(topKAccuracy(rows, [0, 1, 2, 2], 1)).toBe(0.5);
    expect(topKAccuracy(rows, [0, 1, 2, 2], 2)).toBe(0.75);
    expect(topKAccuracy(rows, [0, 1, 2, 2], 3)).toBe(1);
    expect(topKAccuracy([NaN, 1], [0], 1)).toBe(0);
    expect(() => topKAccuracy(rows, [0, 1, 2, 3], 1)).toThrow("actual[3] is 3; expected a class index from 0 to 2");
    expect(() => topKAccuracy([1, 2, 3], [0, 1], 1)).toThrow(ShapeError);
    expect(() => topKAccuracy(rows, [0, 1, 2, 2], 0)).toThrow("k is 0");
  });
});

describe("errors", () => {
  const [actual, predicted] = [
    [3, -0.5, 2, 7],
    [2.5, 0, 2, 8],
  ] as const;

  test("are those of scikit-learn's documentation", () => {
    expect(meanSquaredError(predicted, actual)).toBe(0.375);
    expect(rootMeanSquaredError(predicted, actual)).toBe(Math.sqrt(0.375));
    expect(meanAbsoluteError(predicted, actual)).toBe(0.5);
    expect(r2Score(predicted, actual)).toBeCloseTo(0.9486081370449679, 14);
    expect(r2Score([1, 1], [1, 1])).toBe(1);
    expect(r2Score([1, 2], [1, 1])).toBe(0);
    expect(r2Score([1e8 + 2, 1e8 + 2], [1e8 + 1, 1e8 + 3])).toBe(0);
  });

  test("need as many predictions as values, and some", () => {
    expect(() => meanSquaredError([1], [1, 2])).toThrow(ShapeError);
    expect(() => r2Score([], [])).toThrow("r2Score: no predictions");
  });
});

describe("ranking", () => {
  test("is that of scikit-learn's documentation", () => {
    const [scores, actual] = [
      [0.1, 0.4, 0.35, 0.8],
      [0, 0, 1, 1],
    ];
    expect(rocAuc(scores, actual)).toBe(0.75);
    expect(averagePrecision(scores, actual)).toBeCloseTo(0.8333333333, 9);
  });

  test("counts pairs and sums precisions by definition, with ties", () => {
    const random = new Xoshiro128(3);
    const actual = Array.from({ length: 60 }, () => random.below(2));
    const scores = actual.map((label) => random.below(8) + 2 * label);
    let won = 0;
    let pairs = 0;
    let area = 0;
    let lastRecall = 0;
    const positives = actual.filter((label) => label === 1).length;
    for (const [i, a] of actual.entries()) {
      for (const [j, b] of actual.entries()) {
        if (a !== 1 || b !== 0) continue;
        pairs++;
        won += 0.5 + Math.sign((scores[i] ?? 0) - (scores[j] ?? 0)) / 2;
      }
    }
    for (let threshold = 10; threshold >= 0; threshold--) {
      const above = actual.filter((_, i) => (scores[i] ?? 0) >= threshold);
      const hits = above.filter((label) => label === 1).length;
      area += (hits / positives - lastRecall) * (above.length === 0 ? 1 : hits / above.length);
      lastRecall = hits / positives;
    }
    expect(rocAuc(scores, actual)).toBeCloseTo(won / pairs, 12);
    expect(averagePrecision(scores, actual)).toBeCloseTo(area, 12);
  });

  test("needs both classes, and ranks", () => {
    expect(() => rocAuc([1, 2], [1, 1])).toThrow("rocAuc: there must be examples of both classes");
    expect(() => averagePrecision([1, 2], [0, 0])).toThrow("averagePrecision: there must be positive examples");
    expect(() => rocAuc([1, NaN], [1, 0])).toThrow("score 1 is NaN");
    expect(() => rocAuc([1, 2], [1, 3])).toThrow("actual[1] is 3; expected 0 or 1");
  });
});
