import { afterAll, describe, expect, it } from "vitest";
import { NativeBackend } from "../backends/native/native-backend.js";
import { isNativeAvailable } from "../backends/native/native-host.js";
import { nativeTarget } from "../backends/native/native-target.js";
import { renderKernel } from "../backends/native/render-c.js";
import { ReferenceBackend } from "../backends/reference/reference-backend.js";
import { createNodeWasm } from "../backends/wasm/wasm-node.js";
import { compileGraph } from "../../test/compile-graph.js";
import type { Step } from "../compiler/program.js";
import { topologicalOrder } from "../ir/graph.js";
import type { Backend } from "../runtime/backend.js";
import * as g from "./index.js";
import { scan, tensor, type Tensor } from "./index.js";

g.setDefaultDevice(new ReferenceBackend());

type Pair = readonly [Tensor, Tensor];

function numbers(shape: readonly number[], seed: number, dtype: "float32" | "float64" = "float64", scale = 1): Tensor {
  const size = shape.reduce((a, b) => a * b, 1);
  return tensor(Float64Array.from({ length: size }, (_, i) => scale * Math.sin(1.7 * i + seed)), { dtype }).reshape(shape);
}

/** The same loop without the operator. */
function unrolled<C, Y>(fn: (carry: C, x: Tensor) => readonly [C, Y], init: C, xs: Tensor, { reverse = false } = {}): [C, Y[]] {
  const length = xs.shape[0] ?? 0;
  const ys = new Array<Y>(length);
  let carry = init;
  for (let step = 0; step < length; step++) {
    const t = reverse ? length - 1 - step : step;
    [carry, ys[t]] = fn(carry, xs.at(t)) as [C, Y];
  }
  return [carry, ys];
}

function lstmCell(w: Tensor, b: Tensor) {
  return ([h, c]: Pair, x: Tensor): readonly [Pair, Tensor] => {
    const n = h.shape[1] ?? 0;
    const gates = x.add(h.matmul(w)).add(b);
    const gate = (k: number): Tensor => gates.at(":", `${k * n}:${(k + 1) * n}`);
    const next = gate(1).sigmoid().mul(c).add(gate(0).sigmoid().mul(gate(2).tanh()));
    const out = gate(3).sigmoid().mul(next.tanh());
    return [[out, next], out];
  };
}

type Network = (w: Tensor, b: Tensor, x: Tensor, h: Tensor, c: Tensor) => Tensor;

const networks = (options: { reverse?: boolean } = {}): { looped: Network; plain: Network } => ({
  looped: (w, b, x, h, c) => {
    const [[, last], hs] = scan(lstmCell(w, b), [h, c] as Pair, x, options);
    return hs.mul(hs).mean().add(last.sum());
  },
  plain: (w, b, x, h, c) => {
    const [[, last], list] = unrolled(lstmCell(w, b), [h, c] as Pair, x, options);
    const hs = g.stack(list);
    return hs.mul(hs).mean().add(last.sum());
  },
});

const all = [0, 1, 2, 3, 4] as const;

function arguments_(length: number, batch: number, hidden: number, dtype: "float32" | "float64"): [Tensor, Tensor, Tensor, Tensor, Tensor] {
  const scale = 1 / Math.sqrt(hidden);
  return [
    numbers([hidden, 4 * hidden], 1, dtype, scale),
    numbers([4 * hidden], 2, dtype),
    numbers([length, batch, 4 * hidden], 3, dtype),
    numbers([batch, hidden], 4, dtype),
    numbers([batch, hidden], 5, dtype),
  ];
}

function expectClose(got: readonly Tensor[], expected: readonly Tensor[], tolerance: number): void {
  expect(got.length).toBe(expected.length);
  got.forEach((x, k) => {
    const [a, b] = [x.dataSync(), Array.from(expected[k]?.dataSync() ?? [])];
    expect(x.shape).toEqual(expected[k]?.shape);
    const most = b.reduce((m, v) => Math.max(m, Math.abs(v)), 0);
    a.forEach((v, i) => expect(Math.abs(v - (b[i] ?? NaN)), `tensor ${k}, element ${i}: ${v}, ${b[i]}`).toBeLessThanOrEqual(tolerance * Math.max(1, most)));
  });
}

/** The square of the gradient, so that its gradient is of second order. */
function penalty(f: Network): Network {
  return (...args) => {
    const gradients = g.grad(f, { argnums: [0, 2, 3] })(...args);
    return gradients.map((x) => x.mul(x).sum()).reduce((a, x) => a.add(x));
  };
}

