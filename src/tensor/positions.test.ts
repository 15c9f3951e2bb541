import { describe, expect, it } from "vitest";
import { expectClose, useReference } from "../../test/values.js";
import { ArgumentError, ones, randn, rotaryEmbedding, ShapeError, sinusoidalPositions } from "./index.js";

useReference();

describe("sinusoidalPositions", () => {
  it("keeps late positions exact to float32", async () => {
    const late = sinusoidalPositions(20000, 4).at(-1);
    const wave = (i: number): number[] => [Math.sin(19999 / 10000 ** (i / 2)), Math.cos(19999 / 10000 ** (i / 2))];
    await expectClose(late, [...wave(0), ...wave(1)], 1e-6);
    expect(() => sinusoidalPositions(3, 5)).toThrow(ArgumentError);
  });
});

describe("rotaryEmbedding", () => {
  it("makes products depend on the distance alone, and keeps lengths", async () => {
    for (const interleaved of [true, false]) {
      const [q, k] = [randn([1, 8]), randn([1, 8])];
      const product = (i: number, j: number): Promise<number> =>
        rotaryEmbedding(q, { offset: i, interleaved }).mul(rotaryEmbedding(k, { offset: j, interleaved })).sum().item();
      expect(await product(907, 900)).toBeCloseTo(await product(7, 0), 4);
      expect(await product(907, 900)).not.toBeCloseTo(await product(8, 0), 2);
      await expectClose(rotaryEmbedding(q, { offset: 11 }).square().sum(), await q.square().sum().item(), 1e-5);
      await expectClose(rotaryEmbedding(q, { interleaved }), await q.array(2), 1e-7);
    }
  });

  it("says what does not fit", () => {
    expect(() => rotaryEmbedding(ones([3, 5]))).toThrow(ArgumentError);
    expect(() => rotaryEmbedding(ones([4]))).toThrow(ShapeError);
  });
});
