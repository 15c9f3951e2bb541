import { describe, expect, it } from "vitest";
import { useReference } from "../../test/values.js";
import { ArgumentError, DTypeError, ones, randn, ShapeError, zeros } from "../tensor/index.js";
import { MultiHeadAttention } from "./index.js";

useReference();

describe("MultiHeadAttention", () => {
  it("gives the same output whether weights are asked for or not", async () => {
    const attention = new MultiHeadAttention(6, 3, { batchFirst: true });
    const [x, y] = [randn([2, 4, 6]), randn([2, 5, 6])];
    const keyPaddingMask = ones([2, 5]).cumsum(1).gt(3);
    const [a, weights] = attention.forward(x, y, y, { keyPaddingMask, causal: true });
    const [b, none] = attention.forward(x, y, y, { keyPaddingMask, causal: true, needWeights: false });
    expect(none).toBeUndefined();
    expect(weights?.shape).toEqual([2, 4, 5]);
    const expected = await a.data();
    (await b.data()).forEach((value, i) => expect(value).toBeCloseTo(expected[i] ?? NaN, 6));
    (await weights?.sum(-1).data())?.forEach((total) => expect(total).toBeCloseTo(1, 6));
    expect((await weights?.at(0, 1).data())?.slice(2)).toEqual(new Float32Array(3));
  });

  it("begins as PyTorch's", async () => {
    const attention = new MultiHeadAttention(32, 4);
    const parameters = attention.namedParameters();
    expect(parameters.map(([name]) => name)).toEqual(["in_proj_weight", "in_proj_bias", "out_proj.weight", "out_proj.bias"]);
    const largest = await Promise.all(parameters.map(async ([, p]) => Math.max(...Array.from(await p.data()).map(Math.abs))));
    const bounds = [Math.sqrt(6 / (4 * 32)), 0, 1 / Math.sqrt(32), 0];
    largest.forEach((most, i) => {
      expect(most).toBeLessThanOrEqual(bounds[i] ?? 0);
      expect(most).toBeGreaterThanOrEqual(0.95 * (bounds[i] ?? 0));
    });
  });

  it("drops weights in training only", async () => {
    const attention = new MultiHeadAttention(4, 2, { dropout: 0.5 });
    const x = randn([8, 1, 4]);
    const dropped = async (): Promise<number> =>
      (await attention.forward(x, x, x, { averageAttnWeights: false })[1]?.data())?.filter((w) => w === 0).length ?? NaN;
    const count = await dropped();
    expect(count).toBeGreaterThan(64 - 5 * 5.7);
    expect(count).toBeLessThan(64 + 5 * 5.7);
    attention.eval();
    expect(await dropped()).toBe(0);
  });

  it("says what does not fit", () => {
    const attention = new MultiHeadAttention(4, 2);
    const x = zeros([3, 2, 4]);
    expect(() => new MultiHeadAttention(5, 2)).toThrow(ArgumentError);
    expect(() => attention.forward(x, x, zeros([2, 2, 4]))).toThrow(ShapeError);
    expect(() => attention.forward(x, zeros([3, 1, 4]), x)).toThrow(ShapeError);
    expect(() => attention.forward(x, x, x, { keyPaddingMask: zeros([3, 2]) })).toThrow(ShapeError);
    expect(() => attention.forward(x, x, x, { attnMask: zeros([2, 3, 3]) })).toThrow(ShapeError);
    expect(() => attention.forward(x, x, x, { attnMask: zeros([3, 3], { dtype: "int32" }) })).toThrow(DTypeError);
  });
});
