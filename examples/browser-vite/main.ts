import { accuracy, compile, DataLoader, generateDigitsAsync, imageDataset, manualSeed, nn, openDevice, optim, setDefaultDevice, type Tensor } from "gradus";

const show = (id: string, text: string): void => document.getElementById(id)?.replaceChildren(text);

async function train(epochs: number): Promise<void> {
  const device = await openDevice(); // a GPU where there is one, else WebAssembly
  setDefaultDevice(device);
  manualSeed(0);
  const { train, test } = await generateDigitsAsync({ train: 4000, test: 1000 });
  const format = { normalize: { mean: 0.14, std: 0.28 } };
  const loader = new DataLoader(imageDataset(train, format), { batchSize: 50, shuffle: true });
  const model = new nn.Sequential(
    new nn.Conv2d(1, 8, 5), new nn.ReLU(), new nn.MaxPool2d(2), // (B, 8, 12, 12)
    new nn.Conv2d(8, 16, 5), new nn.ReLU(), new nn.MaxPool2d(2), // (B, 16, 4, 4)
    new nn.Flatten(), new nn.Linear(256, 10),
  );
  const optimizer = new optim.Adam(model.parameters(), { lr: 2e-3 });
  const step = compile((images: Tensor, labels: Tensor) => {
    const loss = nn.crossEntropy(model.forward(images), labels);
    loss.backward();
    optimizer.step();
    optimizer.zeroGrad();
    return loss;
  });
  const predict = compile((images: Tensor) => model.forward(images).argmax(1));

  const losses: number[] = [];
  for (let epoch = 1; epoch <= epochs; epoch++) {
    for await (const [images, labels] of loader) {
      losses.push(await step(images, labels).item());
      const points = losses.map((loss, i) => `${i / (epochs * loader.length)},${1 - loss / 2.5}`);
      document.querySelector("polyline")?.setAttribute("points", points.join(" "));
      show("status", `${device.name}: epoch ${epoch}, loss ${losses.at(-1)?.toFixed(3)}`);
    }
    const guesses: number[] = [];
    for await (const [images] of new DataLoader(imageDataset(test, format), { batchSize: 500 })) guesses.push(...(await predict(images).data()));
    show("result", `${(100 * accuracy(guesses, test.labels)).toFixed(1)} % of 1000 new digits are read correctly`);
  }
  show("status", `${device.name}: done`);
}

train(4).catch((error: unknown) => show("status", String(error)));
