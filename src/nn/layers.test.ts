import { describe, expect, it } from "vitest";
import { expectClose, useReference } from "../../test/values.js";
import { arange, ArgumentError, manualSeed, ones, ShapeError, tensor, zeros, type Tensor } from "../tensor/index.js";
import * as nn from "./index.js";

useReference();

const image = arange(16).reshape(1, 1, 4, 4).astype("float32");

/** All elements lie in ±bound and spread over it. */
async function expectUniform(x: Tensor | undefined, bound: number): Promise<void> {
  const values = Array.from((await x?.data()) ?? []);
  expect(Math.max(...values.map(Math.abs))).toBeLessThanOrEqual(bound * (1 + 1e-6));
  expect(Math.sqrt(values.reduce((sum, v) => sum + v * v, 0) / values.length)).toBeCloseTo(bound / Math.sqrt(3), 1);
}

describe("Linear", () => {
  it("is x·Wᵀ + b", async () => {
    const layer = new nn.Linear(2, 3);
    layer.loadStateDict({
      weight: tensor([
        [1, 0],
        [0, 1],
        [1, 1],
      ]),
      bias: tensor([10, 20, 30]),
    });
    await expectClose(layer.forward(tensor([[1, 2]])), [[11, 22, 33]]);
    expect(layer.forward(zeros([5, 4, 2])).shape).toEqual([5, 4, 3]);
    expect(() => layer.forward(zeros([1, 3]))).toThrow(ShapeError);
  });

  it("begins uniform in ±1/√inFeatures", async () => {
    manualSeed(0);
    const layer = new nn.Linear(64, 100);
    await expectUniform(layer.weight, 1 / 8);
    await expectUniform(layer.bias, 1 / 8);
    expect(Object.keys(new nn.Linear(2, 3, { bias: false }).stateDict())).toEqual(["weight"]);
  });

  it("refuses sizes that are none", () => {
    expect(() => new nn.Linear(0, 3)).toThrow("[Linear] inFeatures 0 must be a whole number above 0");
    expect(() => new nn.Linear(2, 1.5)).toThrow(ArgumentError);
  });
});

describe("convolutions", () => {
  it("have PyTorch's shapes and beginnings", async () => {
    manualSeed(0);
    const conv = new nn.Conv2d(4, 8, [3, 5], { padding: [1, 2], groups: 2 });
    expect(conv.weight.shape).toEqual([8, 2, 3, 5]);
    expect(conv.bias?.shape).toEqual([8]);
    expect(conv.forward(zeros([2, 4, 6, 7])).shape).toEqual([2, 8, 6, 7]);
    await expectUniform(conv.weight, 1 / Math.sqrt(30));
    expect(conv.toString()).toBe("Conv2d(4, 8, kernelSize: [3,5], padding: [1,2], groups: 2)");
    expect(new nn.Conv1d(1, 2, 3, { bias: false }).forward(zeros([1, 1, 5])).shape).toEqual([1, 2, 3]);
    expect(new nn.Conv3d(1, 2, 2).forward(zeros([1, 1, 3, 4, 5])).shape).toEqual([1, 2, 2, 3, 4]);
    expect(() => new nn.Conv2d(3, 4, 3, { groups: 2 })).toThrow("cannot both be cut into 2 groups");
    expect(() => new nn.Conv2d(3, 4, 0)).toThrow(ArgumentError);
  });

  it("compute what the function does", async () => {
    const conv = new nn.Conv2d(1, 1, 2, { stride: 2 });
    conv.loadStateDict({ weight: ones([1, 1, 2, 2]), bias: tensor([0.5]) });
    await expectClose(conv.forward(image), [
      [
        [
          [10.5, 18.5],
          [42.5, 50.5],
        ],
      ],
    ]);
  });
});

