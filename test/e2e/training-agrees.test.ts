import { expect, test } from "vitest";
import { imageDataset, type ImageBatch } from "../../src/data/dataset.js";
import { generateDigits } from "../../src/data/digits.js";
import { DataLoader } from "../../src/data/loader.js";
import { LeNet } from "../../src/models/lenet.js";
import { Mlp } from "../../src/models/mlp.js";
import { SoftmaxRegression } from "../../src/models/softmax-regression.js";
import { crossEntropy, device, manualSeed, setDefaultDevice } from "../../src/node.js";
import { makeOptimizer } from "../../src/train/make-optimizer.js";
import { measureNormalization, normalize } from "../../src/train/normalization.js";
import { optimizerNames, type OptimizerName } from "../../src/train/optimizer-names.js";
import { Trainer } from "../../src/train/trainer.js";
import { testedDevices } from "../tested-devices.js";

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
  const normalization = measureNormalization(train.images);
  const trainer = new Trainer({
    model: network,
    loss: crossEntropy,
    optimizer: makeOptimizer(optimizer, network.parameters(), 0.01),
    prepare: ([images, labels]: ImageBatch) => [normalize(images, normalization), labels] as const,
    callbacks: [{ onStepEnd: (_, { loss }) => void seen.push(loss) }],
  });
  await trainer.fit(new DataLoader(imageDataset(train), { batchSize, shuffle: true }), undefined, { epochs: 2 });
  return seen;
}

const cases = [...optimizerNames.map((optimizer) => ["Mlp", optimizer] as const), ["SoftmaxRegression", "adam"] as const, ["LeNet", "adam"] as const];

// State is overwritten in place from the second step on, which a single step does not show.
test.each(cases)("%s with %s learns the same on every backend", async (model, optimizer) => {
  const expected = await losses("reference", model, optimizer);
  expect(expected.length).toBe(4);
  // A GPU in software is slow, and the optimizers' kernels are compared elsewhere.
  for (const backend of testedDevices.filter((name) => name !== "reference" && (name !== "webgpu" || (optimizer === "adam" && model !== "LeNet")))) {
    const found = await losses(backend, model, optimizer);
    found.forEach((loss, i) => expect(Math.abs(loss / (expected[i] ?? 0) - 1), `${backend}, step ${i + 1}: ${loss}, ${expected[i]}`).toBeLessThan(1e-4));
  }
});
