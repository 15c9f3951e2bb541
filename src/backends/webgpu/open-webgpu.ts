import type { GroupTile, Target } from "../../compiler/target.js";
import { DeviceError } from "../../core/errors.js";
import { LatePart } from "../../core/late-part.js";
import { describeAdapter, isSoftware } from "./find-adapter.js";
import { keepsHalves } from "./keeps-halves.js";
import { WebgpuBackend } from "./webgpu-backend.js";
import type { ShaderFeatures } from "./wgsl-prelude.js";

/** Limits of which all that the adapter has is asked for. */
const wantedLimits = [
  "maxBufferSize",
  "maxStorageBufferBindingSize",
  "maxStorageBuffersPerShaderStage",
  "maxComputeWorkgroupStorageSize",
  "maxComputeInvocationsPerWorkgroup",
  "maxComputeWorkgroupSizeX",
] as const;

/** Bytes of a buffer that a shader sees: it numbers elements by i32, and they may be bytes. */
const mostBindingBytes = 2 ** 31 - 4;

export const wantedFeatures: readonly GPUFeatureName[] = ["shader-f16", "subgroups", "timestamp-query"];

export interface WebgpuOptions {
  /** Less than the adapter has, as on smaller GPUs. */
  readonly limits?: Partial<Record<(typeof wantedLimits)[number], number>>;
  /** Features to use of those that make a difference and that the adapter has; all if not given. */
  readonly features?: readonly GPUFeatureName[];
  /** The tiles to choose from, or what finds them on the new device; those of `largeTiles` and `smallTiles` by estimate if not given. */
  readonly tiles?: readonly GroupTile[] | ((device: GPUDevice, target: Target) => Promise<readonly GroupTile[] | undefined>);
}

/** Opens a device on an adapter that was not used before. Throws DeviceError where the adapter gives none, or it is lost before it is ready. */
export async function openWebgpu(adapter: GPUAdapter, { limits, features = wantedFeatures, tiles }: WebgpuOptions = {}): Promise<WebgpuBackend> {
  const maxStorageBufferBindingSize = Math.min(adapter.limits.maxStorageBufferBindingSize, mostBindingBytes);
  const requiredLimits = { ...Object.fromEntries(wantedLimits.map((name) => [name, adapter.limits[name]])), maxStorageBufferBindingSize, ...limits };
  const requiredFeatures = wantedFeatures.filter((feature) => features.includes(feature) && adapter.features.has(feature));
  await LatePart.fetchAll();
  let device: GPUDevice;
  try {
    device = await adapter.requestDevice({ label: "gradus", requiredFeatures, requiredLimits });
  } catch (cause) {
    throw new DeviceError(`[webgpu] the adapter "${describeAdapter(adapter)}" gives no device: ${cause instanceof Error ? cause.message : String(cause)}`, { cause });
  }
  const made = (target: Target, features: ShaderFeatures): WebgpuBackend =>
    new WebgpuBackend(device, { adapter: describeAdapter(adapter), isSoftware: isSoftware(adapter), target, features });
  try {
    const all = { f16: device.features.has("shader-f16"), subgroups: device.features.has("subgroups") };
    const used = { ...all, f16: all.f16 && (await keepsHalves(made(targetOf(device.limits, all), all))) };
    const untuned = targetOf(device.limits, used);
    const backend = made(withTiles(untuned, typeof tiles === "function" ? await tiles(device, untuned) : tiles), used);
    const loss = await Promise.race([device.lost, device.queue.onSubmittedWorkDone().catch(() => device.lost)]);
    if (loss) throw new Error(loss.message);
    return backend;
  } catch (cause) {
    device.destroy();
    throw new DeviceError(`[webgpu] the device of the adapter "${describeAdapter(adapter)}" failed while it was opened (${cause instanceof Error ? cause.message : String(cause)}): use another device, such as wasm`, { cause });
  }
}

function targetOf({ maxComputeWorkgroupStorageSize, maxComputeInvocationsPerWorkgroup, maxStorageBuffersPerShaderStage }: GPUSupportedLimits, { f16 }: ShaderFeatures): Target {
  const invocations = Math.min(256, maxComputeInvocationsPerWorkgroup);
  return {
    name: "webgpu",
    vectorBytes: 4,
    vectorRegisters: 64,
    l1Bytes: 16 << 10,
    l2Bytes: 1 << 20,
    float64: false,
    // How much a GPU has is not told; what is too much is an error of the buffers.
    memoryBytes: Infinity,
    group: {
      invocations,
      // Combining takes a word of each invocation, and two of all.
      sharedBytes: maxComputeWorkgroupStorageSize - 4 * (invocations + 2),
      halves: f16,
      buffers: maxStorageBuffersPerShaderStage,
      privateBytes: 4096,
    },
  };
}

function withTiles(target: Target, tiles: readonly GroupTile[] | undefined): Target {
  return target.group && tiles ? { ...target, group: { ...target.group, tiles } } : target;
}
