/**
 * Trains the MLP and prints how the process's memory grew between one tenth of the steps and the last:
 * `tsx test/memory/flat-memory.ts DEVICE compiled|plain each|every500|sync STEPS`. It exits with 1 above 20 MB.
 * The program under test uses no dispose and no scope.
 */
import { Mlp } from "../../src/models/mlp.js";
import { compile, crossEntropy, device, optim, randint, randn, setDefaultDevice, type Tensor } from "../../src/node.js";

const [deviceName = "native", mode = "compiled", loop = "each", count = "10000"] = process.argv.slice(2);
const steps = Number(count);
const limit = 20e6;

setDefaultDevice(deviceName);
const model = new Mlp();
const optimizer = new optim.Adam(model.parameters(), { lr: 1e-3 });
const train = (x: Tensor, y: Tensor): Tensor => {
  const loss = crossEntropy(model.forward(x), y);
  loss.backward();
  optimizer.step();
  optimizer.zeroGrad();
  return loss;
};
const step = mode === "compiled" ? compile(train) : train;
const x = randn([64, 784]);
const y = randint(0, 10, [64]);
let early = 0;
for (let i = 1; i <= steps; i++) {
  const loss = step(x, y);
  if (loop === "sync") loss.itemSync();
  else if (loop === "each" || i % 500 === 0) await loss.item();
  if (i === steps / 10) early = process.memoryUsage().rss;
}
const grown = process.memoryUsage().rss - early;
console.log(`${deviceName} ${mode} ${loop}: ${(grown / 1e6).toFixed(1)} MB more after ${steps} steps than after ${steps / 10} (${(early / 1e6).toFixed(0)} MB)`);
await device(deviceName).close();
process.exitCode = grown < limit ? 0 : 1;
