import { describe, expect, it } from "vitest";
import { ReferenceBackend } from "../backends/reference/reference-backend.js";
import { DisposedError, GradientError, grad, noGrad, Parameter, registerBackend, setDefaultDevice, tensor, valueAndGrad, type Tensor } from "./index.js";

registerBackend("reference", () => new ReferenceBackend());
setDefaultDevice("reference");

describe("backward", () => {
  it("gives the numbers of micrograd's README", async () => {
    const a = tensor(-4, { requiresGrad: true });
    const b = tensor(2, { requiresGrad: true });
    let c = a.add(b);
    let d = a.mul(b).add(b.pow(3));
    c = c.add(c.add(1));
    c = c.add(c.add(1).sub(a));
    d = d.add(d.mul(2).add(b.add(a).relu()));
    d = d.add(d.mul(3).add(b.sub(a).relu()));
    const e = c.sub(d);
    const f = e.pow(2);
    let g = f.div(2);
    g = g.add(f.reciprocal().mul(10));
    g.backward();
    expect(await g.item()).toBeCloseTo(24.7041, 4);
    expect(await a.grad?.item()).toBeCloseTo(138.8338, 4);
    expect(await b.grad?.item()).toBeCloseTo(645.5773, 4);
  });

  it("adds up over calls, and null starts anew", async () => {
    const x = tensor([1, 2], { requiresGrad: true });
    x.mul(x).sum().backward();
    x.mul(3).sum().backward();
    expect(await x.grad?.array()).toEqual([5, 7]);
    const forget = (leaf: Tensor): void => void (leaf.grad = null);
    forget(x);
    expect(x.grad).toBeNull();
    x.sum().backward();
    expect(await x.grad?.array()).toEqual([1, 1]);
  });

  it("goes through matmul, relu and broadcasting", async () => {
    const x = tensor([[1, -2]]);
    const w = new Parameter(tensor([[1, 2], [3, -1]]));
    const b = new Parameter(tensor([0.5, -10]));
    x.matmul(w).add(b).neg().relu().sum().backward();
    // x·w + b = [-4.5, -6]: both units pass on −1.
    expect(await w.grad?.array()).toEqual([[-1, -1], [2, 2]]);
    expect(await b.grad?.array()).toEqual([-1, -1]);
  });

  it("stops at noGrad and detach", () => {
    const x = tensor([1], { requiresGrad: true });
    expect(noGrad(() => x.mul(2)).requiresGrad).toBe(false);
    expect(x.mul(2).detach().requiresGrad).toBe(false);
    expect(() => noGrad(() => x.mul(2)).sum().backward()).toThrow(GradientError);
  });

  it("says what is wrong", async () => {
    const x = tensor([1, 2], { requiresGrad: true });
    expect(() => x.mul(2).backward()).toThrow(/more than one element/);
    const loss = x.mul(2).sum();
    loss.backward();
    expect(() => loss.backward()).toThrow(/retainGraph/);
    const kept = x.mul(2).sum();
    kept.backward({ retainGraph: true });
    kept.backward();
    expect(await x.grad?.array()).toEqual([6, 6]);
    expect(() => tensor(new Int32Array(2), { requiresGrad: true })).toThrow(GradientError);
    const given = x.mul(x);
    given.backward({ gradient: tensor([1, 10]) });
    expect(await x.grad?.array()).toEqual([8, 46]);
    const y = x.add(1);
    y.dispose();
    expect(() => y.mul(2)).toThrow(DisposedError);
    expect(() => y.mul(2)).toThrow(/\[mul\]/);
  });
});

describe("grad", () => {
  const cube = (x: Tensor): Tensor => x.pow(3).sum();

  it("can be taken of itself", async () => {
    const x = tensor([2, -1]);
    expect(await grad(cube)(x).array()).toEqual([12, 3]);
    const second = grad((y: Tensor) => grad(cube)(y).sum())(x);
    expect(await second.array()).toEqual([12, -6]);
    expect(second.requiresGrad).toBe(false);
    const third = grad((z: Tensor) => grad((y: Tensor) => grad(cube)(y).sum())(z).sum())(x);
    expect(await third.array()).toEqual([6, 6]);
  });

  it("takes several arguments and trees", async () => {
    const fn = (p: { w: Tensor; b: Tensor }, x: Tensor): Tensor => p.w.mul(x).add(p.b).sum();
    const [value, [dp, dx]] = valueAndGrad(fn, { argnums: [0, 1] })({ w: tensor([2]), b: tensor([1]) }, tensor([3]));
    expect(await value.item()).toBe(7);
    expect(await dp.w.array()).toEqual([3]);
    expect(await dp.b.array()).toEqual([1]);
    expect(await dx.array()).toEqual([2]);
  });

  it("leaves gradients to outer parameters alone", async () => {
    const w = new Parameter(tensor([2]));
    const g = grad((x: Tensor) => x.mul(x).mul(w).sum())(tensor([3]));
    expect(g.requiresGrad).toBe(true);
    g.sum().backward();
    expect(await w.grad?.array()).toEqual([6]);
  });
});