describe("scan", () => {
  it("carries and stacks", () => {
    const [last, sums] = scan((c: Tensor, x: Tensor) => [c.add(x), c.mul(x)], tensor(1), tensor([1, 2, 3]));
    expect(last.itemSync()).toBe(7);
    expect(sums.arraySync()).toEqual([1, 4, 12]);
    const [first, back] = scan((c: Tensor, x: Tensor) => [c.add(x), c], tensor(1), tensor([1, 2, 3]), { reverse: true });
    expect(first.itemSync()).toBe(7);
    expect(back.arraySync()).toEqual([6, 4, 1]);
  });

  it("takes trees and gives trees", () => {
    const [carry, ys] = scan(
      ({ a, b }, [x, { y }]) => [{ a: a.add(x), b: [b[0].mul(y)] as const }, { sum: a.add(y), parts: [x, b[0]], name: "step" }] as const,
      { a: tensor([1, 1]), b: [tensor(2)] as const },
      [tensor([[1, 2], [3, 4]]), { y: tensor([1, 2]) }] as const,
    );
    expect(carry.a.arraySync()).toEqual([5, 7]);
    expect(carry.b[0].itemSync()).toBe(4);
    expect(ys.sum.arraySync()).toEqual([[2, 2], [4, 5]]);
    expect(ys.parts.map((t) => t.arraySync())).toEqual([[[1, 2], [3, 4]], [2, 2]]);
    expect(ys.name).toBe("step");
  });

  it("runs a number of times without xs", () => {
    const [[last], ys] = scan(([a, b]: Pair) => [[b, a.add(b)] as Pair, a], [tensor(0), tensor(1)] as Pair, undefined, { length: 10 });
    expect(last.itemSync()).toBe(55);
    expect(ys.arraySync()).toEqual([0, 1, 1, 2, 3, 5, 8, 13, 21, 34]);
    const [carry] = scan((c: Tensor) => [c.mul(2), undefined], tensor(1), null, { length: 5 });
    expect(carry.itemSync()).toBe(32);
  });

  it("gives back init and nothing stacked without steps", () => {
    const [last, ys] = scan((c: Tensor, x: Tensor) => [c.add(x), c.mul(x).sum()], tensor([1, 2]), g.zeros([0, 2]));
    expect(last.arraySync()).toEqual([1, 2]);
    expect(ys.shape).toEqual([0]);
    const slope = g.grad((c: Tensor) => scan((a: Tensor, x: Tensor) => [a.mul(x), a], c, g.zeros([0, 2]))[0].sum())(tensor([1, 2]));
    expect(slope.arraySync()).toEqual([1, 1]);
  });

  it("draws other numbers in each step, and the same with the same seed", () => {
    const draw = (): number[] => {
      g.manualSeed(7);
      const [, ys] = scan((c: Tensor) => [c, g.rand([2]).add(g.rand([2]).mul(10))], tensor(0), null, { length: 50 });
      return [...ys.dataSync()];
    };
    const once = draw();
    expect(new Set(once).size).toBe(100);
    expect(draw()).toEqual(once);
    const compiled = g.compile(() => scan((c: Tensor) => [c, g.rand([2]).add(g.rand([2]).mul(10))], tensor(0), null, { length: 50 })[1]);
    g.manualSeed(7);
    expect([...compiled().dataSync()]).toEqual(once);
    expect([...compiled().dataSync()]).not.toEqual(once);
    const [, inner] = scan((c: Tensor) => scan((d: Tensor) => [d, g.rand([])], c, null, { length: 3 }), tensor(0), null, { length: 4 });
    expect(new Set(inner.dataSync()).size).toBe(12);
  });

  it("traces the function once", () => {
    let calls = 0;
    const count = (c: Tensor, x: Tensor): [Tensor, Tensor] => {
      calls++;
      return [c.add(x), x];
    };
    scan(count, tensor(0), g.ones([1000]));
    expect(calls).toBe(1);
  });

  it("computes at once what depends on slices only", () => {
    const [w, u] = [numbers([3, 4], 1), numbers([4, 4], 2)];
    const step = (h: Tensor, x: Tensor): [Tensor, [Tensor, Tensor]] => {
      const next = x.matmul(w).add(h.matmul(u)).tanh();
      return [next, [next, x.matmul(w).exp()]];
    };
    const f = (x: Tensor): Tensor => scan(step, x.at(0).matmul(w), x)[1].reduce((a, b) => a.mul(b)).sum();
    const plain = (x: Tensor): Tensor => {
      const [, ys] = unrolled(step, x.at(0).matmul(w), x);
      return ys.map(([a, b]) => a.mul(b).sum()).reduce((a, b) => a.add(b));
    };
    const x = numbers([5, 2, 3], 3);
    expectClose([f(x), g.grad(f)(x)], [plain(x), g.grad(plain)(x)], 1e-12);
    const loops = topologicalOrder(g.trace(f, x).outputs).flatMap(({ op, attrs }) => (op.lower.kind === "scan" ? [op.lower.loop(attrs)] : []));
    expect(loops.map(({ body }) => topologicalOrder(body.outputs).filter(({ op }) => op.name === "dot").length)).toEqual([1]);
    expect(loops.map(({ body }) => body.outputs.length)).toEqual([2]);
  });

  it("says what is wrong", () => {
    const add = (c: Tensor, x: Tensor): [Tensor, Tensor] => [c.add(x), x];
    expect(() => scan(add, tensor([0, 0]), g.zeros([3, 2, 2]))).toThrow(g.ShapeError);
    expect(() => scan((c: Tensor, x: Tensor) => [c.add(x).astype("int32"), x], tensor(0), g.zeros([3]))).toThrow(g.DTypeError);
    expect(() => scan((c: Tensor, [x, y]: [Tensor, Tensor]) => [c.add(x), y], tensor(0), [g.zeros([3]), g.zeros([4])] as [Tensor, Tensor])).toThrow(/4 steps/);
    expect(() => scan(add, tensor(0), g.zeros([3]), { length: 4 })).toThrow(g.ShapeError);
    expect(() => scan(add, tensor(0), tensor(1))).toThrow(/scalar/);
    expect(() => scan((c: Tensor) => [c, undefined], tensor(0), undefined)).toThrow(/pass \{ length \}/);
    expect(() => scan((c: Tensor) => [c, undefined], tensor(0), undefined, { length: 1.5 })).toThrow(g.ArgumentError);
    expect(() => scan((c) => [{ b: c.a }, undefined] as never, { a: tensor(0) }, undefined, { length: 1 })).toThrow(g.ArgumentError);
    expect(() => scan(((c: Tensor) => c) as never, tensor(0), undefined, { length: 1 })).toThrow(/\[carry, y\]/);
    expect(() => scan((c: Tensor) => [c.add(c.itemSync()), undefined], tensor(0), undefined, { length: 1 })).toThrow(g.TraceError);
    const state = new g.Buffer(tensor(0));
    const writes = (c: Tensor): [Tensor, undefined] => {
      state.assign(c);
      return [c, undefined];
    };
    expect(() => scan(writes, tensor(0), undefined, { length: 1 })).toThrow(g.TraceError);
  });

  it("lets no gradient through what is computed without one", () => {
    const f = (x: Tensor): Tensor => scan((c: Tensor, v: Tensor) => [c.add(v.mul(g.noGrad(() => v.mul(c)))), v], tensor(1), x)[0];
    const plain = (x: Tensor): Tensor => unrolled((c: Tensor, v: Tensor) => [c.add(v.mul(v.mul(c).detach())), v], tensor(1), x)[0];
    expectClose([g.grad(f)(tensor([2, 3, 4]))], [g.grad(plain)(tensor([2, 3, 4]))], 1e-12);
  });

  it("differentiates inside and outside", () => {
    const inner = (c: Tensor, x: Tensor): readonly [Tensor, Tensor] => {
      const slope = g.grad((v: Tensor) => v.mul(v).mul(x).sum())(c);
      return [slope.sin(), slope];
    };
    const looped = (x: Tensor): Tensor => scan(inner, tensor([0.3, 0.4], { dtype: "float64" }), x)[1].sum();
    const plain = (x: Tensor): Tensor => g.stack(unrolled(inner, tensor([0.3, 0.4], { dtype: "float64" }), x)[1]).sum();
    const x = numbers([4, 2], 1);
    expectClose([looped(x), g.grad(looped)(x)], [plain(x), g.grad(plain)(x)], 1e-12);
  });

  it("differentiates a loop in a loop", () => {
    const rows = (w: Tensor) => (c: Tensor, x: Tensor): readonly [Tensor, Tensor] => {
      const [last, ys] = scan((d: Tensor, v: Tensor) => [d.mul(w).add(v).tanh(), d.mul(v)], c, x, { reverse: true });
      return [last, ys.sum()];
    };
    const plainRows = (w: Tensor) => (c: Tensor, x: Tensor): readonly [Tensor, Tensor] => {
      const [last, ys] = unrolled((d: Tensor, v: Tensor) => [d.mul(w).add(v).tanh(), d.mul(v)], c, x, { reverse: true });
      return [last, g.stack(ys).sum()];
    };
    const looped = (w: Tensor, x: Tensor): Tensor => scan(rows(w), x.at(0, 0), x)[1].sum();
    const plain = (w: Tensor, x: Tensor): Tensor => g.stack(unrolled(plainRows(w), x.at(0, 0), x)[1]).sum();
    const args = [numbers([3], 2), numbers([4, 2, 3], 3)] as const;
    const both = (f: typeof looped): readonly Tensor[] => g.grad((w: Tensor, x: Tensor) => {
      const [a, b] = g.grad(f, { argnums: [0, 1] })(w, x);
      return a.mul(a).sum().add(b.mul(b).sum());
    }, { argnums: [0, 1] })(...args);
    expectClose([looped(...args), ...both(looped)], [plain(...args), ...both(plain)], 1e-12);
  });

  it("gives parameters and arguments their gradients by backward()", () => {
    const [w, b] = [new g.Parameter(numbers([3, 12], 1, "float32")), new g.Parameter(numbers([12], 2, "float32"))];
    const [, , x, h, c] = arguments_(4, 2, 3, "float32");
    const run = (f: Network): Tensor[] => {
      w.grad = null;
      b.grad = null;
      const loss = f(w, b, x, h, c);
      loss.backward();
      return [loss, w.grad, b.grad].flatMap((t) => t ?? []).map((t) => tensor(t.dataSync()));
    };
    const { looped, plain } = networks();
    expectClose(run(looped), run(plain), 1e-6);
    const step = g.compile(() => {
      w.grad = null;
      const loss = looped(w, b, x, h, c);
      loss.backward();
      return loss;
    });
    const expected = run(plain);
    step();
    if (!w.grad || !expected[1]) throw new Error("no gradient");
    expectClose([w.grad.reshape([36])], [expected[1]], 1e-6);
  });

  for (const length of [1, 2, 5]) {
    for (const reverse of [false, true]) {
      it(`is differentiable twice: LSTM of ${length} steps${reverse ? " in reverse" : ""}`, () => {
        const args = arguments_(length, 2, 3, "float64");
        const { looped, plain } = networks({ reverse });
        const first = (f: Network): Tensor[] => g.valueAndGrad(f, { argnums: all })(...args).flat();
        expectClose(first(looped), first(plain), 1e-12);
        const second = (f: Network): Tensor[] => [...g.grad(penalty(f), { argnums: all })(...args)];
        expectClose(second(looped), second(plain), 1e-11);
      });
    }
  }
});

