import { expect, test } from "vitest";
import { generateDigits } from "../../src/data/digits.js";
import { LeNet } from "../../src/models/lenet.js";
import { Mlp } from "../../src/models/mlp.js";
import { SoftmaxRegression } from "../../src/models/softmax-regression.js";
import { device, manualSeed, setDefaultDevice } from "../../src/node.js";
import { fit } from "../../src/train/fit.js";
import { makeOptimizer } from "../../src/train/make-optimizer.js";
import { measureNormalization } from "../../src/train/normalization.js";
import { optimizerNames, type OptimizerName } from "../../src/train/optimizer-names.js";

const models = { SoftmaxRegression, Mlp, LeNet };
/** The reference is slow where there are convolutions. */
const batchSizes = { SoftmaxRegression: 64, Mlp: 32, LeNet: 4 };

/** Losses of four steps; the last batch of each epoch is smaller. */
async function losses(backend: string, model: keyof typeof models, optimizer: OptimizerName): Promise<number[]> {
  setDefaultDevice(device(backend));
  manualSeed(0);
  const network = new models[model]();
  const seen: number[] = [];
  const batchSize = batchSizes[model];
  const { train } = generateDigits({ train: batchSize + 2, test: 0 });
  await fit({
    model: network,
    optimizer: makeOptimizer(optimizer, network.parameters(), 0.01),
    train,
    normalization: measureNormalization(train.images),
    epochs: 2,
    batchSize,
    lr: 0.01,
    schedule: "constant",
    seed: 0,
    onStep: ({ loss }) => seen.push(loss),
  });
  return seen;
}

const cases = [...optimizerNames.map((optimizer) => ["Mlp", optimizer] as const), ["SoftmaxRegression", "adam"] as const, ["LeNet", "adam"] as const];

// State is overwritten in place from the second step on, which a single step does not show.
test.each(cases)("%s with %s learns the same on every backend", async (model, optimizer) => {
  const expected = await losses("reference", model, optimizer);
  expect(expected.length).toBe(4);
  for (const backend of ["native", "wasm"]) {
    const found = await losses(backend, model, optimizer);
    found.forEach((loss, i) => expect(Math.abs(loss / (expected[i] ?? 0) - 1), `${backend}, step ${i + 1}: ${loss}, ${expected[i]}`).toBeLessThan(1e-4));
  }
});
