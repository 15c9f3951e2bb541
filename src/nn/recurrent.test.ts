import { describe, expect, it } from "vitest";
import { useReference } from "../../test/values.js";
import { topologicalOrder } from "../ir/graph.js";
import { ArgumentError, compile, manualSeed, ones, randn, ShapeError, tensor, trace, zeros, type Tensor } from "../tensor/index.js";
import { GRU, LSTM, LSTMCell, RNN } from "./index.js";

useReference();

describe("recurrent layers", () => {
  it("record as many operations for many steps as for few", () => {
    const lstm = new LSTM(2, 3, { numLayers: 2, bidirectional: true });
    const size = (steps: number): number => {
      const graph = trace((x: Tensor) => lstm.forward(x, undefined, { lengths: [steps, 1] })[0], zeros([steps, 2, 2]));
      return topologicalOrder(graph.outputs).length;
    };
    expect(size(500)).toBe(size(5));
  });

  it("begin uniform in ±1/√hiddenSize", async () => {
    const gru = new GRU(50, 64, { bidirectional: true });
    const expected = ["weight_ih_l0", "weight_hh_l0", "bias_ih_l0", "bias_hh_l0"];
    expect(gru.namedParameters().map(([name]) => name)).toEqual([...expected, ...expected.map((name) => `${name}_reverse`)]);
    for (const parameter of gru.parameters()) {
      const most = Math.max(...Array.from(await parameter.data()).map(Math.abs));
      expect(most).toBeLessThanOrEqual(1 / 8);
      expect(most).toBeGreaterThan(0.95 / 8);
    }
  });

  it("drop outputs between layers, in training only", async () => {
    manualSeed(1);
    const rnn = new RNN(2, 400, { numLayers: 2, dropout: 0.5 });
    for (const p of rnn.parameters()) p.assign(zeros(p.shape));
    const [, , inputBias, , upper] = rnn.weights;
    inputBias?.assign(ones([400]).mul(20)); // the lower layer gives 1 everywhere
    upper?.assign(ones([400, 400]).div(4000));
    const first = async (): Promise<number> => (await rnn.forward(zeros([1, 1, 2]))[0].data())[0] ?? NaN;
    const [once, twice] = [await first(), await first()];
    expect(once).not.toBe(twice);
    // 0.1 · the share of what was kept, doubled: 400 coins, five deviations.
    for (const value of [once, twice]) expect(Math.abs(Math.atanh(value) - 0.1)).toBeLessThan(5 * 0.1 / 20);
    rnn.eval();
    expect(await first()).toBeCloseTo(Math.tanh(0.1), 6);
  });

  it("take lengths as numbers, also inside compile, without compiling anew for a tensor of others", async () => {
    const gru = new GRU(2, 3, { batchFirst: true });
    const x = randn([3, 5, 2]);
    const run = compile((input: Tensor, lengths: Tensor) => gru.forward(input, undefined, { lengths }));
    for (const lengths of [[5, 2, 0], [1, 1, 4]]) {
      const [output, hidden] = gru.forward(x, undefined, { lengths });
      const [compiled] = run(x, tensor(lengths, { dtype: "int32" }));
      expect(await compiled.data()).toEqual(await output.data());
      for (const [b, n] of lengths.entries()) {
        const last = n === 0 ? zeros([3]) : gru.forward(x.at(b, `:${n}`))[1].at(0);
        const [a, c] = [await hidden.at(0, b).data(), await last.data()];
        a.forEach((v, i) => expect(v).toBeCloseTo(c[i] ?? NaN, 6));
      }
    }
    expect(run.programCount).toBe(1);
  });

  it("are copied with their weights", async () => {
    const lstm = new LSTM(2, 3);
    const twin = lstm.clone();
    const x = randn([4, 1, 2]);
    expect(await twin.forward(x)[0].data()).toEqual(await lstm.forward(x)[0].data());
    lstm.weights[0]?.assign(zeros([12, 2]));
    expect(await twin.forward(x)[0].data()).not.toEqual(await lstm.forward(x)[0].data());
    expect(String(new LSTM(2, 3, { numLayers: 2, projSize: 1 }))).toBe("LSTM(2, 3, numLayers: 2, projSize: 1)");
  });

  it("say what does not fit", () => {
    const lstm = new LSTM(2, 3);
    expect(() => lstm.forward(zeros([4, 1, 3]))).toThrow(ShapeError);
    expect(() => lstm.forward(zeros([4, 1, 2]), [zeros([1, 1, 3]), zeros([1, 2, 3])])).toThrow(ShapeError);
    expect(() => lstm.forward(zeros([4, 1, 2]), undefined, { lengths: [5] })).toThrow(ArgumentError);
    expect(() => lstm.forward(zeros([4, 1, 2]), undefined, { lengths: [1, 2] })).toThrow(ShapeError);
    expect(() => new LSTM(2, 3, { projSize: 3 })).toThrow(ArgumentError);
    expect(() => new GRU(2, 0)).toThrow(ArgumentError);
    expect(() => new RNN(2, 3, { dropout: 2 })).toThrow(ArgumentError);
    expect(() => new LSTMCell(2, 3).forward(zeros([1, 2]), [zeros([1, 3]), zeros([1, 2])])).toThrow(ShapeError);
  });
});