describe("a compiled scan", () => {
  const makers: (readonly [string, (threads: number) => Backend])[] = [["wasm", (threads) => createNodeWasm({ threads })]];
  if (isNativeAvailable()) makers.push(["native", (threads) => new NativeBackend({ threads })]);
  const open: Backend[] = [];
  afterAll(async () => {
    for (const backend of open) await backend.close();
  });

  /** Loss and gradients on a device. */
  function run(make: (threads: number) => Backend, threads: number, f: Network, length: number): Tensor[] {
    const backend = make(threads);
    open.push(backend);
    const before = g.getDefaultDevice();
    g.setDefaultDevice(backend);
    try {
      const results = g.compile(g.valueAndGrad(f, { argnums: all }))(...arguments_(length, 5, 20, "float32")).flat();
      return results.map((t) => tensor(t.dataSync(), { device: before }).reshape(t.shape));
    } finally {
      g.setDefaultDevice(before);
    }
  }

  for (const [name, make] of makers) {
    it(`agrees with the unrolled loop on ${name}, whatever the threads`, () => {
      for (const length of [6, 7]) {
        const { looped, plain } = networks({ reverse: length === 7 });
        const two = run(make, 2, looped, length);
        expectClose(two, run(make, 2, plain, length), 2e-6);
        run(make, 1, looped, length).forEach((t, k) => expect(t.dataSync(), `tensor ${k}`).toEqual(two[k]?.dataSync()));
      }
    });
  }

  it("is a loop, whose size does not depend on the number of steps", () => {
    const sizes = [64, 1024].map((length) => {
      const graph = g.trace(g.valueAndGrad(networks().looped, { argnums: all }), ...arguments_(length, 5, 20, "float32"));
      const program = compileGraph(graph, nativeTarget());
      const count = (steps: readonly Step[]): number => steps.reduce((sum, step) => sum + 1 + (step.kind === "loop" ? count(step.body) : 0), 0);
      const text = program.kernels.map((kernel) => Object.values(renderKernel(kernel)).join("\n").replace(/\d+/g, "0").length);
      return { kernels: program.kernels.length, steps: count(program.steps), text: text.reduce((sum, n) => sum + n, 0) };
    });
    const [short, long] = sizes;
    // The sums over all steps that stand outside the loop are divided among more threads where they are longer.
    expect(long?.kernels).toBeLessThanOrEqual((short?.kernels ?? 0) + 2);
    expect(long?.steps).toBeLessThanOrEqual((short?.steps ?? 0) + 2);
    expect(long?.text).toBeLessThan(1.2 * (short?.text ?? 0));
  });
});
