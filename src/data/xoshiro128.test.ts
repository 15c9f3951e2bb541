import { expect, test } from "vitest";
import { Xoshiro128 } from "./xoshiro128.js";

test("the same seed words repeat the stream; another word, or another order, gives another stream", () => {
  const draw = (...words: number[]): number[] => {
    const random = new Xoshiro128(...words);
    return Array.from({ length: 8 }, () => random.uint32());
  };
  expect(draw(1, 2)).toEqual(draw(1, 2));
  const streams = [draw(), draw(0), draw(0, 0), draw(1, 2), draw(2, 1), draw(1, 3)];
  expect(new Set(streams.map(String)).size).toBe(streams.length);
});

test("uniform, below and bell have the moments they promise", () => {
  const random = new Xoshiro128(7);
  const count = 100_000;
  const moments = (draw: () => number): { mean: number; variance: number; low: number; high: number } => {
    const values = Array.from({ length: count }, draw);
    const mean = values.reduce((sum, v) => sum + v, 0) / count;
    const variance = values.reduce((sum, v) => sum + (v - mean) ** 2, 0) / count;
    return {
      mean,
      variance,
      low: values.reduce((a, b) => Math.min(a, b)),
      high: values.reduce((a, b) => Math.max(a, b)),
    };
  };
  const uniform = moments(() => random.uniform(-1, 3));
  expect(uniform.mean).toBeCloseTo(1, 1);
  expect(uniform.variance).toBeCloseTo(16 / 12, 1);
  expect(uniform.low).toBeGreaterThanOrEqual(-1);
  expect(uniform.high).toBeLessThan(3);
  const die = moments(() => random.below(6));
  expect([die.low, die.high]).toEqual([0, 5]);
  expect(die.mean).toBeCloseTo(2.5, 1);
  const bell = moments(() => random.bell());
  expect(bell.mean).toBeCloseTo(0, 1);
  expect(bell.variance).toBeCloseTo(1, 1);
});
