import { describe, expect, expectTypeOf, it } from "vitest";
import { expectClose, useReference } from "../../test/values.js";
import {
  ArgumentError,
  compile,
  evaluate,
  grad,
  manualSeed,
  noGrad,
  Parameter,
  ShapeError,
  StateTensor,
  tensor,
  zeros,
  Buffer,
  type Tensor,
} from "../tensor/index.js";
import * as nn from "./index.js";
import { StateDictError } from "../tensor/state-dict.js";

useReference();

class Net extends nn.Module<Tensor, Tensor> {
  fc1 = new nn.Linear(3, 4);
  drop = new nn.Dropout(0.5);
  fc2 = new nn.Linear(4, 2);
  forward(x: Tensor): Tensor {
    return this.fc2.forward(this.drop.forward(this.fc1.forward(x).relu()));
  }
}

class Counting extends nn.Module<Tensor, Tensor> {
  runningMean = new Buffer(zeros([2]));
  seen: Buffer = this.registerBuffer("seen", zeros([]), { persistent: false });
  inWeight = new Parameter(tensor([2, 3]));
  branches = [new nn.Linear(2, 1), new nn.Linear(2, 1)];
  shared = this.inWeight;
  note = { text: "kept" };
  forward(x: Tensor): Tensor {
    return x.mul(this.inWeight).add(this.runningMean);
  }
}

class TwoInputs extends nn.Module<[a: Tensor, b: Tensor], { sum: Tensor; product: Tensor }> {
  forward(a: Tensor, b: Tensor): { sum: Tensor; product: Tensor } {
    return { sum: a.add(b), product: a.mul(b) };
  }
}

describe("the tree", () => {
  it("names parameters, buffers and modules as PyTorch does", () => {
    const net = new Net();
    expect(net.namedParameters().map(([name]) => name)).toEqual(["fc1.weight", "fc1.bias", "fc2.weight", "fc2.bias"]);
    expect(net.namedModules().map(([name]) => name)).toEqual(["", "fc1", "drop", "fc2"]);
    expect(net.namedChildren().map(([name]) => name)).toEqual(["fc1", "drop", "fc2"]);
    expect(net.children()).toHaveLength(3);
    const counting = new Counting();
    expect(counting.namedBuffers().map(([name]) => name)).toEqual(["running_mean", "seen"]);
    expect(counting.buffers()).toHaveLength(2);
    expect(counting.namedParameters().map(([name]) => name)).toEqual([
      "in_weight",
      "branches.0.weight",
      "branches.0.bias",
      "branches.1.weight",
      "branches.1.bias",
    ]);
    expect(Object.keys(counting.stateDict())).not.toContain("seen");
  });

  it("writes camelCase fields as PyTorch does, and leaves other names alone", () => {
    const names = { runningMean: "running_mean", weightIhL0: "weight_ih_l0", fc1: "fc1", conv2dA: "conv2d_a", LayerNorm: "LayerNorm", c_attn: "c_attn" };
    for (const [field, name] of Object.entries(names)) expect(new Net().stateName(field)).toBe(name);
    const given = new nn.Sequential({ lastLayer: new nn.Linear(1, 1, { bias: false }) });
    expect(Object.keys(given.stateDict())).toEqual(["lastLayer.weight"]);
  });

  it("counts weights without making them", () => {
    const net = new nn.Linear(50_000, 50_000);
    expect(net.parameters().reduce((sum, p) => sum + p.size, 0)).toBe(2_500_050_000);
  });

  it("has its weights fixed at construction, whenever they are drawn", async () => {
    manualSeed(5);
    const first = new Net();
    const second = new Net();
    manualSeed(5);
    const again = new Net();
    await second.fc1.weight.array();
    const values = await first.fc1.weight.array();
    expect(await again.fc1.weight.array()).toEqual(values);
    expect(await second.fc1.weight.array()).not.toEqual(values);
  });

  it("shows itself", () => {
    expect(new Net().toString()).toBe(
      "Net(\n  (fc1): Linear(3, 4)\n  (drop): Dropout(p: 0.5)\n  (fc2): Linear(4, 2)\n)",
    );
    expect(new nn.Sequential(new nn.ReLU()).toString()).toBe("Sequential(\n  (0): ReLU()\n)");
  });

  it("applies a function, inner modules first", () => {
    const names: string[] = [];
    new Net().apply((module) => names.push(module.constructor.name));
    expect(names).toEqual(["Linear", "Dropout", "Linear", "Net"]);
  });
});

