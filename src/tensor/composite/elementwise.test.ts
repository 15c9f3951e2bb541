import { describe, expect, it } from "vitest";
import { expectClose, useReference } from "../../../test/values.js";
import * as t from "../index.js";
import { grad, ShapeError, tensor, type Tensor } from "../index.js";

useReference();

const points = [-3, -1, -0.5, 0.25, 0.75, 2];

/** The gradient of Σ f(x), at x. */
function slope(f: (x: Tensor) => Tensor, x: readonly number[]): Tensor {
  return grad((v: Tensor) => f(v).sum())(tensor(x, { dtype: "float64" }));
}

describe("broadcasting and promotion", () => {
  it("repeats size-1 and missing axes", async () => {
    const rows = tensor([[1], [2]]);
    await expectClose(rows.add(tensor([10, 20, 30])), [
      [11, 21, 31],
      [12, 22, 32],
    ]);
    expect(() => tensor([1, 2]).add(tensor([1, 2, 3]))).toThrow(ShapeError);
    expect(() => tensor([1, 2]).add(tensor([1, 2, 3]))).toThrow("[add] shapes [2] and [3]");
    expect(t.zeros([0, 3]).mul(t.ones([1, 3])).shape).toEqual([0, 3]);
  });

  it("keeps a tensor's dtype beside numbers unless they have a fraction", () => {
    const whole = tensor([1, 2], { dtype: "int32" });
    expect(whole.add(1).dtype).toBe("int32");
    expect(whole.add(0.5).dtype).toBe("float32");
    expect(whole.div(2).dtype).toBe("float32");
    expect(whole.add(tensor([1, 2])).dtype).toBe("float32");
    expect(tensor([true]).add(tensor([true])).dtype).toBe("int32");
    expect(tensor([true]).add(1).dtype).toBe("int32");
    expect(tensor([1], { dtype: "uint8" }).mul(3).dtype).toBe("uint8");
    expect(tensor([1], { dtype: "float16" }).mul(0.1).dtype).toBe("float16");
    expect(t.where(tensor([true]), 1, 0).dtype).toBe("float32");
  });

  it("divides with floors and remainders of the divisor's sign", async () => {
    const a = tensor([-7, 7, -7, 7], { dtype: "int32" });
    const b = tensor([2, -2, -2, 0], { dtype: "int32" });
    expect(await a.floorDivide(b).array(1)).toEqual([-4, -4, 3, 0]);
    expect(await a.mod(b).array(1)).toEqual([1, -1, -1, 0]);
    await expectClose(tensor([-7, 7]).floorDivide(2), [-4, 3]);
    await expectClose(tensor([-7, 7]).mod(4), [1, 3]);
  });

  it("raises to small powers by multiplication", async () => {
    const x = tensor([-2, 3]);
    for (const [power, expected] of [
      [0, [1, 1]],
      [1, [-2, 3]],
      [2, [4, 9]],
      [3, [-8, 27]],
      [-1, [-0.5, 1 / 3]],
      [-2, [0.25, 1 / 9]],
    ] as const) {
      await expectClose(x.pow(power), [...expected]);
    }
    await expectClose(tensor([4, 9]).pow(0.5), [2, 3]);
    await expectClose(
      slope((v) => v.pow(3), [2, -1]),
      [12, 3],
    );
    expect(await tensor([2, 3], { dtype: "int32" }).pow(2).array(1)).toEqual([4, 9]);
  });

  it("combines truth values", async () => {
    const a = tensor([true, true, false, false]);
    const b = tensor([1, 0, 2, 0]);
    expect(await a.logicalAnd(b).array(1)).toEqual([1, 0, 0, 0]);
    expect(await a.logicalOr(b).array(1)).toEqual([1, 1, 1, 0]);
    expect(await a.logicalXor(b).array(1)).toEqual([0, 1, 1, 0]);
    expect(await b.logicalNot().array(1)).toEqual([0, 1, 0, 1]);
    expect(() => t.bitwiseAnd(b, 1)).toThrow("[bitwiseAnd] needs integers or bools");
    expect(await t.shiftLeft(tensor([1, 3], { dtype: "int32" }), 2).array(1)).toEqual([4, 12]);
  });
});

