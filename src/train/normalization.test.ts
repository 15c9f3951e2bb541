import { expect, test } from "vitest";
import { DataError } from "../core/errors.js";
import { measureNormalization } from "./normalization.js";

test("mean and standard deviation as shares of 255", () => {
  const { mean, std } = measureNormalization(Uint8Array.of(0, 0, 0, 255));
  expect(mean).toBeCloseTo(0.25, 12);
  expect(std).toBeCloseTo(Math.sqrt(3) / 4, 12);
});

test("images of one shade keep their scale", () => {
  expect(measureNormalization(new Uint8Array(784).fill(51))).toEqual({ mean: 0.2, std: 1 });
});

test("refuses no images", () => {
  expect(() => measureNormalization(new Uint8Array(0))).toThrow(DataError);
});
