import { DeviceError } from "../../core/errors.js";
import { type AdapterOptions, findAdapter } from "./find-adapter.js";
import type { WebgpuBackend } from "./webgpu-backend.js";

/**
 * A WebGPU device in a page or worker. Throws DeviceError where the browser has no WebGPU or no GPU, or the code
 * that computes on it cannot be fetched, which is done only where there is one.
 */
export async function openBrowserWebgpu(options: AdapterOptions = {}): Promise<WebgpuBackend> {
  // Absent outside of secure contexts, whatever the types say.
  const gpu: GPU | undefined = navigator.gpu;
  if (!gpu) throw new DeviceError("[webgpu] this browser has no WebGPU here (it needs https or localhost): use another device, such as wasm");
  const adapter = await findAdapter(gpu, options);
  const { openPageWebgpu } = await import("./webgpu-page.js").catch((cause: unknown) => {
    throw new DeviceError(`[webgpu] the code of the device cannot be fetched: ${String(cause)}`, { cause });
  });
  return openPageWebgpu(adapter);
}
