import { expect, test } from "vitest";
import { ArgumentError, ShapeError } from "../core/errors.js";
import { confusionMatrix, formatConfusionMatrix } from "./confusion.js";

test("counts rows of actual and columns of predicted classes, as scikit-learn's example has them", () => {
  const actual = [2, 0, 2, 2, 0, 1];
  const predicted = Int32Array.of(0, 0, 2, 2, 0, 2);
  expect(Array.from(confusionMatrix(predicted, actual, 3).counts)).toEqual([2, 0, 0, 0, 0, 1, 1, 0, 2]);
});

test("refuses indices out of range, different lengths and no classes", () => {
  expect(() => confusionMatrix([0, 3], [0, 1], 3)).toThrow("predicted[1] is 3; expected a class index from 0 to 2");
  expect(() => confusionMatrix([0], [-1], 3)).toThrow(ArgumentError);
  expect(() => confusionMatrix([0], [0.5], 3)).toThrow(ArgumentError);
  expect(() => confusionMatrix([0], [0, 1], 3)).toThrow(ShapeError);
  expect(() => confusionMatrix([], [], 0)).toThrow(ArgumentError);
});

test("is written as an aligned table", () => {
  const matrix = confusionMatrix([0, 0, 2, 2, 0, 2, 2, 2], [2, 0, 2, 2, 0, 2, 2, 2], 3);
  expect(formatConfusionMatrix(matrix)).toBe(
    [
      "        predicted",
      "actual  0 1 2   recall",
      "0       2 · ·  100.0 %",
      "1       · · ·        –",
      "2       1 · 5   83.3 %",
    ].join("\n"),
  );
  expect(formatConfusionMatrix(matrix, ["cat", "dog", "giraffe"])).toBe(
    [
      "         predicted",
      "actual       cat     dog giraffe   recall",
      "cat            2       ·       ·  100.0 %",
      "dog            ·       ·       ·        –",
      "giraffe        1       ·       5   83.3 %",
    ].join("\n"),
  );
  expect(() => formatConfusionMatrix(matrix, ["cat"])).toThrow(ArgumentError);
});