describe("layers without state", () => {
  it("pool", async () => {
    await expectClose(new nn.MaxPool2d(2).forward(image), [
      [
        [
          [5, 7],
          [13, 15],
        ],
      ],
    ]);
    await expectClose(new nn.AvgPool2d(2, { stride: 2, padding: 1, countIncludePad: false }).forward(image), [
      [
        [
          [0, 1.5, 3],
          [6, 7.5, 9],
          [12, 13.5, 15],
        ],
      ],
    ]);
    expect(new nn.MaxPool1d(2).forward(zeros([1, 1, 4])).shape).toEqual([1, 1, 2]);
    expect(new nn.MaxPool3d(2).forward(zeros([1, 1, 4, 4, 4])).shape).toEqual([1, 1, 2, 2, 2]);
    expect(new nn.AvgPool1d(3, { stride: 1 }).forward(zeros([1, 1, 4])).shape).toEqual([1, 1, 2]);
    expect(new nn.AvgPool3d(2).forward(zeros([1, 1, 4, 4, 4])).shape).toEqual([1, 1, 2, 2, 2]);
    expect(String(new nn.MaxPool2d(3, { stride: 2 }))).toBe("MaxPool2d(kernelSize: 3, stride: 2)");
  });

  it("flatten", () => {
    expect(new nn.Flatten().forward(zeros([2, 3, 4])).shape).toEqual([2, 12]);
    expect(new nn.Flatten({ startAxis: 0, endAxis: 1 }).forward(zeros([2, 3, 4])).shape).toEqual([6, 4]);
  });

  it("drop out in training only", async () => {
    const layer = new nn.Dropout(0.5);
    manualSeed(0);
    const values = Array.from(await layer.forward(ones([1000])).data());
    expect(new Set(values)).toEqual(new Set([0, 2]));
    expect(values.filter((v) => v === 0).length).toBeGreaterThan(400);
    expect(await layer.forward(ones([1000])).data()).not.toEqual(Float32Array.from(values));
    await expectClose(layer.eval().forward(ones([3])), [1, 1, 1]);
    expect(() => new nn.Dropout(2)).toThrow(ArgumentError);
  });

  it.each<[nn.Module<Tensor, Tensor>, (x: number) => number]>([
    [new nn.Identity(), (x) => x],
    [new nn.ReLU(), (x) => Math.max(0, x)],
    [new nn.Tanh(), Math.tanh],
    [new nn.Sigmoid(), (x) => 1 / (1 + Math.exp(-x))],
    [new nn.SiLU(), (x) => x / (1 + Math.exp(-x))],
    [
      new nn.GELU({ approximate: "tanh" }),
      (x) => 0.5 * x * (1 + Math.tanh(Math.sqrt(2 / Math.PI) * (x + 0.044715 * x ** 3))),
    ],
    [new nn.LeakyReLU({ negativeSlope: 0.2 }), (x) => (x > 0 ? x : 0.2 * x)],
    [new nn.ELU({ alpha: 0.5 }), (x) => (x > 0 ? x : 0.5 * Math.expm1(x))],
    [new nn.Softplus(), (x) => Math.log1p(Math.exp(x))],
  ])("%s", async (layer, f) => {
    const points = [-2, -0.5, 0, 1, 3];
    await expectClose(layer.forward(tensor(points)), points.map(f));
    expect(layer.parameters()).toEqual([]);
  });

  it("softmax along an axis", async () => {
    const x = tensor([
      [0, 0],
      [0, Math.log(3)],
    ]);
    await expectClose(new nn.Softmax().forward(x), [
      [0.5, 0.5],
      [0.25, 0.75],
    ]);
    await expectClose(new nn.Softmax(0).forward(x), [
      [0.5, 0.25],
      [0.5, 0.75],
    ]);
    await expectClose(new nn.LogSoftmax().forward(x), [
      [-Math.LN2, -Math.LN2],
      [Math.log(0.25), Math.log(0.75)],
    ]);
  });
});