describe("functions", () => {
  it.each<[string, (x: Tensor) => Tensor, (x: number) => number]>([
    ["reciprocal", (x) => x.reciprocal(), (x) => 1 / x],
    ["square", (x) => x.square(), (x) => x * x],
    ["log2 of |x|", (x) => x.abs().log2(), (x) => Math.log2(Math.abs(x))],
    ["log10 of |x|", (x) => x.abs().log10(), (x) => Math.log10(Math.abs(x))],
    ["rsqrt of |x|", (x) => x.abs().rsqrt(), (x) => 1 / Math.sqrt(Math.abs(x))],
    ["tan", (x) => x.tan(), Math.tan],
    ["asin of x/4", (x) => x.div(4).asin(), (x) => Math.asin(x / 4)],
    ["acos of x/4", (x) => x.div(4).acos(), (x) => Math.acos(x / 4)],
    ["sinh", (x) => x.sinh(), Math.sinh],
    ["cosh", (x) => x.cosh(), Math.cosh],
    ["sigmoid", (x) => x.sigmoid(), (x) => 1 / (1 + Math.exp(-x))],
    ["logSigmoid", (x) => x.logSigmoid(), (x) => -Math.log1p(Math.exp(-x))],
    ["silu", (x) => x.silu(), (x) => x / (1 + Math.exp(-x))],
    ["relu", (x) => x.relu(), (x) => Math.max(0, x)],
    ["leakyRelu", (x) => x.leakyRelu({ negativeSlope: 0.1 }), (x) => (x > 0 ? x : 0.1 * x)],
    ["elu", (x) => x.elu({ alpha: 2 }), (x) => (x > 0 ? x : 2 * Math.expm1(x))],
    ["softplus", (x) => x.softplus({ beta: 3 }), (x) => Math.log1p(Math.exp(3 * x)) / 3],
    [
      "gelu by tanh",
      (x) => x.gelu({ approximate: "tanh" }),
      (x) => 0.5 * x * (1 + Math.tanh(Math.sqrt(2 / Math.PI) * (x + 0.044715 * x ** 3))),
    ],
    ["clamp", (x) => x.clamp({ min: -1, max: 0.5 }), (x) => Math.min(0.5, Math.max(-1, x))],
  ])("%s and its derivative", async (_, f, expected) => {
    await expectClose(f(tensor(points, { dtype: "float64" })), points.map(expected), 1e-9);
    const h = 1e-5;
    const smooth = points.filter((x) => x !== -1);
    await expectClose(
      slope(f, smooth),
      smooth.map((x) => (expected(x + h) - expected(x - h)) / (2 * h)),
      1e-6,
    );
  });

  it("gelu by erf", async () => {
    // Φ(1) = 0.841344746068543, Φ(−2) = 0.0227501319481792.
    await expectClose(
      tensor([1, -2, 0], { dtype: "float64" }).gelu(),
      [0.841344746068543, -0.0455002638963584, 0],
      1e-9,
    );
  });

  it("stay finite far out, gradients included", async () => {
    const far = [-1e4, -200, 0, 200, 1e4];
    await expectClose(tensor(far).sigmoid(), [0, 0, 0.5, 1, 1]);
    await expectClose(
      slope((x) => x.sigmoid(), far),
      [0, 0, 0.25, 0, 0],
    );
    await expectClose(tensor(far).softplus(), [0, 0, Math.LN2, 200, 1e4]);
    await expectClose(
      slope((x) => x.softplus(), far),
      [0, 0, 0.5, 1, 1],
    );
    await expectClose(tensor(far).elu(), [-1, -1, 0, 200, 1e4]);
    await expectClose(
      slope((x) => x.elu(), far),
      [0, 0, 1, 1, 1],
    );
    await expectClose(
      slope((x) => x.silu(), far),
      [0, 0, 0.5, 1, 1],
    );
    await expectClose(tensor([-20]).sigmoid().log(), [-20.000000002], 1e-6);
  });

  it("logaddexp copes with infinities", async () => {
    const a = tensor([0, 1e4, -Infinity, Infinity, -Infinity], { dtype: "float64" });
    const b = tensor([0, -1e4, -Infinity, Infinity, 3], { dtype: "float64" });
    expect(await t.logaddexp(a, b).array(1)).toEqual([expect.closeTo(Math.LN2, 9), 1e4, -Infinity, Infinity, 3]);
    const [da, db] = grad((x: Tensor, y: Tensor) => t.logaddexp(x, y).sum(), { argnums: [0, 1] })(
      tensor([1, 5]),
      tensor([1, 2]),
    );
    await expectClose(da, [0.5, 1 / (1 + Math.exp(-3))]);
    await expectClose(db, [0.5, 1 / (1 + Math.exp(3))]);
  });

  it("tells NaN and infinity", async () => {
    const x = tensor([1, NaN, Infinity, -Infinity]);
    expect(await x.isnan().array(1)).toEqual([0, 1, 0, 0]);
    expect(await x.isinf().array(1)).toEqual([0, 0, 1, 1]);
    expect(await x.isfinite().array(1)).toEqual([1, 0, 0, 0]);
    expect(await t.nanToNum(x, { nan: 9, posinf: 5, neginf: -5 }).array(1)).toEqual([1, 9, 5, -5]);
    expect((await x.relu().array(1))[1]).toBeNaN();
    expect((await x.clamp({ min: 0 }).array(1))[1]).toBeNaN();
    expect(await tensor([1], { dtype: "int32" }).isfinite().array(1)).toEqual([1]);
    expect(() => x.clamp({})).toThrow("[clamp] needs a bound");
  });

  it("selects and interpolates", async () => {
    await expectClose(t.where(tensor([true, false]), tensor([[1], [2]]), 0), [
      [1, 0],
      [2, 0],
    ]);
    await expectClose(t.lerp(tensor([0, 10]), tensor([10, 20]), 0.25), [2.5, 12.5]);
    await expectClose(t.atan2(tensor([1, -1, 0]), tensor([0, -1, -1])), [Math.PI / 2, -0.75 * Math.PI, Math.PI]);
  });
});
