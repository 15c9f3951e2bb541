import type { Target } from "../../compiler/target.js";
import { DeviceError } from "../../core/errors.js";
import { WebgpuBackend } from "./webgpu-backend.js";

/** Limits of which all that the adapter has is asked for. */
const wantedLimits = [
  "maxBufferSize",
  "maxStorageBufferBindingSize",
  "maxStorageBuffersPerShaderStage",
  "maxComputeWorkgroupStorageSize",
  "maxComputeInvocationsPerWorkgroup",
  "maxComputeWorkgroupSizeX",
] as const;

const wantedFeatures: readonly GPUFeatureName[] = ["shader-f16", "subgroups", "timestamp-query"];

export interface WebgpuOptions {
  /** Less than the adapter has, as on smaller GPUs. */
  readonly limits?: Partial<Record<(typeof wantedLimits)[number], number>>;
}

/** The fastest adapter. Throws DeviceError where there is none. */
export async function findAdapter(gpu: GPU): Promise<GPUAdapter> {
  const adapter = await gpu.requestAdapter({ powerPreference: "high-performance" });
  if (!adapter) throw new DeviceError("[webgpu] WebGPU finds no GPU here: use another device, such as wasm");
  return adapter;
}

/** Opens a device on an adapter that was not used before. Throws DeviceError where the adapter gives none. */
export async function openWebgpu(adapter: GPUAdapter, { limits }: WebgpuOptions = {}): Promise<WebgpuBackend> {
  const requiredLimits = { ...Object.fromEntries(wantedLimits.map((name) => [name, adapter.limits[name]])), ...limits };
  const requiredFeatures = wantedFeatures.filter((feature) => adapter.features.has(feature));
  let device: GPUDevice;
  try {
    device = await adapter.requestDevice({ label: "gradus", requiredFeatures, requiredLimits });
  } catch (cause) {
    throw new DeviceError(`[webgpu] the adapter "${describeAdapter(adapter.info)}" gives no device: ${cause instanceof Error ? cause.message : String(cause)}`, { cause });
  }
  return new WebgpuBackend(device, targetOf(device.limits));
}

/** An adapter for people. */
export function describeAdapter({ vendor, architecture, device, description }: GPUAdapterInfo): string {
  const parts = [description || device, vendor, architecture].filter((part) => part !== "");
  return parts.length === 0 ? "unnamed" : parts.join(", ");
}

function targetOf(_limits: GPUSupportedLimits): Target {
  return { name: "webgpu", vectorBytes: 4, vectorRegisters: 16, l1Bytes: 2048, l2Bytes: 8192, float64: false, memoryBytes: Infinity };
}
