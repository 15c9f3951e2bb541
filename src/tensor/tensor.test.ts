import { inspect } from "node:util";
import { describe, expect, expectTypeOf, it } from "vitest";
import { ReferenceBackend } from "../backends/reference/reference-backend.js";
import {
  arange, ArgumentError, bernoulli, compile, concat, DeviceError, device, dropout, DTypeError, einsum, evaluate, eye, full, Generator, grad, IndexError, linspace, manualSeed,
  maximum, ones, Parameter, rand, randint, randn, randperm, registerBackend, setDefaultDevice, ShapeError, stack, tensor, where, zeros, zerosLike, type Tensor,
} from "./index.js";

registerBackend("reference", () => new ReferenceBackend());
registerBackend("other", () => new ReferenceBackend());
setDefaultDevice("reference");

describe("creation", () => {
  it("takes numbers, booleans, nested and typed arrays", async () => {
    expect(tensor(3).shape).toEqual([]);
    expect(await tensor([[1, 2], [3, 4]]).array(2)).toEqual([[1, 2], [3, 4]]);
    expect(tensor([true, false]).dtype).toBe("bool");
    expect(tensor([1, 2]).dtype).toBe("float32");
    expect(tensor(Int32Array.of(1, 2)).dtype).toBe("int32");
    expect(tensor([Float32Array.of(1, 2), Float32Array.of(3, 4)]).shape).toEqual([2, 2]);
    expect(await tensor(Uint8Array.of(1, 2, 3, 4), { shape: [2, 2], dtype: "float32" }).array()).toEqual([[1, 2], [3, 4]]);
    expect(tensor([]).shape).toEqual([0]);
    expect(await tensor([1.5, -0.25], { dtype: "float16" }).data()).toEqual(Float32Array.of(1.5, -0.25));
    expect(() => tensor([[1], [1, 2]])).toThrow(ShapeError);
    expect(() => tensor([[1, 2], 3])).toThrow(ShapeError);
    expect(() => tensor([1, 2], { shape: [3] })).toThrow(ShapeError);
    expect(() => tensor(new BigInt64Array(1) as never)).toThrow(ArgumentError);
    expect(() => tensor([1], { dtype: "int64" as never })).toThrow(DTypeError);
  });

  it("makes regular tensors", async () => {
    expect(await arange(3).array()).toEqual([0, 1, 2]);
    expect(arange(3).dtype).toBe("int32");
    expect(await arange(1, 2, 0.25).array()).toEqual([1, 1.25, 1.5, 1.75]);
    expect(await arange(5, 0, -2, { dtype: "float32" }).array()).toEqual([5, 3, 1]);
    expect(() => arange(1, 2, 0)).toThrow(ArgumentError);
    expect(await linspace(0, 1, 5).array()).toEqual([0, 0.25, 0.5, 0.75, 1]);
    expect(await eye(2, 3).array()).toEqual([[1, 0, 0], [0, 1, 0]]);
    expect(await full([2], true).array()).toEqual([1, 1]);
    expect(await zerosLike(tensor(Int32Array.of(4))).data()).toEqual(Int32Array.of(0));
  });

  it("draws random tensors that a seed repeats", async () => {
    manualSeed(1);
    const first = [rand([1000]), randn([1000]), randint(0, 5, [100]), randperm(20), bernoulli(0.25, [1000]), dropout(ones([1000]), 0.5)];
    const [u = [], n = [], k = [], p = [], b = [], d = []] = await Promise.all(first.map((t) => t.data()));
    expect(Math.min(...u)).toBeGreaterThanOrEqual(0);
    expect(Math.max(...u)).toBeLessThan(1);
    const mean = (xs: ArrayLike<number>): number => Array.from(xs).reduce((s, x) => s + x, 0) / xs.length;
    expect(Math.abs(mean(u) - 0.5)).toBeLessThan(0.05);
    expect(Math.abs(mean(n))).toBeLessThan(0.15);
    expect(Math.abs(mean(Array.from(n, (x) => x * x)) - 1)).toBeLessThan(0.2);
    expect(new Set(k)).toEqual(new Set([0, 1, 2, 3, 4]));
    expect([...p].sort((x, y) => x - y)).toEqual(Array.from({ length: 20 }, (_, i) => i));
    expect(Math.abs(mean(b) - 0.25)).toBeLessThan(0.06);
    expect(new Set(d)).toEqual(new Set([0, 2]));
    manualSeed(1);
    expect(await rand([1000]).data()).toEqual(u);
    expect(await rand([3], { generator: new Generator(9) }).data()).toEqual(await rand([3], { generator: new Generator(9) }).data());
  });
});

