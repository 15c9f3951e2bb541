import { expect, test } from "vitest";
import { listDataset, randomSplit } from "./dataset.js";

test("a random split has each example in one part, drawn by the seed", () => {
  const letters = [..."abcdefghij"];
  const parts = (seed: number): string[][] => randomSplit(listDataset(letters), [7, 0, 3], { seed }).map((part) => part.batch(Int32Array.from({ length: part.length }, (_, i) => i)));
  const [most = [], none, rest = []] = parts(1);
  expect([most.length, none, rest.length]).toEqual([7, [], 3]);
  expect([...most, ...rest].sort()).toEqual(letters);
  expect(parts(1)).toEqual(parts(1));
  expect(parts(1)).not.toEqual(parts(2));
  // Positions are the part's own.
  const [part] = randomSplit(listDataset(letters), [7, 3], { seed: 1 });
  expect(part?.batch(Int32Array.of(2, 0))).toEqual([most[2], most[0]]);
  expect(() => randomSplit(listDataset(letters), [5, 4])).toThrow("[randomSplit] lengths 5, 4 add up to 9; expected whole numbers that add up to 10");
  expect(() => randomSplit(listDataset(letters), [10.5, -0.5])).toThrow("expected whole numbers");
});
