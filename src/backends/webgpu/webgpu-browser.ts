import { DeviceError } from "../../core/errors.js";
import { type AdapterOptions, findAdapter, openWebgpu, type WebgpuOptions } from "./open-webgpu.js";
import type { WebgpuBackend } from "./webgpu-backend.js";

/** A WebGPU device in a page or worker. Throws DeviceError where the browser has no WebGPU or no GPU. */
export async function openBrowserWebgpu(options: WebgpuOptions & AdapterOptions = {}): Promise<WebgpuBackend> {
  // Absent outside of secure contexts, whatever the types say.
  const gpu: GPU | undefined = navigator.gpu;
  if (!gpu) throw new DeviceError("[webgpu] this browser has no WebGPU here (it needs https or localhost): use another device, such as wasm");
  return openWebgpu(await findAdapter(gpu, options), options);
}
