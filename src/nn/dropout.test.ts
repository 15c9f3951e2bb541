import { beforeAll, describe, expect, it } from "vitest";
import { useReference } from "../../test/values.js";
import { ArgumentError, manualSeed, ones, randn, ShapeError } from "../tensor/index.js";
import * as nn from "./index.js";

beforeAll(() => {
  useReference();
  manualSeed(5);
});

function moments(values: ArrayLike<number>): { mean: number; variance: number } {
  const list = Array.from(values);
  const mean = list.reduce((sum, v) => sum + v, 0) / list.length;
  return { mean, variance: list.reduce((sum, v) => sum + (v - mean) ** 2, 0) / list.length };
}

describe.each([
  ["Dropout1d", new nn.Dropout1d(0.25), [40, 50, 4]],
  ["Dropout2d", new nn.Dropout2d(0.25), [40, 50, 2, 2]],
  ["Dropout3d", new nn.Dropout3d(0.25), [40, 50, 2, 1, 2]],
  ["DropPath", new nn.DropPath(0.25), [2000, 2, 2]],
] as const)("%s", (_, layer, shape) => {
  it("drops whole runs of 4 elements, and scales the others by 1/(1 − p)", async () => {
    const values = Array.from(await layer.forward(ones(shape)).data());
    const first = values.filter((__, i) => i % 4 === 0);
    expect(values).toEqual(first.flatMap((v) => [v, v, v, v]));
    expect([...new Set(first)].sort()).toEqual([0, Math.fround(4 / 3)]);
    // 2,000 draws: the share's deviation is 0.0097.
    expect(Math.abs(first.filter((v) => v === 0).length / first.length - 0.25)).toBeLessThan(0.04);
  });
});

describe("channel dropout", () => {
  it("takes inputs without a batch axis, and refuses others", async () => {
    const values = Array.from(await new nn.Dropout2d(0.5).forward(ones([200, 1, 2])).data());
    expect(values.filter((_, i) => i % 2 === 0)).toEqual(values.filter((_, i) => i % 2 === 1));
    expect(new Set(values)).toEqual(new Set([0, 2]));
    expect(() => new nn.Dropout2d().forward(ones([2, 3]))).toThrow(ShapeError);
  });
});

describe("AlphaDropout", () => {
  it("keeps mean 0 and variance 1 (Klambauer et al. 2017)", async () => {
    const { mean, variance } = moments(await new nn.AlphaDropout(0.3).forward(randn([40_000])).data());
    // The mean's deviation is 0.005, that of the variance about 0.006.
    expect(Math.abs(mean)).toBeLessThan(0.03);
    expect(Math.abs(variance - 1)).toBeLessThan(0.04);
  });
});

it("probabilities outside [0, 1] are refused", () => {
  for (const Layer of [nn.Dropout, nn.Dropout2d, nn.AlphaDropout, nn.DropPath]) {
    expect(() => new Layer(1.5)).toThrow(ArgumentError);
    expect(() => new Layer(NaN)).toThrow(ArgumentError);
  }
});
