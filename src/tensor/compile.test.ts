import { describe, expect, it } from "vitest";
import { ReferenceBackend } from "../backends/reference/reference-backend.js";
import type { Executable } from "../runtime/backend.js";
import { modeChanged, readMode } from "../runtime/modes.js";
import { Buffer, compile, dropout, evaluatePending, grad, manualSeed, noGrad, Parameter, rand, randn, registerBackend, scope, setDefaultDevice, tensor, trace, TraceError, zeros, type Graph, type Tensor } from "./index.js";

/** Overwrites what it is allowed to: results are complete before they are stored. */
class OverwritingBackend extends ReferenceBackend {
  override load(graph: Graph): Executable {
    return { ...super.load(graph), inPlace: graph.donate ?? graph.outputs.map(() => -1) };
  }
}

registerBackend("reference", () => new OverwritingBackend());
setDefaultDevice("reference");

class Sgd {
  readonly momentum: Buffer[];
  readonly lr = new Buffer(tensor(0.01));
  readonly steps = new Buffer(tensor(0));
  readonly parameters: Parameter[];
  constructor(parameters: Parameter[]) {
    this.parameters = parameters;
    this.momentum = parameters.map((p) => new Buffer(zeros(p.shape)));
  }
  step(): void {
    noGrad(() => {
      this.steps.assign(this.steps.add(1));
      this.parameters.forEach((p, i) => {
        const m = this.momentum[i];
        const g = p.grad;
        if (!g || !m) return;
        m.assign(m.mul(0.9).add(g));
        p.assign(p.sub(m.mul(this.lr)));
      });
    });
    evaluatePending();
  }
  zeroGrad(): void {
    for (const p of this.parameters) p.grad = null;
  }
}

function model() {
  manualSeed(7);
  const w1 = new Parameter(randn([4, 8]));
  const w2 = new Parameter(randn([8, 1]));
  const optimizer = new Sgd([w1, w2]);
  const step = (x: Tensor, y: Tensor): Tensor => {
    const hidden = dropout(x.matmul(w1).relu(), 0.5);
    const loss = hidden.matmul(w2).sub(y).square().mean();
    loss.backward();
    optimizer.step();
    optimizer.zeroGrad();
    return loss;
  };
  return { w1, w2, optimizer, step };
}

const x = tensor([[1, 2, 3, 4], [0, -1, 1, 2]]);
const y = tensor([[1], [0]]);

