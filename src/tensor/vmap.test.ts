import { beforeAll, describe, expect, it } from "vitest";
import { ReferenceBackend } from "../backends/reference/reference-backend.js";
import { ArgumentError, IndexError, ShapeError, TraceError } from "../core/errors.js";
import { functionalCall } from "../nn/functional-call.js";
import * as nn from "../nn/index.js";
import { setDefaultDevice } from "../runtime/devices.js";
import { Buffer, compile, dropout, grad, manualSeed, noGrad, ones, rand, randn, scan, stack, tensor, vmap, where, zeros, type Tensor } from "./index.js";
import { mapTensors, tensorsOf } from "./tree.js";

beforeAll(() => setDefaultDevice(new ReferenceBackend()));

async function numbers(tree: unknown): Promise<unknown[]> {
  return Promise.all(tensorsOf(tree).map((t) => t.array()));
}

/** fn of each example of the tensors' first axis, stacked. */
function looped<R>(fn: (...args: Tensor[]) => R, ...args: Tensor[]): R {
  const results = Array.from({ length: args[0]?.shape[0] ?? 0 }, (_, i) => fn(...args.map((t) => t.at(i))));
  const lists = results.map((r) => tensorsOf(r));
  let next = 0;
  const [first] = results;
  if (first === undefined) throw new RangeError("no examples");
  return mapTensors(first, () => {
    const k = next++;
    return stack(lists.flatMap((list) => list[k] ?? []));
  });
}

async function expectClose(a: unknown, b: unknown): Promise<void> {
  const [x, y] = [tensorsOf(a), tensorsOf(b)];
  expect(x.map((t) => t.shape)).toEqual(y.map((t) => t.shape));
  const [p, q] = [await Promise.all(x.map((t) => t.data())), await Promise.all(y.map((t) => t.data()))];
  p.forEach((data, k) => Array.from(data).forEach((v, i) => expect(v).toBeCloseTo(q[k]?.[i] ?? NaN, 5)));
}

describe("vmap", () => {
  it("takes axes, shared arguments and trees, and puts the axis of results where it is told", async () => {
    manualSeed(1);
    const [x, w, b] = [randn([3, 4]), randn([4, 5, 2]), randn([5])];
    const fn = ({ v, m }: { v: Tensor; m: Tensor }, [c, factor]: [Tensor, number]): { y: Tensor; twice: [Tensor] } => {
      const y = v.matmul(m).add(c);
      return { y, twice: [y.mul(factor)] };
    };
    const all = vmap(fn, { inAxes: [{ v: null, m: -1 }, null], outAxes: { y: 1, twice: [0] } })({ v: x, m: w }, [b, 2]);
    expect(all.y.shape).toEqual([3, 2, 5]);
    expect(all.twice[0].shape).toEqual([2, 3, 5]);
    const expected = [0, 1].map((i) => x.matmul(w.at("...", i)).add(b));
    await expectClose(all.twice[0], stack(expected).mul(2));
    await expectClose(all.y, stack(expected, 1));
  });

  it("repeats what does not differ, unless the result is to have no axis", async () => {
    const x = ones([3, 2]);
    const constant = tensor([1, 2]);
    expect(await numbers(vmap((_: Tensor) => constant)(x))).toEqual([[[1, 2], [1, 2], [1, 2]]]);
    expect(await numbers(vmap((v: Tensor) => [v.sum(), constant.sum()], { outAxes: [0, null] })(x))).toEqual([[2, 2, 2], 3]);
    expect(() => vmap((v: Tensor) => v, { outAxes: null })(x)).toThrow(ArgumentError);
  });

  it("is nested", async () => {
    const [a, b] = [randn([3, 4]), randn([2, 4])];
    const products = vmap((x: Tensor) => vmap((y: Tensor) => x.mul(y).sum().exp())(b))(a);
    await expectClose(products, a.matmul(b.transpose()).exp());
    await expectClose(vmap(vmap((x: Tensor) => x.mul(2)), { inAxes: 1, outAxes: 1 })(a), a.mul(2));
  });

  it("refuses batches that do not agree, axes that do not exist and functions that do more than compute", () => {
    const add = (x: Tensor, y: Tensor): Tensor => x.add(y);
    expect(() => vmap(add)(ones([3]), ones([4]))).toThrow(ShapeError);
    expect(() => vmap(add, { inAxes: 1 })(ones([3]), ones([3]))).toThrow(IndexError);
    expect(() => vmap(add, { inAxes: null })(ones([3]), ones([3]))).toThrow(ArgumentError);
    expect(() => vmap(add, { inAxes: [0] })(ones([3]), ones([3]))).toThrow(ArgumentError);
    expect(() => vmap((x: { a: Tensor }) => x.a, { inAxes: [{ b: 0 }] })({ a: ones([3]) })).toThrow(ArgumentError);
    const state = new Buffer(zeros([]));
    expect(() => vmap((x: Tensor) => { state.assign(x); })(ones([3]))).toThrow(TraceError);
    expect(() => vmap((x: Tensor) => x.itemSync())(ones([3]))).toThrow(TraceError);
  });

  it("draws per example, or the same for all", async () => {
    const x = ones([50, 8]);
    const rows = async (randomness: "different" | "same"): Promise<Set<string>> => {
      manualSeed(3);
      const all = await vmap((v: Tensor) => v.mul(rand([8])), { randomness })(x).array();
      return new Set((all as number[][]).map((row) => row.join()));
    };
    expect((await rows("different")).size).toBe(50);
    expect((await rows("same")).size).toBe(1);
    const kept = vmap((v: Tensor) => dropout(v, 0.5).sum())(ones([200, 100]));
    expect(await kept.mean().item()).toBeCloseTo(100, -1);
    const nested = vmap((v: Tensor) => vmap((u: Tensor) => u.add(rand([])))(v))(zeros([10, 10]));
    expect(new Set(await nested.data()).size).toBe(100);
    const loops = vmap((v: Tensor) => scan((c: Tensor, _: Tensor) => [c, rand([])], v, zeros([4]))[1])(zeros([5]));
    expect(new Set(await loops.data()).size).toBe(20);
  });

  it("goes through loops, with carries that differ only after a step", async () => {
    const [x, first] = [randn([3, 5, 2]), zeros([2])];
    const run = (xs: Tensor): [Tensor, { c: Tensor; count: Tensor }] =>
      scan((c: Tensor, v: Tensor) => { const next = c.mul(0.5).add(v).tanh(); return [next, { c, count: ones([2]) }]; }, first, xs);
    await expectClose(vmap(run)(x), looped(run, x));
    const loss = (xs: Tensor): Tensor => run(xs)[1].c.square().sum();
    await expectClose(vmap(grad(loss))(x), looped(grad(loss), x));
    await expectClose(grad((v: Tensor) => vmap(loss)(v).sum())(x), looped(grad(loss), x));
  });

  it("lets gradients through, and none where they are switched off", async () => {
    const [x, w] = [randn([3, 4]), randn([4])];
    const f = (v: Tensor, u: Tensor): Tensor => v.mul(u).sum().exp();
    const all = (v: Tensor, u: Tensor): Tensor => vmap(f, { inAxes: [0, null] })(v, u).sum();
    await expectClose(grad(all, { argnums: [0, 1] })(x, w), grad((v: Tensor, u: Tensor) => v.matmul(u).exp().sum(), { argnums: [0, 1] })(x, w));
    const half = (v: Tensor): Tensor => vmap((u: Tensor) => u.mul(noGrad(() => u.exp())).sum())(v).sum();
    await expectClose(grad(half)(x), x.exp());
    const leaf = tensor([1, 2]);
    leaf.requiresGrad = true;
    expect(vmap(grad((v: Tensor) => v.square().sum()))(x).requiresGrad).toBe(false);
    expect(vmap((v: Tensor) => v.mul(2))(leaf).requiresGrad).toBe(true);
    vmap((v: Tensor) => where(v.gt(1), v.mul(3), v))(leaf).sum().backward();
    expect(await leaf.grad?.array()).toEqual([1, 3]);
  });
});

