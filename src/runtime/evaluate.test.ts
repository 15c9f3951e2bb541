import { describe, expect, it, vi } from "vitest";
import { ReferenceBackend } from "../backends/reference/reference-backend.js";
import type { Node } from "../ir/graph.js";
import { manualSeed, noGrad, Parameter, randn, registerBackend, setDefaultDevice, tensor, detectAnomaly, NonFiniteError, scope, type Tensor, compile, evaluatePending } from "../tensor/index.js";
import { SGD } from "../optim/index.js";
import { device } from "./devices.js";
import { evaluationLoads } from "./evaluate.js";

registerBackend("reference", () => new ReferenceBackend());
setDefaultDevice("reference");

/** How many nodes keep a tensor's history alive. */
function reachable(t: Tensor): number {
  const seen = new Set<Node>();
  const stack = [t.valueFor("test").node];
  for (let node = stack.pop(); node; node = stack.pop()) {
    if (seen.has(node)) continue;
    seen.add(node);
    for (const input of node.inputs) stack.push(input.node);
  }
  return seen.size;
}

describe("evaluation", () => {
  it("compiles nothing for a new learning rate", async () => {
    const w = new Parameter(tensor([1, 2]));
    const x = tensor([3, 4]);
    const step = (lr: number): Tensor => {
      const loss = w.mul(x).sum().square();
      loss.backward();
      noGrad(() => {
        if (w.grad) w.assign(w.sub(w.grad.mul(lr)));
      });
      w.grad = null;
      evaluatePending();
      return loss;
    };
    await step(0.01).item();
    await step(0.02).item();
    const before = evaluationLoads(device("reference"));
    for (let i = 3; i < 10; i++) await step(i / 100).item();
    expect(evaluationLoads(device("reference"))).toBe(before);
  });

  it("starts one program for a compiled step, whatever its learning rate", async () => {
    const backend = device("reference");
    const w = new Parameter(tensor([1, 2]));
    const optimizer = new SGD([w], { lr: 0.5 });
    const step = compile((x: Tensor) => {
      const loss = w.mul(x).sum();
      loss.backward();
      optimizer.step();
      optimizer.zeroGrad();
      return loss;
    });
    const x = tensor([3, 4]);
    const losses = [await step(x).item()];
    const submitted = vi.spyOn(backend, "submit");
    for (const lr of [0.25, 1, 0]) {
      optimizer.lr = lr;
      losses.push(await step(x).item());
    }
    expect(submitted).toHaveBeenCalledTimes(3);
    submitted.mockRestore();
    // Each step takes lr · |x|² = 25 lr from the sum.
    expect(losses).toEqual([11, -1.5, -7.75, -32.75]);
  });

  it("computes a loss with its gradients, once", async () => {
    const w = new Parameter(tensor([1, 2]));
    const loss = w.square().sum();
    loss.backward();
    evaluatePending();
    expect(loss.valueFor("test").storage).toBeDefined();
  });

  it("forgets the history of what is computed", async () => {
    const x = tensor([1, 2]);
    let state = x;
    for (let i = 0; i < 5; i++) {
      state = state.mul(0.7).add(1);
      await state.data();
    }
    expect(reachable(state)).toBe(1);
    const w = new Parameter(tensor([1, 2]));
    const loss = w.mul(x).sum();
    await loss.item();
    expect(reachable(loss)).toBeGreaterThan(1);
    loss.backward();
    await w.grad?.data();
    expect(reachable(loss)).toBe(1);
    const sorted = tensor([2, 1]).mul(3).sort();
    await sorted.values.data();
    expect(reachable(sorted.indices)).toBe(1);
    for (let i = 0; i < 5; i++) {
      w.mul(x).sum().backward();
      noGrad(() => w.grad && w.assign(w.sub(w.grad)));
      evaluatePending();
    }
    expect(reachable(w)).toBe(1);
  });

  it("draws weights at first use, from the key at construction", async () => {
    manualSeed(5);
    const a = new Parameter(randn([2]));
    const b = new Parameter(randn([2]));
    const late = [await b.data(), await a.data()];
    manualSeed(5);
    const first = await new Parameter(randn([2])).data();
    expect(late[1]).toEqual(first);
    expect(late[0]).not.toEqual(first);
    expect(await a.data()).toEqual(first);
  });

  it("names the operation that made a number that is not finite", () => {
    const x = tensor([1, 0]);
    expect(() => detectAnomaly(() => x.log().sum())).toThrow(NonFiniteError);
    expect(() => detectAnomaly(() => x.log().sum())).toThrow(/\[log\]/);
    const run = compile((v: Tensor) => v.log().mul(2));
    expect(() => detectAnomaly(() => run(x))).toThrow(/\[log\]/);
    expect(detectAnomaly(() => x.add(1).log()).dataSync()[1]).toBe(0);
  });

  it("gives memory back in scopes", async () => {
    const x = tensor([1, 2]);
    let inner: Tensor | undefined;
    const y = scope(() => {
      inner = tensor([5, 5]);
      return x.add(inner);
    });
    expect(await y.array()).toEqual([6, 7]);
    expect(inner?.isDisposed).toBe(true);
    expect(await x.array()).toEqual([1, 2]);
  });
});
