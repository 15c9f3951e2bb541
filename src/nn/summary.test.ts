import { beforeAll, expect, test } from "vitest";
import { ReferenceBackend } from "../backends/reference/reference-backend.js";
import { compile, setDefaultDevice, zeros, type Tensor } from "../tensor/index.js";
import * as nn from "./index.js";

beforeAll(() => setDefaultDevice(new ReferenceBackend()));

/** LeNet-5 as its paper counts it, with the third layer dense. */
class Net extends nn.Module<Tensor, Tensor> {
  conv1 = new nn.Conv2d(1, 6, 5, { padding: 2 });
  conv2 = new nn.Conv2d(6, 16, 5);
  pool = new nn.MaxPool2d(2);
  head = new nn.Sequential(new nn.Linear(400, 120), new nn.ReLU(), new nn.Linear(120, 84), new nn.ReLU(), new nn.Linear(84, 10));

  override forward(x: Tensor): Tensor {
    const y = this.pool.forward(this.conv1.forward(x).relu());
    return this.head.forward(this.pool.forward(this.conv2.forward(y).relu()).flatten(1));
  }
}

test("LeNet-5: shapes, parameters, multiply-adds and memory as counted by hand", () => {
  const model = new Net();
  const summary = model.summary([2, 1, 28, 28], { print: false });
  expect(summary.rows.map(({ name, outputs, parameters, multiplyAdds }) => [name, outputs[0], parameters, multiplyAdds])).toEqual([
    ["", [2, 10], 61_706, 2 * (117_600 + 240_000 + 58_920)],
    ["conv1", [2, 6, 28, 28], 6 * 25 + 6, 2 * 28 * 28 * 6 * 25],
    ["pool", [2, 6, 14, 14], 0, 0],
    ["conv2", [2, 16, 10, 10], 16 * 150 + 16, 2 * 10 * 10 * 16 * 150],
    ["pool", [2, 16, 5, 5], 0, 0],
    ["head", [2, 10], 48_120 + 10_164 + 850, 2 * (400 * 120 + 120 * 84 + 84 * 10)],
    ["head.0", [2, 120], 48_120, 2 * 400 * 120],
    ["head.1", [2, 120], 0, 0],
    ["head.2", [2, 84], 120 * 84 + 84, 2 * 120 * 84],
    ["head.3", [2, 84], 0, 0],
    ["head.4", [2, 10], 850, 2 * 840],
  ]);
  const outputs = 6 * 784 + 6 * 196 + 1600 + 400 + 120 + 120 + 84 + 84 + 10;
  expect(summary.memory).toEqual({ inputs: 2 * 784 * 4, outputs: 2 * outputs * 4, parameters: 61_706 * 4, buffers: 0 });
  expect([summary.parameters, summary.trainable]).toEqual([61_706, 61_706]);
});

test("a transformer's layer: its maps and its attention", () => {
  // 10 positions: Q, K, V; then 2 · 2 heads of 5 · 5 scores over 4 features, twice; the output; up and down.
  const work = { map: 10 * 8 * 24, attend: 2 * 2 * 5 * 5 * (4 + 4), out: 10 * 8 * 8, feed: 2 * 10 * 8 * 16 };
  const model = new nn.TransformerEncoderLayer(8, 2, { dimFeedforward: 16 });
  const { rows, multiplyAdds, parameters } = model.summary([5, 2, 8], { print: false });
  expect(parameters).toBe(8 * 24 + 24 + 8 * 8 + 8 + 2 * 8 * 16 + 16 + 8 + 2 * 16);
  expect(multiplyAdds).toBe(work.map + work.attend + work.out + work.feed);
  expect(rows.find(({ name }) => name === "self_attn")?.multiplyAdds).toBe(work.map + work.attend + work.out);
  expect(rows.find(({ name }) => name === "linear1")).toMatchObject({ outputs: [[5, 2, 16]], multiplyAdds: work.feed / 2 });
});

test("loops, several inputs, integers and shared parameters are counted", () => {
  const lstm = new nn.LSTM(3, 4).summary([6, 2, 3], { print: false });
  expect(lstm.multiplyAdds).toBe(6 * 2 * (3 * 16 + 4 * 16));
  expect(lstm.rows[0]?.outputs).toEqual([[6, 2, 4], [1, 2, 4], [1, 2, 4]]);
  const bilinear = new nn.Bilinear(2, 3, 4).summary([[5, 2], [5, 3]], { print: false });
  expect(bilinear.rows[0]?.outputs).toEqual([[5, 4]]);

  class Tied extends nn.Module<Tensor, Tensor> {
    tokens = new nn.Embedding(11, 4);
    head = new nn.Linear(4, 11, { bias: false });
    constructor() {
      super();
      this.head.weight = this.tokens.weight;
    }
    override forward(ids: Tensor): Tensor {
      return this.head.forward(this.tokens.forward(ids));
    }
  }
  const tied = new Tied().freeze().summary({ shape: [3, 2], dtype: "int32" }, { print: false });
  expect([tied.parameters, tied.trainable, tied.multiplyAdds]).toEqual([44, 0, 6 * 44]);
  expect(tied.memory).toEqual({ inputs: 24, outputs: 4 * (24 + 66), parameters: 176, buffers: 0 });
});

test("nothing is computed, nothing changes, and a compiled function stays as it is", () => {
  const model = new nn.Sequential(new nn.BatchNorm1d(3), new nn.Dropout(0.5), new nn.Linear(3, 2));
  const run = compile((x: Tensor) => model.forward(x));
  run(zeros([4, 3]));
  const storages = (): unknown[] => [...model.parameters(), ...model.buffers()].map(({ state }) => state.storage);
  const before = storages();
  model.summary([4, 3], { print: false });
  expect(storages().every((storage, i) => storage !== undefined && storage === before[i])).toBe(true);
  run(zeros([4, 3]));
  expect(run.programCount).toBe(1);
  const fresh = new nn.Linear(300, 200);
  fresh.summary([1, 300], { print: false });
  expect(fresh.weight.state.storage).toBeUndefined();
});

test("the table", () => {
  const model = new nn.Sequential(new nn.Linear(1000, 30), new nn.Sequential(new nn.ReLU(), new nn.Linear(30, 2)));
  const summary = model.summary([64, 1000], { depth: 1, print: false });
  expect(summary.toString().split("\n").map((line) => line.replace(/─+/, "──"))).toEqual([
    "Module           Output    Parameters  Multiply-adds  Memory",
    "──",
    "Sequential       [64, 2]       30,092      1,923,840   512 B",
    "  0: Linear      [64, 30]      30,030      1,920,000  7.7 kB",
    "  1: Sequential  [64, 2]           62          3,840   512 B",
    "──",
    "Parameters     30,092, of which 30,092 trainable",
    "Multiply-adds  1,923,840",
    "Memory         392.2 kB: inputs 256.0 kB, outputs 15.9 kB, parameters 120.4 kB, buffers 0 B",
  ]);
  expect(() => model.summary([64, 999], { print: false })).toThrow("[linear] input [64, 999]");
});
