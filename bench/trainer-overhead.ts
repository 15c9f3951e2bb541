// What a Trainer costs over the loop that one would write by hand, on the MLP 784-128-64-10 with synthetic digits: the same loader, the
// same compiled step, losses read eight steps late in both. Rounds
// alternate. What counts is the median time from one batch to the next. tsx bench/trainer-overhead.ts [device] [rounds].
import { Mlp } from "../src/models/mlp.js";
import { MetricsLog, Trainer, compile, crossEntropy, DataLoader, imageDataset, manualSeed, optim, setDefaultDevice, device, type ImageBatch, type Tensor } from "../src/node.js";
import { normalize } from "../src/train/normalization.js";
import { busyShare } from "./busy.js";
import { median } from "./measure.js";

const [name = "native", rounds = "100"] = process.argv.slice(2);
setDefaultDevice(device(name, { threads: 1 }));
const count = 6_400;
const set = {
  images: Uint8Array.from({ length: count * 784 }, (_, i) => (i * 2654435761) >>> 24),
  labels: Uint8Array.from({ length: count }, (_, i) => i % 10),
  count,
  height: 28,
  width: 28,
  classes: 10,
};
const normalization = { mean: 0.5, std: 0.29 };
/** When each batch was taken. */
let taken: number[] = [];
const loaderOf = (): DataLoader<ImageBatch> =>
  new DataLoader(imageDataset(set), {
    batchSize: 64,
    shuffle: true,
    transform: (batch: ImageBatch) => {
      taken.push(performance.now());
      return batch;
    },
  });

/** An epoch of a loop by hand; gives the sum of its losses. */
function byHand(): () => Promise<number> {
  manualSeed(0);
  const model = new Mlp();
  const optimizer = new optim.Adam(model.parameters());
  const loader = loaderOf();
  const step = compile((images: Tensor, labels: Tensor) => {
    const loss = crossEntropy(model.forward(normalize(images, normalization)), labels);
    loss.backward();
    optimizer.step();
    optimizer.zeroGrad();
    return loss;
  });
  return async () => {
    const unread: Promise<number>[] = [];
    let sum = 0;
    for await (const [images, labels] of loader) {
      unread.push(step(images, labels).item());
      if (unread.length > 8) sum += (await unread.shift()) ?? 0;
    }
    for (const loss of unread) sum += await loss;
    return sum;
  };
}

/** The same by a Trainer that keeps its metrics. */
function byTrainer(): () => Promise<number> {
  manualSeed(0);
  const model = new Mlp();
  const loader = loaderOf();
  const trainer = new Trainer({
    model,
    loss: crossEntropy,
    optimizer: new optim.Adam(model.parameters()),
    prepare: ([images, labels]: ImageBatch) => [normalize(images, normalization), labels] as const,
    callbacks: [new MetricsLog()],
  });
  return async () => (await trainer.fit(loader, undefined, { epochs: 1 })).loss * loader.length;
}

const loops = { hand: byHand(), trainer: byTrainer() };
const steps: Record<keyof typeof loops, number[]> = { hand: [], trainer: [] };
for (let round = -1; round < Number(rounds); round++) {
  const sums: number[] = [];
  const order: (keyof typeof loops)[] = round % 2 === 0 ? ["hand", "trainer"] : ["trainer", "hand"];
  for (const loop of order) {
    taken = [];
    sums.push(await loops[loop]());
    if (round >= 0) for (let i = 1; i < taken.length; i++) steps[loop].push((taken[i] ?? NaN) - (taken[i - 1] ?? NaN));
  }
  if (Math.abs((sums[0] ?? 0) / (sums[1] ?? 1) - 1) > 1e-9) throw new Error(`the loops learn differently: ${sums.join(", ")}`);
}
const [hand, trainer] = [1000 * median(steps.hand), 1000 * median(steps.trainer)];
console.log(`${name}, ${steps.hand.length} steps, others busy ${(100 * (await busyShare(300))).toFixed(0)} %`);
console.log(`by hand ${hand.toFixed(1)} µs a step, Trainer ${trainer.toFixed(1)} µs: ${(100 * (trainer / hand - 1)).toFixed(2)} % more`);
await device(name).close();
