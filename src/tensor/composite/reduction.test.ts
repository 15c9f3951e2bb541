import { describe, expect, it } from "vitest";
import { expectClose, useReference } from "../../../test/values.js";
import { grad, IndexError, norm, ones, prod, ShapeError, tensor, variance, zeros, type Tensor } from "../index.js";

useReference();

const x = tensor([
  [1, -2, 3],
  [4, 5, -6],
]);

describe("sums and means", () => {
  it("reduce the axes asked for", async () => {
    await expectClose(x.sum(), 5);
    await expectClose(x.sum(0), [5, 3, -3]);
    await expectClose(x.sum(-1, { keepdims: true }), [[2], [3]]);
    await expectClose(x.sum([0, 1], { keepdims: true }), [[5]]);
    await expectClose(x.sum([]), [
      [1, -2, 3],
      [4, 5, -6],
    ]);
    await expectClose(x.mean(1), [2 / 3, 1]);
    await expectClose(prod(x, 0), [4, -10, -18]);
    expect(() => x.sum(2)).toThrow(IndexError);
    expect(() => x.sum([0, 0])).toThrow(IndexError);
  });

  it("add up small integers and bools in int32", async () => {
    const bytes = tensor([200, 100], { dtype: "uint8" });
    expect(bytes.sum().dtype).toBe("int32");
    expect(await bytes.sum().item()).toBe(300);
    expect(await tensor([true, true]).sum().item()).toBe(2);
    expect(tensor([1, 2], { dtype: "int32" }).sum().dtype).toBe("int32");
    expect(tensor([1, 2], { dtype: "int32" }).mean().dtype).toBe("float32");
  });

  it("of nothing are 0, 1 and NaN", async () => {
    const none = zeros([0, 2]);
    await expectClose(none.sum(0), [0, 0]);
    await expectClose(prod(none, 0), [1, 1]);
    expect(await none.mean().item()).toBeNaN();
    expect(none.sum(1).shape).toEqual([0]);
    expect(() => none.max()).toThrow(ShapeError);
    expect(() => none.min(0)).toThrow("the min of nothing does not exist");
    expect(none.max(1).shape).toEqual([0]);
    expect(() => none.argmax(0)).toThrow(ShapeError);
    expect(await none.all().item()).toBe(1);
    expect(await none.any().item()).toBe(0);
    await expectClose(none.logsumexp(0), [-Infinity, -Infinity]);
  });
});

describe("extremes", () => {
  it("and where they are", async () => {
    await expectClose(x.max(), 5);
    await expectClose(x.min(1), [-2, -6]);
    expect(await x.argmax().item()).toBe(4);
    expect(await x.argmax(1).array(1)).toEqual([2, 1]);
    expect(await x.argmin(0, { keepdims: true }).array(2)).toEqual([[0, 0, 1]]);
    expect(x.argmax(undefined, { keepdims: true }).shape).toEqual([1, 1]);
    expect(await tensor([2, 7, 7]).argmax().item()).toBe(1);
    expect(await tensor([2, NaN, 7]).max().item()).toBeNaN();
    expect(await tensor([true, false]).max().item()).toBe(1);
    expect(await tensor([false, true]).argmax().item()).toBe(1);
    expect(x.argmax(1).dtype).toBe("int32");
    await expectClose(grad((v: Tensor) => v.max(1).sum())(x), [
      [0, 0, 1],
      [0, 1, 0],
    ]);
  });

  it("all and any", async () => {
    expect(
      await tensor([
        [1, 0],
        [1, 1],
      ])
        .all(1)
        .array(1),
    ).toEqual([0, 1]);
    expect(
      await tensor([
        [0, 0],
        [0, 1],
      ])
        .any(1)
        .array(1),
    ).toEqual([0, 1]);
  });
});

describe("spread", () => {
  it("variance and deviation", async () => {
    await expectClose(variance(tensor([1, 2, 3, 4])), 5 / 3);
    await expectClose(variance(tensor([1, 2, 3, 4]), 0, { correction: 0 }), 1.25);
    await expectClose(x.std(1, { keepdims: true }), [[Math.sqrt(19 / 3)], [Math.sqrt(37)]]);
    expect(await variance(tensor([5])).item()).toBeNaN();
    await expectClose(variance(tensor([1e4 + 1, 1e4 + 2, 1e4 + 3])), 1);
    await expectClose(grad((v: Tensor) => v.variance())(tensor([1, 2, 6])), [-2, -1, 3]);
  });

  it("norms", async () => {
    const v = tensor([3, 0, -4]);
    await expectClose(norm(v), 5);
    await expectClose(norm(v, 0, { ord: 1 }), 7);
    await expectClose(norm(v, 0, { ord: Infinity }), 4);
    await expectClose(norm(v, 0, { ord: -Infinity }), 0);
    await expectClose(norm(v, 0, { ord: 0 }), 2);
    await expectClose(norm(v, 0, { ord: 3 }), 91 ** (1 / 3));
    await expectClose(grad((u: Tensor) => u.norm())(v), [0.6, 0, -0.8]);
    await expectClose(grad((u: Tensor) => u.norm())(zeros([3])), [0, 0, 0]);
    expect(() => norm(v, 0, { ord: NaN })).toThrow("[norm] ord is NaN");
  });
});

describe("softmax and its kin at ±1e4", () => {
  const far = tensor(
    [
      [1e4, 0, -1e4],
      [-1e4, -1e4, -1e4],
    ],
    { dtype: "float64" },
  );

  it("stay finite", async () => {
    await expectClose(far.softmax(), [
      [1, 0, 0],
      [1 / 3, 1 / 3, 1 / 3],
    ]);
    await expectClose(far.logSoftmax(), [
      [0, -1e4, -2e4],
      [-Math.log(3), -Math.log(3), -Math.log(3)],
    ]);
    await expectClose(far.logsumexp(1), [1e4, -1e4 + Math.log(3)]);
    await expectClose(tensor([[-Infinity, 0]]).logsumexp(1, { keepdims: true }), [[0]]);
    await expectClose(tensor([-Infinity, -Infinity]).logsumexp(), -Infinity);
    await expectClose(tensor([Infinity, 1]).logsumexp(), Infinity);
    expect(zeros([0, 3]).softmax().shape).toEqual([0, 3]);
    expect(zeros([3, 0]).softmax().shape).toEqual([3, 0]);
  });

  it("have the right derivatives", async () => {
    const z = tensor([0.5, -1, 2], { dtype: "float64" });
    const e = [0.5, -1, 2].map(Math.exp);
    const p = e.map((v) => v / e.reduce((a, b) => a + b));
    await expectClose(grad((v: Tensor) => v.logsumexp())(z), p);
    const [p0 = 0, p1 = 0, p2 = 0] = p;
    await expectClose(grad((v: Tensor) => v.softmax().at(0))(z), [p0 * (1 - p0), -p0 * p1, -p0 * p2]);
    await expectClose(grad((v: Tensor) => v.logSoftmax().at(1))(z), [-p0, 1 - p1, -p2]);
    await expectClose(grad((v: Tensor) => v.logSoftmax().sum())(far), [
      [-2, 1, 1],
      [0, 0, 0],
    ]);
    await expectClose(grad((v: Tensor) => grad((u: Tensor) => u.logsumexp())(v).at(0))(z), [
      p0 * (1 - p0),
      -p0 * p1,
      -p0 * p2,
    ]);
  });

  it("take any axis", async () => {
    await expectClose(ones([2, 4]).softmax(0).sum(0), [1, 1, 1, 1]);
    expect(tensor([1, 2], { dtype: "int32" }).softmax().dtype).toBe("float32");
  });
});
