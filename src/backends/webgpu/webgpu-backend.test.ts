import { afterAll, describe, expect, it } from "vitest";
import { testAdapter } from "../../../test/webgpu-adapter.js";
import { setDefaultDevice, tensor } from "../../index.js";
import { openWebgpu, type WebgpuOptions } from "./open-webgpu.js";
import type { WebgpuBackend } from "./webgpu-backend.js";

const adapter = await testAdapter();
const opened: WebgpuBackend[] = [];

/** A device of its own, on which tensors are made from now on. */
async function open(options?: WebgpuOptions): Promise<WebgpuBackend> {
  const found = await testAdapter();
  if (!found) throw new Error("there is no adapter");
  const backend = await openWebgpu(found, options);
  opened.push(backend);
  setDefaultDevice(backend);
  return backend;
}

afterAll(() => Promise.all(opened.map((backend) => backend.close())));

describe.skipIf(!adapter)("a WebGPU device", () => {
  it("runs a program with one submission, and reads with another", async () => {
    const backend = await open();
    const sum = tensor([1, 2, 3]).add(tensor([10, 20, 30]));
    expect(await sum.array()).toEqual([11, 22, 33]);
    expect([backend.submissions, backend.dispatches]).toEqual([2, 1]);
  });
});