describe("types", () => {
  it("follow from the class", () => {
    const net = new Net();
    const two = new TwoInputs();
    expectTypeOf(net.forward).parameters.toEqualTypeOf<[x: Tensor]>();
    expectTypeOf(two.forward(tensor(1), tensor(2)).product).toEqualTypeOf<Tensor>();
    expectTypeOf(nn.functionalCall(two, {}, tensor(1), tensor(2)).sum).toEqualTypeOf<Tensor>();
    expectTypeOf(new nn.ModuleList([new nn.Linear(1, 1)]).at(0)).toEqualTypeOf<nn.Linear>();
    expectTypeOf(net.clone()).toEqualTypeOf<Net>();
  });
});

describe("modes", () => {
  it("reach every module, and compiled functions", async () => {
    const net = new Net();
    expect(net.training).toBe(true);
    expect(net.eval().drop.training).toBe(false);
    const x = tensor([[1, 2, 3]]);
    const run = compile((input: Tensor) => net.forward(input));
    const expected = await net.forward(x).array();
    expect(await run(x).array()).toEqual(expected);
    await run(x).array();
    expect(run.programCount).toBe(1);
    net.train();
    run(x);
    expect(run.programCount).toBe(2);
    net.eval();
    expect(await run(x).array()).toEqual(expected);
    expect(run.programCount).toBe(2);
  });
});

describe("hooks", () => {
  it("see every call, inside and out, and can be taken back", async () => {
    const net = new Net().eval();
    const seen: string[] = [];
    const handles = net.namedModules().map(([name, module]) =>
      module.registerForwardHook((_, inputs, output) => {
        seen.push(`${name}:${inputs.length}:${output === undefined}`);
      }),
    );
    await net.forward(zeros([1, 3])).array();
    expect(seen).toEqual(["fc1:1:false", "drop:1:false", "fc2:1:false", ":1:false"]);
    for (const handle of handles) handle.remove();
    net.forward(zeros([1, 3]));
    expect(seen).toHaveLength(4);
  });

  it("replace inputs and outputs, also in compiled functions", async () => {
    const layer = new nn.Identity();
    const run = compile((x: Tensor) => layer.forward(x));
    await expectClose(run(tensor([1])), [1]);
    const before = layer.registerForwardPreHook((_, [x]) => [x.mul(10)]);
    const double = (_: nn.AnyModule, __: readonly unknown[], output: Tensor): Tensor => output.mul(2);
    const after = layer.registerForwardHook(double);
    const twice = layer.registerForwardHook(double);
    await expectClose(run(tensor([1])), [40]);
    before.remove();
    twice.remove();
    await expectClose(run(tensor([1])), [2]);
    after.remove();
    await expectClose(run(tensor([1])), [1]);
  });

  it("see a call through super", async () => {
    class Doubled extends nn.Linear {
      override forward(x: Tensor): Tensor {
        return super.forward(x).mul(2);
      }
    }
    const layer = new Doubled(1, 1, { bias: false });
    layer.weight.assign(tensor([[3]]));
    let calls = 0;
    layer.registerForwardHook(() => {
      calls++;
    });
    await expectClose(layer.forward(tensor([[1]])), [[6]]);
    expect(calls).toBe(1);
  });
});

describe("state", () => {
  it("goes out and comes in by name", async () => {
    const [a, b] = [new Net(), new Net()];
    const state = a.stateDict();
    expect(Object.keys(state)).toEqual(["fc1.weight", "fc1.bias", "fc2.weight", "fc2.bias"]);
    expect(b.loadStateDict(state)).toEqual({ missing: [], unexpected: [] });
    expect(await b.fc2.weight.array()).toEqual(await a.fc2.weight.array());
    a.fc1.bias?.assign(tensor([1, 1, 1, 1]));
    expect(await b.fc1.bias?.array()).not.toEqual([1, 1, 1, 1]);
    expect(await state["fc1.bias"]?.array()).toEqual(await b.fc1.bias?.array());
  });

  it("reports everything that does not fit, and changes nothing", async () => {
    const net = new Net();
    const before = await net.fc1.weight.array();
    const { "fc2.bias": _, ...rest } = net.stateDict();
    const wrong = { ...rest, "fc1.weight": zeros([4, 3]), "fc1.bias": zeros([5]), extra: zeros([1]) };
    expect(() => net.loadStateDict(wrong)).toThrow(StateDictError);
    expect(() => net.loadStateDict(wrong)).toThrow(
      "missing: fc2.bias; unexpected: extra; other shapes: fc1.bias is [5] and should be [4]",
    );
    expect(() => net.loadStateDict(wrong, { strict: false })).toThrow(StateDictError);
    expect(await net.fc1.weight.array()).toEqual(before);
    const { "fc1.bias": __, ...fitting } = wrong;
    expect(net.loadStateDict(fitting, { strict: false })).toEqual({
      missing: ["fc1.bias", "fc2.bias"],
      unexpected: ["extra"],
    });
    await expectClose(net.fc1.weight.sum(), 0);
  });

  it("converts to the dtype of its place", async () => {
    const layer = new nn.Linear(1, 1);
    layer.loadStateDict({ weight: tensor([[2]], { dtype: "float16" }), bias: tensor([1], { dtype: "int32" }) });
    expect(layer.weight.dtype).toBe("float32");
    await expectClose(layer.forward(tensor([[3]])), [[7]]);
  });
});

