import { describe, expect, test } from "vitest";
import { ArgumentError, ShapeError } from "../core/errors.js";
import { Xoshiro128 } from "../data/xoshiro128.js";
import { Perceptron } from "./perceptron.js";

const corners = [
  [0, 0],
  [0, 1],
  [1, 0],
  [1, 1],
];

describe("Perceptron", () => {
  test("follows the rule, worked by hand for AND", () => {
    const model = new Perceptron();
    const fit = model.fit(corners, [-1, -1, -1, 1]);
    expect(fit.converged).toBe(true);
    expect(fit.summary).toMatch(/^converged: pass \d+ made no mistake$/);
    // The first pass: (0, 0) scores 0 and is a mistake, then (1, 1) is: w = (1, 1), b = 0.
    const once = new Perceptron();
    expect(once.fit(corners, [-1, -1, -1, 1], { epochs: 1 }).mistakes).toEqual([2]);
    expect([...once.weights, once.bias]).toEqual([1, 1, 0]);
    expect([...model.predict(corners)]).toEqual([-1, -1, -1, 1]);
  });

  test("learns from one example at a time", () => {
    const model = new Perceptron();
    expect(model.update([2, -1], 1, 0.5)).toBe(true);
    expect([...model.weights, model.bias]).toEqual([1, -0.5, 0.5]);
    expect(model.update([2, -1], 1, 0.5)).toBe(false);
    // w·x + b is −1·1 + 1·0.5 + 0.5 = 0: on the line is a mistake as well.
    expect(model.update([-1, -1], -1)).toBe(true);
    expect([...model.weights, model.bias]).toEqual([2, 0.5, -0.5]);
    expect(() => model.update([1], 1)).toThrow(ShapeError);
  });

  test("converges on separable data within Novikoff's bound (R/γ)²", () => {
    const random = new Xoshiro128(7);
    const uniform = (): number => random.uniform(-1, 1);
    for (let trial = 0; trial < 20; trial++) {
      const direction = Array.from({ length: 5 }, uniform);
      const length = Math.hypot(...direction);
      const side = (row: readonly number[]): number => [...row, 1].reduce((sum, v, j) => sum + (v * (direction[j] ?? 0)) / length, 0);
      const x = Array.from({ length: 200 }, () => Array.from({ length: 4 }, uniform)).filter((row) => Math.abs(side(row)) > 0.05);
      const y = x.map((row) => Math.sign(side(row)));
      const margin = Math.min(...x.map((row) => Math.abs(side(row))));
      const radius = Math.max(...x.map((row) => Math.hypot(...row, 1)));
      const model = new Perceptron();
      const { converged, mistakes } = model.fit(x, y, { lr: 0.5 });
      expect(converged).toBe(true);
      expect([...model.predict(x)]).toEqual(y);
      expect(mistakes.reduce((a, b) => a + b)).toBeLessThanOrEqual((radius / margin) ** 2);
    }
  });

  test("does not converge on XOR and says so", () => {
    const fit = new Perceptron().fit(corners, [-1, 1, 1, -1], { epochs: 500 });
    expect(fit.converged).toBe(false);
    expect(fit.mistakes).toHaveLength(500);
    expect(Math.min(...fit.mistakes)).toBeGreaterThan(0);
    expect(fit.summary).toContain("did not converge: pass 500 still made");
  });

  test("refuses what does not fit", () => {
    const model = new Perceptron();
    expect(() => model.fit([], [])).toThrow(ArgumentError);
    expect(() => model.fit(corners, [0, 1, 1, 0])).toThrow("label 0 is 0: expected −1 or 1");
    expect(() => model.fit(corners, [1, 1, 1, 1], { lr: 0 })).toThrow("lr 0 must be above 0");
    expect(() => model.fit([[1], [1, 2]], [1, -1])).toThrow(ShapeError);
  });
});
