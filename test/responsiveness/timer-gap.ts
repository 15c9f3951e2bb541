/**
 * Trains one epoch of the MLP or LeNet and prints the longest gap between two ticks of a 10 ms timer after the first step:
 * `tsx test/responsiveness/timer-gap.ts DEVICE mlp|lenet`. It exits with 1 at 50 ms or more.
 */
import { LeNet } from "../../src/models/lenet.js";
import { Mlp } from "../../src/models/mlp.js";
import { compile, crossEntropy, DataLoader, device, generateDigits, imageDataset, optim, setDefaultDevice, type Tensor } from "../../src/node.js";

const [deviceName = "native", recipe = "mlp"] = process.argv.slice(2);
setDefaultDevice(deviceName);
const { train } = generateDigits({ train: 10000, test: 10 });
const model = recipe === "lenet" ? new LeNet() : new Mlp();
const loader = new DataLoader(imageDataset(train, { layout: recipe === "lenet" ? "image" : "flat" }), { batchSize: 64, shuffle: true, dropLast: true });
const optimizer = new optim.Adam(model.parameters(), { lr: 1e-3 });
const step = compile((x: Tensor, y: Tensor) => {
  const loss = crossEntropy(model.forward(x), y);
  loss.backward();
  optimizer.step();
  optimizer.zeroGrad();
  return loss;
});
let last = 0;
let longest = 0;
const timer = setInterval(() => {
  const now = performance.now();
  if (last > 0) longest = Math.max(longest, now - last);
  last = now;
}, 10);
let first = true;
for await (const [x, y] of loader) {
  const loss = step(x, y);
  if (first) {
    await loss.item();
    last = performance.now();
    longest = 0;
  }
  first = false;
}
await device(deviceName).idle();
clearInterval(timer);
console.log(`${deviceName} ${recipe}: longest gap of a 10 ms timer ${longest.toFixed(1)} ms`);
await device(deviceName).close();
process.exitCode = longest < 50 ? 0 : 1;
