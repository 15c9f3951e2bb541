import { afterAll, describe, expect, test } from "vitest";
import { NativeBackend } from "../../src/backends/native/native-backend.js";
import { isNativeAvailable } from "../../src/backends/native/native-host.js";
import { createNodeWasm } from "../../src/backends/wasm/wasm-node.js";
import { openWebgpu } from "../../src/backends/webgpu/open-webgpu.js";
import { compile, crossEntropy, manualSeed, nn, optim, randint, randn, setDefaultDevice, type Backend, type Tensor } from "../../src/node.js";
import { testAdapter } from "../webgpu-adapter.js";

/** Convolutions, sums over long axes, random masks and scatter-free pooling: what could depend on how work is divided. */
class Net extends nn.Module<Tensor, Tensor> {
  conv = new nn.Conv2d(1, 8, 5, { padding: 2 });
  pool = new nn.MaxPool2d(2);
  fc1 = new nn.Linear(8 * 14 * 14, 100);
  drop = new nn.Dropout(0.25);
  fc2 = new nn.Linear(100, 10);

  forward(x: Tensor): Tensor {
    const features = this.pool.forward(this.conv.forward(x).relu()).flatten(1);
    return this.fc2.forward(this.drop.forward(this.fc1.forward(features).tanh()));
  }
}

/** The losses of some steps and the weights after them, as bits. */
async function train(device: Backend, mode: "compiled" | "plain", { steps = 8, batch = 50 } = {}): Promise<{ losses: number[]; weights: Record<string, number[]> }> {
  setDefaultDevice(device);
  manualSeed(3);
  const model = new Net();
  const optimizer = new optim.Adam(model.parameters(), { lr: 3e-3 });
  const body = (x: Tensor, y: Tensor): Tensor => {
    const loss = crossEntropy(model.forward(x), y);
    loss.backward();
    optimizer.step();
    optimizer.zeroGrad();
    return loss;
  };
  const step = mode === "compiled" ? compile(body) : body;
  const x = randn([batch, 1, 28, 28]);
  const y = randint(0, 10, [batch]);
  const losses: number[] = [];
  for (let i = 0; i < steps; i++) losses.push(await step(x, y).item());
  const weights: Record<string, number[]> = {};
  for (const [name, parameter] of model.namedParameters()) weights[name] = Array.from(new Uint32Array(Float32Array.from(await parameter.data()).buffer));
  return { losses, weights };
}

const makers: readonly (readonly [string, (threads: number) => Backend])[] = [
  ...(isNativeAvailable() ? [["native", (threads: number): Backend => new NativeBackend({ threads })] as const] : []),
  ["wasm", (threads: number): Backend => createNodeWasm({ threads })],
];
const opened: Backend[] = [];
afterAll(async () => {
  for (const device of opened) await device.close();
});

describe.each(makers)("training on %s", (_, make) => {
  const open = (threads: number): Backend => {
    const device = make(threads);
    opened.push(device);
    return device;
  };
  test.each(["compiled", "plain"] as const)("is the same bit for bit with 1, 2 and 3 threads and when repeated, %s", async (mode) => {
    const one = open(1);
    const first = await train(one, mode);
    expect(first.losses.every(Number.isFinite)).toBe(true);
    expect(new Set(first.losses).size).toBe(first.losses.length);
    expect(await train(one, mode)).toEqual(first);
    expect(await train(open(2), mode)).toEqual(first);
    expect(await train(open(3), mode)).toEqual(first);
  });
});

const openGpu = async (): Promise<Backend | undefined> => {
  const adapter = await testAdapter();
  const device = adapter && (await openWebgpu(adapter));
  if (device) opened.push(device);
  return device;
};
const gpu = await openGpu();

describe.skipIf(!gpu)("training on webgpu", () => {
  test.each(["compiled", "plain"] as const)("is the same bit for bit when repeated, and on another device, %s", async (mode) => {
    const [one, other] = [gpu, await openGpu()];
    if (!one || !other) throw new Error("the adapter went away");
    // A GPU in software takes its time.
    const few = { steps: 2, batch: 6 };
    const first = await train(one, mode, few);
    expect(first.losses[1]).not.toBe(first.losses[0]);
    expect(await train(one, mode, few)).toEqual(first);
    expect(await train(other, mode, few)).toEqual(first);
  });
});
