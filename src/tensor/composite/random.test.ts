import { describe, expect, it } from "vitest";
import { useReference } from "../../../test/values.js";
import {
  ArgumentError,
  bernoulli,
  dropout,
  DTypeError,
  Generator,
  grad,
  manualSeed,
  ones,
  rand,
  randint,
  randn,
  randperm,
  type Tensor,
} from "../index.js";
import { constant } from "../../ops/index.js";
import { readValueSync } from "../read.js";
import { erfinv } from "./random.js";
import { Tensor as Wrapped } from "../tensor.js";

useReference();

/** Mean, deviation and the standardized third and fourth moments. */
function moments(values: ArrayLike<number>): [number, number, number, number] {
  const list = Array.from(values);
  const mean = list.reduce((sum, v) => sum + v, 0) / list.length;
  const central = (power: number): number => list.reduce((sum, v) => sum + (v - mean) ** power, 0) / list.length;
  const std = Math.sqrt(central(2));
  return [mean, std, central(3) / std ** 3, central(4) / std ** 4];
}

describe("distributions", () => {
  it("uniform: multiples of 2⁻²⁴ in [0, 1)", () => {
    manualSeed(7);
    const values = rand([20_000]).dataSync();
    expect(values.every((v) => v >= 0 && v < 1 && Number.isInteger(v * 2 ** 24))).toBe(true);
    const [mean, std] = moments(values);
    expect(mean).toBeCloseTo(0.5, 2);
    expect(std).toBeCloseTo(Math.sqrt(1 / 12), 2);
    const wide = rand([1000], { low: -3, high: 5 }).dataSync();
    expect(Math.min(...wide)).toBeGreaterThanOrEqual(-3);
    expect(Math.max(...wide)).toBeLessThanOrEqual(5);
  });

  it("normal: its moments", () => {
    manualSeed(8);
    const [mean, std, skew, kurtosis] = moments(randn([40_000]).dataSync());
    expect(Math.abs(mean)).toBeLessThan(0.02);
    expect(Math.abs(std - 1)).toBeLessThan(0.02);
    expect(Math.abs(skew)).toBeLessThan(0.05);
    expect(Math.abs(kurtosis - 3)).toBeLessThan(0.1);
    const [shifted, scaled] = moments(randn([10_000], { mean: 5, std: 2 }).dataSync());
    expect(shifted).toBeCloseTo(5, 0);
    expect(scaled).toBeCloseTo(2, 0);
  });

  it("erfinv undoes erf", () => {
    for (const y of [-0.99999994, -0.99, -0.5, 0, 1e-6, 0.3, 0.9, 0.9999]) {
      const inverse = readValueSync("test", erfinv(constant(y, "float32", [])))[0] ?? NaN;
      const back = new Wrapped(constant(inverse, "float64", [])).erf().itemSync();
      expect(Math.abs(back - y)).toBeLessThan(1e-6 * Math.abs(y) + 1e-12);
    }
  });

  it("whole numbers, coins and orders", () => {
    manualSeed(9);
    const dice = Array.from(randint(1, 7, [6000]).dataSync());
    for (let face = 1; face <= 6; face++)
      expect(Math.abs(dice.filter((v) => v === face).length - 1000)).toBeLessThan(130);
    expect(dice.every((v) => v >= 1 && v <= 6)).toBe(true);
    const heads = Array.from(bernoulli(0.3, [10_000]).dataSync()).filter((v) => v === 1).length;
    expect(Math.abs(heads - 3000)).toBeLessThan(150);
    expect(Array.from(bernoulli(1, [50]).dataSync()).every((v) => v === 1)).toBe(true);
    expect(Array.from(bernoulli(0, [50]).dataSync()).every((v) => v === 0)).toBe(true);
    const order = Array.from(randperm(100).dataSync());
    expect(order).not.toEqual([...order].sort((a, b) => a - b));
    expect([...order].sort((a, b) => a - b)).toEqual(Array.from({ length: 100 }, (_, i) => i));
  });

  it("repeat with the seed, and go on without", () => {
    const draw = (generator: Generator): unknown => randn([5], { generator }).dataSync();
    const first = new Generator(3);
    const values = draw(first);
    expect(draw(first)).not.toEqual(values);
    expect(draw(new Generator(3))).toEqual(values);
    expect(draw(new Generator(4))).not.toEqual(values);
  });

  it("refuse what they cannot be", () => {
    expect(() => rand([2], { dtype: "int32" })).toThrow(DTypeError);
    expect(() => rand([2], { low: 2, high: 1 })).toThrow(ArgumentError);
    expect(() => randn([2], { std: -1 })).toThrow(ArgumentError);
    expect(() => bernoulli(1.5, [2])).toThrow(ArgumentError);
    expect(() => randint(3, 3, [2])).toThrow(ArgumentError);
    expect(() => dropout(ones([2]), -0.1)).toThrow(ArgumentError);
  });
});

describe("dropout", () => {
  it("drops a share, scales the rest, and sends gradients the same way", () => {
    manualSeed(1);
    const x = ones([10_000], { requiresGrad: true });
    const y = dropout(x, 0.25);
    y.sum().backward();
    const values = Array.from(y.dataSync());
    expect(values.every((v) => v === 0 || Math.abs(v - 4 / 3) < 1e-6)).toBe(true);
    expect(Math.abs(values.filter((v) => v === 0).length - 2500)).toBeLessThan(150);
    expect(Array.from(x.grad?.dataSync() ?? [])).toEqual(values);
  });

  it("at the ends drops nothing or all", async () => {
    expect(await dropout(ones([3]), 0).array(1)).toEqual([1, 1, 1]);
    expect(await dropout(ones([3]), 1).array(1)).toEqual([0, 0, 0]);
    expect(await grad((v: Tensor) => dropout(v, 1).sum())(ones([2])).array(1)).toEqual([0, 0]);
  });
});
