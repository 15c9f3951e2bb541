// Trains a small network on the built-in digits:  npx tsx examples/digits.ts
import { accuracy, compile, DataLoader, generateDigits, imageDataset, manualSeed, nn, optim, type Tensor } from "gradus";

class Net extends nn.Module<Tensor, Tensor> {
  fc1 = new nn.Linear(784, 128);
  fc2 = new nn.Linear(128, 10);

  forward(x: Tensor) {
    return this.fc2.forward(this.fc1.forward(x).relu()); // (B, 784) to (B, 128) to (B, 10)
  }
}

manualSeed(0);
const { train, test } = generateDigits();
const pixels = { layout: "flat", normalize: { mean: 0.14, std: 0.28 } } as const;
const loader = new DataLoader(imageDataset(train, pixels), { batchSize: 64, shuffle: true });

const model = new Net();
const optimizer = new optim.Adam(model.parameters(), { lr: 1e-3 });
const step = compile((x: Tensor, y: Tensor) => {
  const loss = nn.crossEntropy(model.forward(x), y);
  loss.backward();
  optimizer.step();
  optimizer.zeroGrad(); // after the step: gradients never have to reach memory
  return loss;
});

for (let epoch = 1; epoch <= 8; epoch++) {
  let sum = 0;
  for await (const [x, y] of loader) sum += await step(x, y).item();
  console.log(`epoch ${epoch}: loss ${(sum / loader.length).toFixed(4)}`);
}

const predict = compile((x: Tensor) => model.forward(x).argmax(1));
const predicted: number[] = [];
for await (const [x] of new DataLoader(imageDataset(test, pixels), { batchSize: 500 })) {
  predicted.push(...(await predict(x).data()));
}
console.log(`${(100 * accuracy(predicted, test.labels)).toFixed(2)} % of the test images are read correctly`);
