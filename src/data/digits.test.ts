import { createHash } from "node:crypto";
import { expect, test, vi } from "vitest";
import { ArgumentError } from "../core/errors.js";
import { generateDigits, generateDigitsAsync } from "./digits.js";
import type { ImageSet } from "./image-set.js";

function checksum(set: ImageSet): string {
  return createHash("sha256").update(set.images).update(set.labels).digest("hex").slice(0, 16);
}

/** Test accuracy of the nearest class mean, the plainest linear classifier, and of the nearest neighbour. */
function nearestAccuracies(train: ImageSet, test: ImageSet): { mean: number; neighbour: number } {
  const pixels = train.height * train.width;
  const means = Array.from({ length: train.classes }, () => new Float64Array(pixels));
  train.labels.forEach((label, i) => {
    means[label]?.forEach((sum, p, mean) => (mean[p] = sum + (train.images[i * pixels + p] ?? 0)));
  });
  for (const mean of means) mean.forEach((sum, p) => (mean[p] = (sum * train.classes) / train.count));
  const neighbours = Array.from(train.labels, (_, i) => train.images.subarray(i * pixels, (i + 1) * pixels));
  const nearest = (image: Uint8Array, candidates: readonly ArrayLike<number>[]): number => {
    let best = -1;
    let least = Infinity;
    candidates.forEach((candidate, c) => {
      let distance = 0;
      for (let p = 0; p < pixels; p++) distance += ((image[p] ?? 0) - (candidate[p] ?? 0)) ** 2;
      if (distance < least) [best, least] = [c, distance];
    });
    return best;
  };
  let mean = 0;
  let neighbour = 0;
  test.labels.forEach((label, i) => {
    const image = test.images.subarray(i * pixels, (i + 1) * pixels);
    if (nearest(image, means) === label) mean++;
    if (train.labels[nearest(image, neighbours)] === label) neighbour++;
  });
  return { mean: mean / test.count, neighbour: neighbour / test.count };
}

test("the bytes are pinned: the same on every platform and in every version", () => {
  const { train, test } = generateDigits({ train: 200, test: 50, seed: 0 });
  expect([checksum(train), checksum(test)]).toEqual(["9053c49cc6ba4261", "a62273f785d794c7"]);
});

test("an image depends on seed, part and index, not on how many others there are", () => {
  const few = generateDigits({ train: 20, test: 20, seed: 3 });
  const many = generateDigits({ train: 20, test: 60, seed: 3 });
  expect(checksum(many.train)).toBe(checksum(few.train));
  expect(checksum(few.test)).not.toBe(checksum(few.train));
  expect(checksum(generateDigits({ train: 20, test: 0, seed: 4 }).train)).not.toBe(checksum(few.train));
  expect(checksum(generateDigits({ train: 20, test: 0, seed: 3 + 2 ** 32 }).train)).not.toBe(checksum(few.train));
});

test("labels are balanced and shuffled, and every image has ink on paper", () => {
  const { train, test } = generateDigits({ train: 1003, test: 0 });
  const counts = new Array<number>(10).fill(0);
  for (const label of train.labels) counts[label] = (counts[label] ?? 0) + 1;
  expect(counts).toEqual([101, 101, 101, 100, 100, 100, 100, 100, 100, 100]);
  expect(Array.from(train.labels)).not.toEqual(Array.from(train.labels, (_, i) => i % 10));
  expect([test.count, test.images.length, test.labels.length]).toEqual([0, 0, 0]);
  for (let i = 0; i < train.count; i++) {
    const image = train.images.subarray(i * 784, (i + 1) * 784);
    const inked = image.filter((pixel) => pixel > 100).length;
    expect(inked).toBeGreaterThan(12);
    expect(inked).toBeLessThan(784 / 3);
  }
});

test("the classes can be told apart, but not by a template each", () => {
  const { train, test } = generateDigits({ train: 3000, test: 300 });
  const { mean, neighbour } = nearestAccuracies(train, test);
  expect(mean).toBeGreaterThan(0.5);
  expect(mean).toBeLessThan(0.9);
  expect(neighbour).toBeGreaterThan(0.9);
});

test("the asynchronous form gives the same bytes and lets other tasks run in between", async () => {
  const options = { train: 30, test: 10, seed: 5 };
  let now = 0;
  const clock = vi.spyOn(performance, "now").mockImplementation(() => (now += 10));
  let turns = 0;
  let running = true;
  const count = (): void => {
    turns++;
    if (running) setImmediate(count);
  };
  setImmediate(count);
  const { train, test } = await generateDigitsAsync(options);
  running = false;
  clock.mockRestore();
  expect(turns).toBeGreaterThanOrEqual(40);
  const expected = generateDigits(options);
  expect(checksum(train)).toBe(checksum(expected.train));
  expect(checksum(test)).toBe(checksum(expected.test));
});

test.each([{ train: -1 }, { test: 1.5 }, { seed: NaN }, { seed: 2 ** 53 }])("refuses %o", async (options) => {
  expect(() => generateDigits(options)).toThrow(ArgumentError);
  await expect(generateDigitsAsync(options)).rejects.toThrow(ArgumentError);
});
