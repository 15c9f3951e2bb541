import { DeviceError } from "../../core/errors.js";

export interface AdapterOptions {
  /** Whether an adapter in software is refused; false by default. */
  readonly hardware?: boolean;
}

/** The fastest adapter. Throws DeviceError where there is none, or only one in software and `hardware` is wanted. */
export async function findAdapter(gpu: GPU, { hardware = false }: AdapterOptions = {}): Promise<GPUAdapter> {
  const adapter = await gpu.requestAdapter({ powerPreference: "high-performance" });
  if (!adapter) throw new DeviceError("[webgpu] WebGPU finds no GPU here: use another device, such as wasm");
  if (hardware && isSoftware(adapter)) {
    throw new DeviceError(`[webgpu] WebGPU finds no GPU here but one in software (${describeAdapter(adapter)}): use another device, such as wasm`);
  }
  return adapter;
}

/** An adapter for people. */
export function describeAdapter({ info: { vendor, architecture, device, description } }: GPUAdapter): string {
  const parts = [description || device, vendor, architecture].filter((part) => part !== "");
  return parts.length === 0 ? "unnamed" : parts.join(", ");
}

/** Whether the processor plays the adapter; earlier browsers say so at another place. */
export function isSoftware(adapter: GPUAdapter & { readonly isFallbackAdapter?: boolean }): boolean {
  const said: boolean | undefined = adapter.info.isFallbackAdapter;
  return said ?? adapter.isFallbackAdapter ?? false;
}