describe("vmap(grad)", () => {
  const makers: Record<string, () => { model: nn.Module<Tensor, Tensor>; x: Tensor }> = {
    "an MLP": () => ({ model: new nn.Sequential(new nn.Linear(6, 8), new nn.Tanh(), new nn.Linear(8, 4)), x: randn([5, 6]) }),
    "a convolutional network": () => ({
      model: new nn.Sequential(new nn.Conv2d(2, 3, 3, { stride: 2, padding: 1 }), new nn.ReLU(), new nn.MaxPool2d(2), new nn.Flatten(), new nn.Linear(12, 4)),
      x: randn([5, 2, 8, 8]),
    }),
  };

  it.each(Object.entries(makers))("gives the gradient of each example: %s", async (_, make) => {
    manualSeed(7);
    const { model, x } = make();
    const target = tensor([0, 1, 2, 3, 1], { dtype: "int32" });
    const parameters = model.stateDict();
    const loss = (p: typeof parameters, v: Tensor, t: Tensor): Tensor => new nn.CrossEntropyLoss().forward(functionalCall(model, p, v.unsqueeze(0)), t.unsqueeze(0));
    const perExample = vmap(grad(loss), { inAxes: [null, 0, 0] });
    const expected = looped((v, t) => grad(loss)(parameters, v, t), x, target);
    await expectClose(perExample(parameters, x, target), expected);
    await expectClose(compile(() => perExample(parameters, x, target))(), expected);
  });

  it("runs many models at once", async () => {
    manualSeed(8);
    const models = [0, 1, 2].map(() => new nn.Sequential(new nn.Linear(4, 3), new nn.Tanh(), new nn.Linear(3, 2)));
    const [model] = models;
    if (!model) throw new RangeError("no model");
    const states = models.map((m) => m.stateDict());
    const all = Object.fromEntries(Object.keys(states[0] ?? {}).map((name) => [name, stack(states.flatMap((state) => state[name] ?? []))]));
    const x = randn([5, 4]);
    const outputs = vmap((p: typeof all) => functionalCall(model, p, x))(all);
    await expectClose(outputs, stack(models.map((m) => m.forward(x))));
  });
});
