import { beforeAll, describe, expect, test } from "vitest";
import * as g from "../../src/node.js";
import { ShapeError, tensor, type Tensor } from "../../src/node.js";
import { testedDevices } from "../tested-devices.js";

const big = 2 ** 31 - 1;
const least = -(2 ** 31);

/** Tensors on the default device and what they must be, the sign of zero included. */
const contracts: Readonly<Record<string, () => readonly (readonly [Tensor, readonly number[]])[]>> = {
  "maximum, minimum and relu propagate NaN": () => [
    [tensor([NaN, 1, NaN]).maximum(tensor([1, NaN, NaN])), [NaN, NaN, NaN]],
    [tensor([NaN, 1, NaN]).minimum(tensor([1, NaN, NaN])), [NaN, NaN, NaN]],
    [tensor([NaN, -1, Infinity, -Infinity]).relu(), [NaN, 0, Infinity, 0]],
    [tensor([[1, NaN, 2], [3, 4, 5]]).max(1), [NaN, 5]],
    [tensor([[1, NaN, 2], [3, 4, 5]]).min(1), [NaN, 3]],
    [tensor([NaN, -3, 3]).clamp({ min: -1, max: 1 }), [NaN, -1, 1]],
  ],
  "sort puts NaN last, in both directions": () => [
    [tensor([2, NaN, -Infinity, Infinity, NaN, 0]).sort().values, [-Infinity, 0, 2, Infinity, NaN, NaN]],
    [tensor([2, NaN, -Infinity, Infinity, NaN, 0]).sort(-1, { descending: true }).values, [Infinity, 2, 0, -Infinity, NaN, NaN]],
    [tensor([1, 0, 1, 0]).sort().indices, [1, 3, 0, 2]],
  ],
  "arg-max and arg-min take the first, and NaN for the extreme": () => [
    [tensor([1, 3, 3, 0, 0]).argmax(), [1]],
    [tensor([1, 3, 3, 0, 0]).argmin(), [3]],
    [tensor([1, NaN, 3, NaN]).argmax(), [1]],
    [tensor([1, NaN, 3, NaN]).argmin(), [1]],
  ],
  "integers wrap": () => [
    [tensor([big, least, least], { dtype: "int32" }).add(tensor([1, -1, least], { dtype: "int32" })), [least, big, 0]],
    [tensor([big, 65536], { dtype: "int32" }).mul(tensor([2, 65536], { dtype: "int32" })), [-2, 0]],
    [tensor([least], { dtype: "int32" }).neg(), [least]],
    [tensor([200, 255], { dtype: "uint8" }).add(tensor([100, 1], { dtype: "uint8" })), [44, 0]],
    [tensor([127, -128], { dtype: "int8" }).add(tensor([1, -1], { dtype: "int8" })), [-128, 127]],
    [tensor([2 ** 32 - 1, 0], { dtype: "uint32" }).add(tensor([1, 0], { dtype: "uint32" })), [0, 0]],
    [tensor([0], { dtype: "uint32" }).sub(tensor([1], { dtype: "uint32" })), [2 ** 32 - 1]],
    [tensor([big, 1], { dtype: "int32" }).sum(), [least]],
  ],
  "integer division by zero gives 0": () => [
    [tensor([5, -5, 0, least], { dtype: "int32" }).floorDivide(tensor([0, 0, 0, 0], { dtype: "int32" })), [0, 0, 0, 0]],
    [tensor([5, -5, 0, least], { dtype: "int32" }).mod(tensor([0, 0, 0, -1], { dtype: "int32" })), [0, 0, 0, 0]],
    [tensor([least], { dtype: "int32" }).floorDivide(tensor([-1], { dtype: "int32" })), [least]],
  ],
  "float to integer truncates and saturates, NaN gives 0": () => [
    [tensor([NaN, Infinity, -Infinity, 3e9, -3e9, 1.9, -1.9]).astype("int32"), [0, big, least, big, least, 1, -1]],
    [tensor([NaN, Infinity, -Infinity, 5e9, -1, 3e9]).astype("uint32"), [0, 2 ** 32 - 1, 0, 2 ** 32 - 1, 0, 3e9]],
    [tensor([NaN, 300, -300, 127.9, -128.9]).astype("int8"), [0, 127, -128, 127, -128]],
    [tensor([NaN, 300, -300, 255.9, -0.9]).astype("uint8"), [0, 255, 0, 255, 0]],
    [tensor([NaN, 0, -0, 0.1]).astype("bool"), [1, 0, 0, 1]],
  ],
  "the remainder takes the divisor's sign": () => [
    [tensor([7, -7, 7, -7]).mod(tensor([3, 3, -3, -3])), [1, 2, -2, -1]],
    [tensor([7, -7, 7, -7], { dtype: "int32" }).mod(tensor([3, 3, -3, -3], { dtype: "int32" })), [1, 2, -2, -1]],
    [tensor([5.5, -5.5]).mod(2), [1.5, 0.5]],
    [tensor([7, -7, 7, -7], { dtype: "int32" }).floorDivide(tensor([2, 2, -2, -2], { dtype: "int32" })), [3, -4, -4, 3]],
  ],
  "rounding is half to even": () => [
    [tensor([0.5, 1.5, 2.5, -0.5, -1.5, -2.5, 8388607.5]).round(), [0, 2, 2, -0, -2, -2, 8388608]],
    [tensor([1 + 2 ** -11, 1 + 3 * 2 ** -11]).astype("float16"), [1, 1 + 2 ** -9]],
    [tensor([1 + 2 ** -8, 1 + 3 * 2 ** -8]).astype("bfloat16"), [1, 1 + 2 ** -6]],
  ],
  "the sum of nothing is 0, its product 1, its mean NaN": () => [
    [g.zeros([0]).sum(), [0]],
    [g.zeros([0, 2]).sum(0), [0, 0]],
    [g.zeros([0]).prod(), [1]],
    [g.zeros([0]).mean(), [NaN]],
    [g.matmul(g.zeros([2, 0]), g.zeros([0, 1])), [0, 0]],
  ],
  "zero keeps its sign": () => [
    [tensor([0, -0]).neg(), [-0, 0]],
    [tensor([0, -0]).abs(), [0, 0]],
    [tensor([-0, -0.5]).ceil(), [-0, -0]],
    [tensor([-0, -0.5]).trunc(), [-0, -0]],
    [tensor([-0, 0]).sqrt(), [-0, 0]],
    [tensor([-0, 0, -0]).mul(tensor([1, -1, -1])), [-0, -0, 0]],
    [tensor([-0, 0]).add(tensor([-0, -0])), [-0, 0]],
    [tensor([1, 1]).div(tensor([0, -0])), [Infinity, -Infinity]],
    [tensor([-0, 0]).tanh(), [-0, 0]],
    [tensor([-0, 0]).sin(), [-0, 0]],
    [tensor([-0, 0]).expm1(), [-0, 0]],
    [tensor([-0, 0]).log1p(), [-0, 0]],
    [tensor([-0, 0]).erf(), [-0, 0]],
    [tensor([-0, 0]).atan(), [-0, 0]],
    [tensor([0, -0]).atan2(tensor([-0, -0])), [Math.fround(Math.PI), -Math.fround(Math.PI)]],
  ],
  "functions have IEEE 754's limits": () => [
    [tensor([Infinity, -Infinity, NaN, 1000, -1000]).exp(), [Infinity, 0, NaN, Infinity, 0]],
    [tensor([0, -0, -1, Infinity, NaN]).log(), [-Infinity, -Infinity, NaN, Infinity, NaN]],
    [tensor([-1, -2, Infinity]).log1p(), [-Infinity, NaN, Infinity]],
    [tensor([Infinity, -Infinity, NaN]).tanh(), [1, -1, NaN]],
    [tensor([Infinity, -Infinity, NaN]).sigmoid(), [1, 0, NaN]],
    [tensor([Infinity, -Infinity, NaN]).erf(), [1, -1, NaN]],
    [tensor([Infinity, -Infinity, NaN]).sin(), [NaN, NaN, NaN]],
    [tensor([-1, Infinity]).sqrt(), [NaN, Infinity]],
    [tensor([0, 1, -8, -8, 2]).pow(tensor([0, NaN, 3, 0.5, -Infinity])), [1, 1, -512, NaN, 0]],
    [tensor([NaN, 1]).eq(tensor([NaN, 1])), [0, 1]],
    [tensor([NaN, 1]).ne(tensor([NaN, 1])), [1, 0]],
    [tensor([NaN, 1]).le(tensor([NaN, 1])), [0, 1]],
  ],
  "softmax and its like stay finite far out": () => {
    const far = tensor([[1e4, -1e4, 0], [-1e4, -1e4, -1e4], [1e4, 1e4, 1e4]]);
    far.requiresGrad = true;
    const third = 1 / 3;
    const loss = g.crossEntropy(far, tensor([1, 0, 2], { dtype: "int32" }), { reduction: "none" });
    loss.sum().backward();
    const slope = far.grad ?? tensor([]);
    return [
      [far.softmax().detach().mul(3), [3, 0, 0, 1, 1, 1, 1, 1, 1]],
      [far.logsumexp(-1).detach().sub(tensor([0, Math.log(3), Math.log(3)])), [1e4, -1e4, 1e4]],
      [loss.detach().sub(tensor([0, Math.log(3), Math.log(3)])), [2e4, 0, 0]],
      [slope, [1, -1, 0, third - 1, third, third, third, third, third - 1].map(Math.fround)],
    ];
  },
};

