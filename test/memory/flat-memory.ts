/**
 * Trains an MLP and prints how the process's memory grew between one tenth of the steps and the last, and the GPU's if it is one:
 * `tsx test/memory/flat-memory.ts DEVICE compiled|plain each|every500|sync STEPS`. It exits with 1 above 20 MB.
 * The program under test uses no dispose and no scope. A GPU in software gets a small MLP.
 */
import { Mlp } from "../../src/models/mlp.js";
import { compile, crossEntropy, openDevice, optim, randint, randn, setDefaultDevice, type Tensor } from "../../src/node.js";
import { WebgpuBackend } from "../../src/backends/webgpu/webgpu-backend.js";
import { testAdapter } from "../webgpu-adapter.js";

const [deviceName = "native", mode = "compiled", loop = "each", count = "10000"] = process.argv.slice(2);
const steps = Number(count);
const limit = 20e6;

// It names the driver in software where there is no other.
if (deviceName === "webgpu") await testAdapter();
const device = await openDevice(deviceName);
setDefaultDevice(device);
const [batch, size] = device.isSoftware ? [4, 3] : [64, 28];
const model = new Mlp({ height: size, width: size, classes: 10 });
const optimizer = new optim.Adam(model.parameters(), { lr: 1e-3 });
const train = (x: Tensor, y: Tensor): Tensor => {
  const loss = crossEntropy(model.forward(x), y);
  loss.backward();
  optimizer.step();
  optimizer.zeroGrad();
  return loss;
};
const step = mode === "compiled" ? compile(train) : train;
const x = randn([batch, size * size]);
const y = randint(0, 10, [batch]);
const gpuBytes = (): number => (device instanceof WebgpuBackend ? device.memory.all : 0);
let [early, earlyGpu] = [0, 0];
for (let i = 1; i <= steps; i++) {
  const loss = step(x, y);
  if (loop === "sync") loss.itemSync();
  else if (loop === "each" || i % 500 === 0) await loss.item();
  if (i === steps / 10) [early, earlyGpu] = [process.memoryUsage().rss, gpuBytes()];
}
const grown = process.memoryUsage().rss - early;
const grownGpu = gpuBytes() - earlyGpu;
console.log(`${deviceName} ${mode} ${loop}: ${(grown / 1e6).toFixed(1)} MB more after ${steps} steps than after ${steps / 10} (${(early / 1e6).toFixed(0)} MB)`);
if (device instanceof WebgpuBackend) console.log(`GPU: ${(grownGpu / 1e6).toFixed(1)} MB more (${(earlyGpu / 1e6).toFixed(1)} MB)`);
await device.close();
process.exitCode = grown < limit && grownGpu < limit ? 0 : 1;