describe("Tensor", () => {
  it("computes with numbers, tensors and broadcasting", async () => {
    const x = tensor([[1, 2, 3], [4, 5, 6]]);
    expect(await x.add(1).mul(x).sub(x.div(2)).at(0).array()).toEqual([1.5, 5, 10.5]);
    expect(await x.sum(0).array()).toEqual([5, 7, 9]);
    expect(await x.mean(1, { keepdims: true }).array()).toEqual([[2], [5]]);
    expect(await x.matmul(x.transpose()).array()).toEqual([[14, 32], [32, 77]]);
    expect(await x.reshape(3, -1).array()).toEqual(await x.reshape([3, 2]).array());
    expect(await x.permute(1, 0).array()).toEqual([[1, 4], [2, 5], [3, 6]]);
    expect(await x.at("...", "::-1").at(1, "1:").array()).toEqual([5, 4]);
    expect(await x.at(tensor(Int32Array.of(1, 0)), 0).array()).toEqual([4, 1]);
    expect(await x.gt(2).logicalAnd(x.lt(6)).array()).toEqual([[0, 0, 1], [1, 1, 0]]);
    expect(await where(x.gt(3), x, 0).sum().item()).toBe(15);
    expect(await einsum("ij,kj->ik", x, x).array()).toEqual([[14, 32], [32, 77]]);
    expect(await concat([x, x], 1).argmax(1).array()).toEqual([2, 2]);
    expect(stack([x, x], -1).shape).toEqual([2, 3, 2]);
    expect(await maximum(x, 3.5).min().item()).toBe(3.5);
    expect(await x.softmax().sum(1).array()).toEqual([expect.closeTo(1, 6), expect.closeTo(1, 6)]);
    expect((await x.topk(2).indices.array())).toEqual([[2, 1], [2, 1]]);
    expect(x.split([1, 2], 1).map((part) => part.shape)).toEqual([[2, 1], [2, 2]]);
    expect(await x.cumsum(1).at(0).array()).toEqual([1, 3, 6]);
    expect(await x.astype("int32").add(0.5).at(0, 0).item()).toBe(1.5);
    expect(await x.variance(1).array()).toEqual([1, 1]);
    expect(await x.clamp({ min: 2, max: 4 }).at(":", 0).array()).toEqual([2, 4]);
  });

  it("reads and shows itself", async () => {
    const x = tensor([[1, 2.5], [3, NaN]]);
    expect(x.toString()).toBe("tensor([[1, 2.5],\n        [3, NaN]], float32[2, 2])");
    expect(inspect(tensor([true]))).toBe("tensor([true], bool[1])");
    expect(x.add(1).toString()).toBe("tensor(float32[2, 2])");
    expect(zeros([2000]).toString()).toBe("tensor(float32[2000])");
    const long = ones([2000]);
    await evaluate(long);
    expect(long.toString()).toBe("tensor([1, 1, 1, …, 1, 1, 1], float32[2000])");
    expect(tensor(2, { requiresGrad: true }).toString()).toBe("tensor(2, float32[], requiresGrad)");
    await expect(x.item()).rejects.toThrow(ShapeError);
    await expect(x.array(1 as number)).rejects.toThrow(ShapeError);
    expect(x.arraySync(2)[0]).toEqual([1, 2.5]);
    expectTypeOf(await x.array(2)).toEqualTypeOf<number[][]>();
    expectTypeOf(compile((a: Tensor, n: number) => ({ a, n }))).returns.toEqualTypeOf<{ a: Tensor; n: number }>();
    expectTypeOf(grad((a: Tensor) => a)).returns.toEqualTypeOf<Tensor>();
    expectTypeOf(grad((a: Tensor, b: { w: Tensor }) => a.add(b.w), { argnums: [1, 0] })).returns.toEqualTypeOf<readonly [{ w: Tensor }, Tensor]>();
  });

  it("stays on its device until it is moved", async () => {
    const here = tensor([1, 2]);
    const there = here.to("other");
    expect(there.device).toBe(device("other"));
    expect(await there.mul(2).array()).toEqual([2, 4]);
    expect(() => here.add(there)).toThrow(DeviceError);
    expect(ones([2], { device: "other" }).add(there).device).toBe(device("other"));
    expect(() => ones([2], { device: "nowhere" })).toThrow(DeviceError);
    const weight = new Parameter(randn([2]));
    weight.moveTo("other");
    expect(weight.add(there).device).toBe(device("other"));
    await weight.data();
    weight.moveTo("reference");
    expect(weight.add(here).device).toBe(device("reference"));
  });

  it("names the operation in errors", () => {
    const x = tensor([1, 2, 3]);
    expect(() => x.add(tensor([1, 2]))).toThrow(/\[add\].*\[3\].*\[2\]/);
    expect(() => x.matmul(tensor([[1, 2]]))).toThrow(ShapeError);
    expect(() => x.at(5)).toThrow(IndexError);
    expect(() => x.sum(3)).toThrow(IndexError);
    expect(() => new Parameter(x).assign(tensor([1]))).toThrow(ShapeError);
    expect(() => new Parameter(x).assign(tensor(Int32Array.of(1, 2, 3)))).toThrow(DTypeError);
  });
});