describe("containers", () => {
  it("Sequential chains, by number or by name", async () => {
    const net = new nn.Sequential(new nn.Linear(2, 3), new nn.ReLU(), new nn.Linear(3, 1));
    expect(Object.keys(net.stateDict())).toEqual(["0.weight", "0.bias", "2.weight", "2.bias"]);
    expect(net.forward(zeros([4, 2])).shape).toEqual([4, 1]);
    expect(net).toHaveLength(3);
    expect(net.at(-1)).toBeInstanceOf(nn.Linear);
    expect([...net].map((layer) => layer.constructor.name)).toEqual(["Linear", "ReLU", "Linear"]);
    expect(() => net.at(3)).toThrow("[Sequential] there is no module 3 among 3");
    const named = new nn.Sequential({ hidden: new nn.Linear(2, 3), act: new nn.ReLU() });
    expect(named.parameters()).toHaveLength(2);
    expect(Object.keys(named.stateDict())).toEqual(["hidden.weight", "hidden.bias"]);
    const copy = net.clone();
    await expectClose(copy.forward(ones([1, 2])).sub(net.forward(ones([1, 2]))), [[0]]);
    expect(copy.at(0)).not.toBe(net.at(0));
    await expectClose(new nn.Sequential().forward(tensor([1])), [1]);
  });

  it("ModuleList holds and names", () => {
    class Stack extends nn.Module<Tensor, Tensor> {
      layers = new nn.ModuleList(Array.from({ length: 3 }, () => new nn.Linear(2, 2)));
      forward(x: Tensor): Tensor {
        return [...this.layers].reduce((y, layer) => layer.forward(y), x);
      }
    }
    const stack = new Stack();
    expect(Object.keys(stack.stateDict())).toContain("layers.2.bias");
    expect(stack.layers.length).toBe(3);
    stack.layers.push(new nn.Linear(2, 2));
    expect(stack.parameters()).toHaveLength(8);
    expect(stack.forward(zeros([1, 2])).shape).toEqual([1, 2]);
    expect(() => stack.layers.forward()).toThrow("a list has no forward");
  });
});

describe("losses", () => {
  it("as modules", async () => {
    const logits = tensor([[0, Math.log(3)]]);
    await expectClose(new nn.CrossEntropyLoss().forward(logits, tensor([1], { dtype: "int32" })), Math.log(4 / 3));
    await expectClose(new nn.MSELoss({ reduction: "sum" }).forward(tensor([1, 2]), tensor([3, 3])), 5);
    expect(String(new nn.MSELoss())).toBe('MSELoss(reduction: "mean")');
  });
});

describe("init", () => {
  const { init } = nn;

  async function deviation(x: Tensor): Promise<number> {
    return x.square().mean().sqrt().item();
  }

  it("keeps variances", async () => {
    manualSeed(0);
    const shape = [200, 100];
    await expectUniform(init.xavierUniform(shape), Math.sqrt(6 / 300));
    expect(await deviation(init.xavierNormal(shape, { gain: 2 }))).toBeCloseTo(2 * Math.sqrt(2 / 300), 2);
    await expectUniform(init.kaimingUniform(shape, { nonlinearity: "relu" }), Math.sqrt(6 / 100));
    expect(await deviation(init.kaimingNormal(shape, { mode: "fanOut", nonlinearity: "relu" }))).toBeCloseTo(0.1, 2);
    await expectUniform(init.uniform(shape, -0.3, 0.3), 0.3);
    expect(await init.normal(shape, 4, 0.1).mean().item()).toBeCloseTo(4, 2);
    await expectClose(init.constant([2], 3), [3, 3]);
  });

  it("knows fans and gains", () => {
    expect(init.fansOf([8, 4, 3, 5])).toEqual({ fanIn: 60, fanOut: 120 });
    expect(() => init.fansOf([3])).toThrow(ShapeError);
    expect(init.gainOf("tanh")).toBeCloseTo(5 / 3, 12);
    expect(init.gainOf("leakyRelu", 1)).toBeCloseTo(1, 12);
    // PyTorch's layers: kaiming uniform with slope √5 is uniform in ±1/√fanIn.
    expect(init.gainOf("leakyRelu", Math.sqrt(5)) * Math.sqrt(3 / 60)).toBeCloseTo(1 / Math.sqrt(60), 12);
  });
});