describe("compile", () => {
  it("gives the numbers of plain calls, dropout and optimizer state included", async () => {
    const plain = model();
    const expected: number[] = [];
    for (let i = 0; i < 5; i++) expected.push(await plain.step(x, y).item());
    const compiled = model();
    const step = compile(compiled.step);
    const losses: number[] = [];
    for (let i = 0; i < 5; i++) losses.push(await step(x, y).item());
    losses.forEach((loss, i) => expect(loss).toBeCloseTo(expected[i] ?? NaN, 5));
    expect(losses[4]).not.toBe(losses[0]);
    const weights = await plain.w1.data();
    (await compiled.w1.data()).forEach((w, i) => expect(w).toBeCloseTo(weights[i] ?? NaN, 5));
    expect(await compiled.optimizer.steps.item()).toBe(5);
    expect(step.programCount).toBe(1);
    expect(compiled.w1.grad).toBeNull();
  });

  it("overwrites unseen state in place, and never what a handle has seen", async () => {
    const { w1, step } = model();
    const run = compile(step);
    run(x, y);
    run(x, y);
    const storage = w1.cell?.storage;
    run(x, y);
    expect(w1.cell?.storage).toBe(storage);
    const handle = w1.detach();
    const before = await handle.data();
    run(x, y);
    expect(w1.cell?.storage).not.toBe(storage);
    expect(await handle.data()).toEqual(before);
  });

  it("leaves gradients that are set, adds to those that exist and clears those that are null", async () => {
    const w = new Parameter(tensor([1, 2]));
    const run = compile((input: Tensor) => {
      const loss = w.mul(input).sum();
      loss.backward();
      return loss;
    });
    const input = tensor([3, 4]);
    expect(await run(input).item()).toBe(11);
    expect(await w.grad?.array()).toEqual([3, 4]);
    run(input);
    expect(await w.grad?.array()).toEqual([6, 8]);
    run(input);
    expect(run.programCount).toBe(2);
    const clear = compile(() => {
      w.grad = null;
      return w.sum();
    });
    clear();
    expect(w.grad).toBeNull();
  });

  it("accumulates into arguments that want gradients", async () => {
    const run = compile((v: Tensor) => {
      v.square().sum().backward();
      return v.sum();
    });
    const a = tensor([1, 2], { requiresGrad: true });
    run(a);
    run(a);
    expect(await a.grad?.array()).toEqual([4, 8]);
    const b = tensor([5, 6], { requiresGrad: true });
    run(b);
    expect(await b.grad?.array()).toEqual([10, 12]);
  });

  it("traces again for new shapes, other values and modes that were read", async () => {
    const layer = {
      mode: true,
      get training() {
        return readMode(this, "mode", this.mode);
      },
      set training(on: boolean) {
        this.mode = on;
        modeChanged();
      },
    };
    let traces = 0;
    const run = compile((v: Tensor, scale: number) => {
      traces++;
      return layer.training ? v.mul(scale) : v;
    });
    expect(await run(tensor([1, 2]), 3).array()).toEqual([3, 6]);
    run(tensor([1, 2]), 3);
    expect(traces).toBe(1);
    expect(await run(tensor([1, 2]), 4).array()).toEqual([4, 8]);
    expect(await run(tensor([1]), 3).array()).toEqual([3]);
    expect(traces).toBe(3);
    layer.training = false;
    expect(await run(tensor([1, 2]), 3).array()).toEqual([1, 2]);
    expect(traces).toBe(4);
    layer.training = true;
    expect(await run(tensor([1, 2]), 3).array()).toEqual([3, 6]);
    expect(traces).toBe(4);
  });

  it("draws the random numbers of plain calls", async () => {
    manualSeed(3);
    const plain = [rand([3]), rand([3]), rand([3]), rand([3])];
    const numbers = await Promise.all(plain.map((t) => t.data()));
    manualSeed(3);
    const run = compile(() => [rand([3]), rand([3])]);
    const drawn = [...run(), ...run()];
    expect(await Promise.all(drawn.map((t) => t.data()))).toEqual(numbers);
  });

  it("refuses to read, to wait and to leak", async () => {
    const a = tensor([1, 2]);
    expect(() => compile((v: Tensor) => tensor(v.sum().itemSync()))(a)).toThrow(TraceError);
    expect(() => compile(async (v: Tensor) => v)(a)).toThrow(TraceError);
    let leaked: Tensor | undefined;
    compile((v: Tensor) => {
      leaked = v.mul(2);
      return v;
    })(a);
    await expect(leaked?.add(1).data()).rejects.toThrow(TraceError);
    expect(() => compile((v: Tensor) => v.add(leaked ?? 0))(a)).toThrow(TraceError);
  });

  it("takes outer tensors, lazy ones too, and hands results back in their places", async () => {
    const outer = tensor([1, 2]).mul(10);
    const run = compile(({ v }: { v: Tensor }) => ({ sum: v.add(outer), same: v, list: [v.mul(0), 5] as const }));
    const result = run({ v: tensor([1, 1]) });
    expect(await result.sum.array()).toEqual([11, 21]);
    expect(await result.same.array()).toEqual([1, 1]);
    expect(result.list[1]).toBe(5);
  });

  it("keeps apart cells that exchange their versions", async () => {
    const a = new Buffer(tensor([1]));
    const b = new Buffer(tensor([2]));
    const swap = compile(() => {
      const [va, vb] = [a.detach(), b.detach()];
      a.assign(vb);
      b.assign(va.add(10));
      return a.add(b);
    });
    expect(await swap().item()).toBe(13);
    expect(await swap().item()).toBe(23);
    expect([await a.item(), await b.item()]).toEqual([11, 12]);
  });

  it("accumulates into outer leaves, and works inside scopes and with scopes inside", async () => {
    const outer = tensor([1, 2], { requiresGrad: true });
    const run = compile((v: Tensor) => scope(() => {
      const loss = outer.mul(v).sum();
      loss.backward();
      return loss;
    }));
    expect(await scope(() => run(tensor([3, 4]))).item()).toBe(11);
    run(tensor([1, 1]));
    expect(await outer.grad?.array()).toEqual([4, 5]);
  });

  it("runs anew the creation of state in the function", async () => {
    let kept: Buffer | undefined;
    const run = compile((v: Tensor) => {
      kept = new Buffer(zeros([2]));
      kept.assign(kept.add(v));
      return kept.mul(2);
    });
    expect(await run(tensor([1, 2])).array()).toEqual([2, 4]);
    expect(await run(tensor([1, 3])).array()).toEqual([2, 6]);
    expect(await kept?.array()).toEqual([1, 3]);
  });

  it("leaves state as it was when the function throws", async () => {
    const state = new Buffer(tensor([1]));
    const run = compile((fail: boolean) => {
      state.assign(state.add(1));
      if (fail) throw new RangeError("no");
      return state.mul(1);
    });
    expect(() => run(true)).toThrow(RangeError);
    expect(await state.item()).toBe(1);
    expect(await run(false).item()).toBe(2);
    expect(await state.item()).toBe(2);
  });

  it("is differentiated inside, to second order", async () => {
    const second = compile((v: Tensor) => grad((a: Tensor) => grad((b: Tensor) => b.pow(3).sum())(a).sum())(v));
    expect(await second(tensor([2, -1])).array()).toEqual([12, -6]);
  });

  it("is part of the trace around it", async () => {
    const inner = compile((v: Tensor) => v.mul(2));
    expect(await compile((v: Tensor) => inner(v).add(1))(tensor([1])).array()).toEqual([3]);
    expect(inner.programCount).toBe(0);
  });
});

describe("trace", () => {
  it("gives a closed graph and computes nothing", () => {
    const w = new Parameter(tensor([1, 2]));
    const graph = trace((v: Tensor) => v.mul(w).sum(), tensor([3, 4]));
    expect(graph.inputs).toHaveLength(2);
    expect(graph.outputs[0]?.shape).toEqual([]);
  });
});
