import { describe, expect, it } from "vitest";
import { expectClose, useReference } from "../../../test/values.js";
import { DTypeError, grad, ones, scaledDotProductAttention, ShapeError, tensor, type Tensor } from "../index.js";

useReference();

type Matrix = readonly (readonly number[])[];

const q: Matrix = [[0.5, -1, 2], [1, 0.25, -0.5]];
const k: Matrix = [[1, 2, 0.5], [-0.5, 0.75, 1], [0.1, -0.2, 0.3], [2, 1, -1]];
const v: Matrix = [[1, 2], [3, -1], [0.5, 0.25], [-2, 4]];
const of = (rows: Matrix): Tensor => tensor(rows.map((row) => [...row]), { dtype: "float64" });

/** Σⱼ wᵢⱼ vⱼ with wᵢⱼ = e^(scale·qᵢ·kⱼ + biasᵢⱼ) / Σ e^(…) over the keys that query i may see. */
function expected(scale: number, sees: (i: number, j: number) => boolean, bias: (i: number, j: number) => number = () => 0): number[][] {
  return q.map((row, i) => {
    const e = k.map((key, j) => (sees(i, j) ? Math.exp(scale * key.reduce((sum, x, n) => sum + x * (row[n] ?? 0), 0) + bias(i, j)) : 0));
    const total = e.reduce((sum, x) => sum + x, 0) || 1;
    return [0, 1].map((c) => v.reduce((sum, value, j) => sum + ((e[j] ?? 0) / total) * (value[c] ?? 0), 0));
  });
}

const usual = 1 / Math.sqrt(3);

describe("scaledDotProductAttention", () => {
  it("is the mean of values weighted by the softmax of scores", async () => {
    await expectClose(scaledDotProductAttention(of(q), of(k), of(v)), expected(usual, () => true));
    await expectClose(scaledDotProductAttention(of(q), of(k), of(v), { scale: 0.3 }), expected(0.3, () => true));
  });

  it("sees what masks allow", async () => {
    const sees = [[true, false, true, true], [false, true, false, false]];
    const mask = tensor(sees);
    const allowed = (i: number, j: number): boolean => sees[i]?.[j] ?? false;
    await expectClose(scaledDotProductAttention(of(q), of(k), of(v), { causal: true }), expected(usual, (i, j) => j <= i));
    await expectClose(scaledDotProductAttention(of(q), of(k), of(v), { mask }), expected(usual, allowed));
    await expectClose(scaledDotProductAttention(of(q), of(k), of(v), { mask, causal: true }), expected(usual, (i, j) => allowed(i, j) && j <= i));
    const bias = of([[0.5, -Infinity, 0, 1], [0, 0, -2, 0.25]]);
    const added = [[0.5, -Infinity, 0, 1], [0, 0, -2, 0.25]];
    await expectClose(scaledDotProductAttention(of(q), of(k), of(v), { mask: bias }), expected(usual, () => true, (i, j) => added[i]?.[j] ?? 0));
  });

  it("gives 0, and no gradient of NaN, to a query without keys", async () => {
    const mask = tensor([[true, true, true, true], [false, false, false, false]]);
    await expectClose(scaledDotProductAttention(of(q), of(k), of(v), { mask }), expected(usual, (i) => i === 0));
    const [dq, dk] = grad((a: Tensor, b: Tensor) => scaledDotProductAttention(a, b, of(v), { mask }).sum(), { argnums: [0, 1] })(of(q), of(k));
    expect(Array.from(await dq.data()).slice(3)).toEqual([0, 0, 0]);
    expect((await dk.data()).every(Number.isFinite)).toBe(true);
  });

  it("broadcasts batches and heads", async () => {
    const y = scaledDotProductAttention(of(q).expand(2, 3, 2, 3), of(k).unsqueeze(0), of(v));
    expect(y.shape).toEqual([2, 3, 2, 2]);
    const one = expected(usual, () => true);
    await expectClose(y, [[one, one, one], [one, one, one]]);
  });

  it("drops weights with probability p and scales the others", async () => {
    const n = 4096;
    const zeros = ones([n, 1]).mul(0);
    const y = Array.from(await scaledDotProductAttention(zeros, ones([8, 1]), ones([8, 1]), { dropout: 0.25 }).data());
    // Each of 8 weights of 1/8 stays as 1/6 with probability 3/4: the mean is 1, the deviation √(8·3/16)/6.
    const mean = y.reduce((sum, x) => sum + x, 0) / n;
    const deviation = Math.sqrt(y.reduce((sum, x) => sum + (x - mean) ** 2, 0) / n);
    expect(Math.abs(mean - 1)).toBeLessThan(0.02);
    expect(Math.abs(deviation / (Math.sqrt(1.5) / 6) - 1)).toBeLessThan(0.05);
    expect(y.every((x) => Math.abs(6 * x - Math.round(6 * x)) < 1e-5)).toBe(true);
  });

  it("says what does not fit", () => {
    expect(() => scaledDotProductAttention(ones([2, 3]), ones([4, 2]), ones([4, 2]))).toThrow(ShapeError);
    expect(() => scaledDotProductAttention(ones([2, 3]), ones([4, 3]), ones([5, 2]))).toThrow(ShapeError);
    expect(() => scaledDotProductAttention(ones([2, 3]), ones([4, 3]), ones([4, 2]), { mask: ones([2, 3]) })).toThrow(ShapeError);
    expect(() => scaledDotProductAttention(ones([2, 3]), ones([4, 3]), ones([4, 2]), { mask: ones([2, 4], { dtype: "int32" }) })).toThrow(DTypeError);
  });
});
