import { expect, test } from "vitest";
import { ArgumentError, ShapeError } from "../core/errors.js";
import { accuracy } from "./accuracy.js";

test("is the share of equal indices", () => {
  expect(accuracy([1, 2, 3, 4], Uint8Array.of(1, 2, 0, 4))).toBe(0.75);
  expect(accuracy(Int32Array.of(5), [5])).toBe(1);
});

test("refuses different lengths and no predictions", () => {
  expect(() => accuracy([1], [1, 2])).toThrow(ShapeError);
  expect(() => accuracy([1], [1, 2])).toThrow("accuracy: 1 predictions but 2 actual values");
  expect(() => accuracy([], [])).toThrow(ArgumentError);
});
