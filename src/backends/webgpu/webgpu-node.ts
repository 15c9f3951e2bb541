import { mkdirSync, readdirSync } from "node:fs";
import { cacheRoot } from "../../core/cache-root.js";
import { DeviceError } from "../../core/errors.js";
import { tunedTiles } from "./adapter-tiles.js";
import { type AdapterOptions, findAdapter } from "./find-adapter.js";
import { openWebgpu, type WebgpuOptions } from "./open-webgpu.js";
import type { WebgpuBackend } from "./webgpu-backend.js";

/**
 * Without the first, profiles tell time in steps of 65 microseconds, as pages have to. With the second, groups do not fill shared memory
 * with zeros, to which compilers in software give most of their time: kernels write there before they read.
 */
export const dawnOptions: readonly string[] = ["disable-dawn-features=timestamp_quantization", "enable-dawn-features=disable_workgroup_init"];

let dawn: Promise<GPU> | undefined;

/** WebGPU in Node, which the optional package "webgpu" (Dawn) brings. Throws DeviceError where it is missing or does not load. */
export function nodeGpu(): Promise<GPU> {
  dawn ??= load();
  dawn.catch(() => (dawn = undefined));
  return dawn;
}

async function load(): Promise<GPU> {
  // The name is not literal: the package need not be there, not even for the type checker.
  const name: string = "webgpu";
  let loaded: { create(options: readonly string[]): GPU };
  try {
    loaded = await import(name);
  } catch (cause) {
    const missing = cause instanceof Error && "code" in cause && cause.code === "ERR_MODULE_NOT_FOUND";
    const why = missing ? "which is not installed" : `which does not load here (${cause instanceof Error ? cause.message : String(cause)})`;
    throw new DeviceError(`[webgpu] WebGPU in Node needs the package "webgpu", ${why}: npm install webgpu`, { cause });
  }
  return loaded.create(dawnOptions);
}

/** How the device files of GPUs begin on Linux: of Mesa's drivers, of NVIDIA's, and of Windows below it. */
const deviceFiles = [
  ["/dev/dri", /^renderD/],
  ["/dev", /^(nvidia\d|dxg$)/],
] as const;

/** Whether a GPU may be in this machine: Dawn takes long to load, and writes to the terminal where it finds none. */
function mayHaveGpu(): boolean {
  if (process.platform !== "linux") return true;
  return deviceFiles.some(([folder, pattern]) => {
    try {
      return readdirSync(folder).some((name) => pattern.test(name));
    } catch {
      return false;
    }
  });
}

/** Where what is known of an adapter's tiles is kept: with compiled kernels, in a folder that is the user's own. */
export function tilesFolder(): string {
  const folder = cacheRoot();
  try {
    mkdirSync(folder, { recursive: true, mode: 0o700 });
  } catch {
    // Then nothing is kept.
  }
  return folder;
}

/** A WebGPU device in Node, tuned to the adapter. Throws DeviceError without the package "webgpu" or a GPU. */
export async function openNodeWebgpu(options: WebgpuOptions & AdapterOptions = {}): Promise<WebgpuBackend> {
  if (options.hardware && !mayHaveGpu()) throw new DeviceError("[webgpu] this machine has no GPU: use another device, such as wasm");
  const adapter = await findAdapter(await nodeGpu(), options);
  return openWebgpu(adapter, { tiles: (device, target) => tunedTiles(adapter, tilesFolder(), device, target), ...options });
}
