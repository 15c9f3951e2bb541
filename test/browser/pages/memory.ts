import { compile, manualSeed, nn, optim, randint, randn, setDefaultDevice, type Tensor } from "../../../src/browser.js";
import { startBrowserWasm } from "../../../src/backends/wasm/wasm-browser.js";
import { openBrowserWebgpu } from "../../../src/backends/webgpu/webgpu-browser.js";

/** Bytes that live objects of JavaScript take, and that the device has for values. */
export interface Memory {
  readonly heap: number;
  readonly device: number;
}

let step: ((x: Tensor, y: Tensor) => Tensor) | undefined;
let deviceBytes = (): number => NaN;

/** Opens a device and compiles a training step of an MLP on it. */
export async function prepare(device: "wasm" | "webgpu"): Promise<void> {
  if (device === "wasm") {
    const backend = startBrowserWasm(crossOriginIsolated ? 2 : 0, {});
    deviceBytes = () => backend.residentBytes;
    setDefaultDevice(backend);
  } else {
    const backend = await openBrowserWebgpu();
    deviceBytes = () => backend.memory.all;
    setDefaultDevice(backend);
  }
  manualSeed(0);
  const model = new nn.Sequential(new nn.Linear(64, 32), new nn.ReLU(), new nn.Linear(32, 10));
  const optimizer = new optim.Adam(model.parameters(), { lr: 1e-3 });
  step = compile((x: Tensor, y: Tensor) => {
    const loss = nn.crossEntropy(model.forward(x), y);
    loss.backward();
    optimizer.step();
    optimizer.zeroGrad();
    return loss;
  });
}

/** Takes steps, each on a batch of its own, and reads every loss. */
export async function train(steps: number): Promise<void> {
  if (!step) throw new Error("nothing is prepared");
  for (let i = 0; i < steps; i++) await step(randn([16, 64]), randint(0, 10, [16])).item();
}

/** What is in use after garbage was collected. */
export async function inUse(): Promise<Memory> {
  // Twice, with a pause: what finalizers give back is counted as free.
  for (let i = 0; i < 2; i++) {
    (globalThis as unknown as { gc(): void }).gc();
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  return { heap: (performance as unknown as { memory: { usedJSHeapSize: number } }).memory.usedJSHeapSize, device: deviceBytes() };
}
