import { beforeAll, describe, expect, it } from "vitest";
import { expectClose, useReference } from "../../test/values.js";
import { compile, manualSeed, randn, tensor, type Tensor } from "../tensor/index.js";
import * as nn from "./index.js";

beforeAll(() => {
  useReference();
  manualSeed(3);
});

async function statistics(model: nn.Module<Tensor, Tensor>): Promise<Record<string, number[]>> {
  return Object.fromEntries(await Promise.all(Object.entries(model.stateDict()).map(async ([key, t]) => [key, Array.from(await t.data())] as const)));
}

describe("running statistics", () => {
  it("move alike in plain and compiled training steps, and rest in evaluation", async () => {
    const batches = Array.from({ length: 3 }, () => randn([8, 2, 3], { mean: 2, std: 3 }));
    const plain = new nn.BatchNorm1d(2);
    for (const x of batches) plain.forward(x);
    const compiled = new nn.BatchNorm1d(2);
    const step = compile((x: Tensor) => compiled.forward(x));
    for (const x of batches) step(x);
    const expected = await statistics(plain);
    const got = await statistics(compiled);
    expect(got["num_batches_tracked"]).toEqual([3]);
    for (const [key, values] of Object.entries(expected)) for (const [i, v] of values.entries()) expect(got[key]?.[i]).toBeCloseTo(v, 5);

    compiled.eval();
    step(randn([4, 2, 3]));
    expect(await statistics(compiled)).toEqual(got);
    compiled.train();
    step(randn([8, 2, 3]));
    expect((await statistics(compiled))["num_batches_tracked"]).toEqual([4]);
  });

  it("are the mean of all batches without a momentum", async () => {
    const layer = new nn.BatchNorm1d(1, { momentum: null });
    for (const batch of [[1, 3], [5, 7], [3, 9]]) layer.forward(tensor(batch, { shape: [2, 1] }));
    if (!layer.runningMean || !layer.runningVar) throw new Error("no running statistics");
    await expectClose(layer.runningMean, [(2 + 6 + 6) / 3]);
    await expectClose(layer.runningVar, [(2 + 2 + 18) / 3]);
  });

  it("are not there unless tracked, and the batch's own are used in evaluation", async () => {
    const layer = new nn.BatchNorm1d(1, { trackRunningStats: false, affine: false, eps: 0 }).eval();
    expect(Object.keys(layer.stateDict())).toEqual([]);
    await expectClose(layer.forward(tensor([1, 3], { shape: [2, 1] })), [[-1], [1]]);
  });
});
