import { describe, expect, it } from "vitest";
import { ReferenceBackend } from "../backends/reference/reference-backend.js";
import { ArgumentError, GradientError } from "../core/errors.js";
import { setDefaultDevice } from "../runtime/devices.js";
import { compile, grad, hessian, hvp, jacrev, jvp, ones, randn, scan, stack, tensor, vjp, vmap, zeros, type Tensor } from "./index.js";

setDefaultDevice(new ReferenceBackend());

async function expectClose(a: Tensor, b: Tensor): Promise<void> {
  expect(a.shape).toEqual(b.shape);
  const [x, y] = [await a.data(), await b.data()];
  Array.from(x).forEach((v, i) => expect(v).toBeCloseTo(y[i] ?? NaN, 4));
}

const [a, x] = [randn([4, 3]), randn([3])];
/** The Hessian of Σ sin(Ax)² is 2 Aᵀ diag(cos 2Ax) A. */
const energy = (v: Tensor): Tensor => a.matmul(v).sin().square().sum();
const curvature = a.transpose().mul(a.matmul(x).mul(2).cos().mul(2)).matmul(a);

describe("vjp and jvp", () => {
  it("multiply with the Jacobian from both sides", async () => {
    const f = (v: Tensor): Tensor => a.matmul(v).tanh();
    const slope = f(x).square().neg().add(1);
    const [u, v] = [randn([4]), randn([3])];
    const [y, pullback] = vjp(f, x);
    await expectClose(y, f(x));
    expect(y.requiresGrad).toBe(false);
    await expectClose(pullback(u)[0], u.mul(slope).matmul(a));
    await expectClose(pullback(ones([4]))[0], slope.matmul(a));
    const [z, tangent] = jvp(f, [x], [v]);
    await expectClose(z, f(x));
    await expectClose(tangent, slope.mul(a.matmul(v)));
    expect(tangent.requiresGrad).toBe(false);
  });

  it("take trees, and give zeros where nothing depends", async () => {
    const f = (p: { w: Tensor; unused: Tensor }, s: Tensor): [Tensor, Tensor] => [p.w.mul(s), s.exp()];
    const given: [{ w: Tensor; unused: Tensor }, Tensor] = [{ w: tensor([1, 2]), unused: tensor([5]) }, tensor(3)];
    const [, pullback] = vjp(f, ...given);
    const [p, s] = pullback([tensor([1, 10]), tensor(0)]);
    expect(await p.w.array()).toEqual([3, 30]);
    expect(await p.unused.array()).toEqual([0]);
    expect(await s.item()).toBe(21);
    const [, [dy, ds]] = jvp(f, given, [{ w: tensor([1, 0]), unused: tensor([1]) }, tensor(1)]);
    expect(await dy.array()).toEqual([4, 2]);
    expect(await ds.item()).toBeCloseTo(Math.exp(3), 4);
    expect(() => pullback([tensor([1]), tensor(0)])).toThrow(GradientError);
    expect(() => jvp(f, given, [given[0]] as never)).toThrow(ArgumentError);
  });

  it("can be differentiated and batched", async () => {
    const f = (v: Tensor): Tensor => v.pow(3);
    const along = (v: Tensor): Tensor => jvp(f, [v], [ones([3])])[1].sum();
    await expectClose(grad(along)(x), x.mul(6));
    const many = randn([5, 3]);
    await expectClose(vmap((v: Tensor) => vjp(f, v)[1](ones([3]))[0])(many), many.square().mul(3));
    await expectClose(vmap((v: Tensor) => jvp(f, [v], [v])[1])(many), f(many).mul(3));
  });
});

describe("jacrev and hessian", () => {
  it("equal closed forms", async () => {
    const f = (v: Tensor): Tensor => a.matmul(v).exp();
    await expectClose(jacrev(f)(x), f(x).unsqueeze(1).mul(a));
    await expectClose(hessian(energy)(x), curvature);
    await expectClose(compile(hessian(energy))(x), curvature);
    const cubes = (_: number, m: Tensor): Tensor => m.pow(3).sum();
    const m = tensor([[1, 2], [3, 4]]);
    await expectClose(hessian(cubes, { argnums: 1 })(0, m).reshape(4, 4), tensor([[6, 0, 0, 0], [0, 12, 0, 0], [0, 0, 18, 0], [0, 0, 0, 24]]));
    await expectClose(jacrev((v: Tensor) => v.sum())(x), ones([3]));
  });

  it("go through loops", async () => {
    // c₃ = ((x)³ᐟ…): three steps of c ← c·x from 1 are x³.
    const power = (v: Tensor): Tensor => scan((c: Tensor, _: Tensor) => [c.mul(v), undefined], ones([3]), zeros([3]))[0].sum();
    const diagonal = await hessian(power)(x).data();
    const points = await x.data();
    Array.from(diagonal).forEach((h, i) => expect(h).toBeCloseTo(i % 4 === 0 ? 6 * (points[i / 4] ?? NaN) : 0, 4));
  });
});

describe("hvp", () => {
  it("multiplies with the Hessian without computing it", async () => {
    const v = randn([3]);
    await expectClose(hvp(energy, x, v), curvature.matmul(v));
    await expectClose(compile((p: Tensor, q: Tensor) => hvp(energy, p, q))(x, v), curvature.matmul(v));
    const both = hvp(({ p, q }: { p: Tensor; q: Tensor }) => p.mul(q).sum(), { p: x, q: x }, { p: v, q: zeros([3]) });
    await expectClose(both.p, zeros([3]));
    await expectClose(both.q, v);
    await expectClose(vmap((w: Tensor) => hvp(energy, x, w))(stack([v, x])), stack([curvature.matmul(v), curvature.matmul(x)]));
  });
});
