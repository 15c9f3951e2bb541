import { compile, DataLoader, generateDigitsAsync, imageDataset, manualSeed, nn, openDevice, optim, setDefaultDevice, type Tensor } from "../../../src/browser.js";
import { LeNet } from "../../../src/models/lenet.js";

let step: (() => Promise<number>) | undefined;

/** Makes the digits, a LeNet-5 and its compiled training step on a device, and takes the first step. */
export async function prepare(device: string): Promise<number> {
  manualSeed(1);
  setDefaultDevice(await openDevice(device));
  const { train } = await generateDigitsAsync({ train: 640, test: 10 });
  const loader = new DataLoader(imageDataset(train, { normalize: { mean: 0.1, std: 0.3 } }), { batchSize: 64, shuffle: true });
  const model = new LeNet();
  const optimizer = new optim.SGD(model.parameters(), { lr: 0.1 });
  const update = compile((x: Tensor, y: Tensor) => {
    const loss = nn.crossEntropy(model.forward(x), y);
    loss.backward();
    optimizer.step();
    optimizer.zeroGrad();
    return loss;
  });
  const batches = (async function* () {
    for (;;) yield* loader;
  })();
  step = async () => {
    const { value } = await batches.next();
    if (!value) throw new Error("no batch");
    return update(...value).item();
  };
  return step();
}

/** Takes steps, and gives the last loss. */
export async function train(steps: number): Promise<number> {
  let loss = NaN;
  for (let k = 0; k < steps; k++) loss = (await step?.()) ?? NaN;
  return loss;
}