describe("copies", () => {
  it("have state of their own, keep what is shared shared, and names", async () => {
    const original = new Counting();
    original.branches[0]?.weight.assign(tensor([[1, 2]]));
    original.inWeight.requiresGrad = false;
    original.eval();
    const copy = original.clone();
    expect(copy).toBeInstanceOf(Counting);
    expect(copy.training).toBe(false);
    expect(copy.shared).toBe(copy.inWeight);
    expect(copy.inWeight).not.toBe(original.inWeight);
    expect(copy.inWeight.requiresGrad).toBe(false);
    expect(copy.note).toBe(original.note);
    expect(Object.keys(copy.stateDict())).toEqual(Object.keys(original.stateDict()));
    await expectClose(copy.branches[0]?.weight ?? zeros([]), [[1, 2]]);
    copy.inWeight.assign(tensor([7, 7]));
    await expectClose(original.inWeight, [2, 3]);
    await expectClose(copy.forward(tensor([1, 1])), [7, 7]);
    let calls = 0;
    copy.registerForwardHook(() => {
      calls++;
    });
    original.forward(tensor([1, 1]));
    expect(calls).toBe(0);
  });
});

describe("functionalCall", () => {
  const layer = new nn.Linear(2, 1);

  it("computes with other parameters, differentiably, and puts its own back", async () => {
    const { weight, bias } = layer;
    const parameters = { weight: tensor([[2, 3]]), bias: tensor([1]) };
    const loss = (p: { weight: Tensor; bias: Tensor }): Tensor => nn.functionalCall(layer, p, tensor([[1, 10]])).sum();
    await expectClose(loss(parameters), 33);
    const gradients = grad(loss)(parameters);
    await expectClose(gradients.weight, [[1, 10]]);
    await expectClose(gradients.bias, [1]);
    expect(layer.weight).toBe(weight);
    expect(layer.bias).toBe(bias);
    expect(weight.grad).toBeNull();
  });

  it("replaces what is shared everywhere, restores after an error, and refuses what does not fit", async () => {
    const counting = new Counting();
    await expectClose(nn.functionalCall(counting, { in_weight: tensor([5, 5]) }, tensor([1, 1])), [5, 5]);
    expect(counting.shared).toBe(counting.inWeight);
    expect(() => nn.functionalCall(layer, { weight: zeros([1, 2]) }, zeros([1, 7]))).toThrow(ShapeError);
    expect(layer.weight).toBeInstanceOf(StateTensor);
    expect(() => nn.functionalCall(layer, { weights: zeros([1, 2]) }, zeros([1, 2]))).toThrow(ArgumentError);
    expect(() => nn.functionalCall(layer, { weight: zeros([2, 1]) }, zeros([1, 2]))).toThrow(ShapeError);
  });
});

describe("gradients", () => {
  it("are forgotten and refused", async () => {
    const net = new Net();
    await evaluate(...net.parameters());
    net
      .forward(zeros([1, 3]))
      .sum()
      .backward();
    expect(net.fc1.weight.grad).not.toBeNull();
    net.zeroGrad();
    expect(net.parameters().every((p) => p.grad === null)).toBe(true);
    net.fc1.freeze();
    net
      .forward(zeros([1, 3]))
      .sum()
      .backward();
    expect(net.fc1.weight.grad).toBeNull();
    expect(net.fc2.weight.grad).not.toBeNull();
    expect(net.fc1.unfreeze().weight.requiresGrad).toBe(true);
    expect(noGrad(() => net.forward(zeros([1, 3]))).requiresGrad).toBe(false);
  });
});

it("refuses a class without a forward method", () => {
  class Broken extends nn.AnyModule {
    declare forward: () => void;
  }
  expect(() => new Broken()).toThrow(ArgumentError);
});