describe.each(testedDevices)("numbers on %s", (name) => {
  const results = new Map<string, readonly (readonly [Tensor, readonly number[]])[]>();

  beforeAll(async () => {
    g.setDefaultDevice(name);
    for (const [contract, make] of Object.entries(contracts)) results.set(contract, make());
    await g.evaluate(...[...results.values()].flatMap((list) => list.map(([x]) => x)));
  }, 60_000);

  test.each(Object.keys(contracts))("%s", async (contract) => {
    const isFar = contract.startsWith("softmax");
    for (const [x, expected] of results.get(contract) ?? []) {
      const got = Array.from(await x.data());
      if (!isFar) expect(got).toEqual([...expected]);
      // Thirds and logarithms are rounded: one part in a million will do.
      else got.forEach((v, i) => expect(Math.abs(v - (expected[i] ?? NaN))).toBeLessThanOrEqual(1e-6 * Math.max(1, Math.abs(expected[i] ?? 0))));
    }
  });

  test("the maximum of nothing is an error", () => {
    g.setDefaultDevice(name);
    expect(() => g.zeros([0]).max()).toThrow(ShapeError);
    expect(() => g.zeros([0, 3]).argmin(0)).toThrow(ShapeError);
  });

  test("micrograd's README expression has its value and gradients to four decimals", async () => {
    g.setDefaultDevice(name);
    const [a, b] = [tensor(-4, { requiresGrad: true }), tensor(2, { requiresGrad: true })];
    let c = a.add(b);
    let d = a.mul(b).add(b.pow(3));
    c = c.add(c.add(1));
    c = c.add(c.add(1).sub(a));
    d = d.add(d.mul(2).add(b.add(a).relu()));
    d = d.add(d.mul(3).add(b.sub(a).relu()));
    const e = c.sub(d);
    const f = e.pow(2);
    let out = f.div(2);
    out = out.add(g.tensor(10).div(f));
    out.backward();
    expect(await out.item()).toBeCloseTo(24.7041, 4);
    expect((await a.grad?.item()) ?? NaN).toBeCloseTo(138.8338, 4);
    expect((await b.grad?.item()) ?? NaN).toBeCloseTo(645.5773, 4);
  });
});
