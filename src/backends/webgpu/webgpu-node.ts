import { readdirSync } from "node:fs";
import { DeviceError } from "../../core/errors.js";
import { type AdapterOptions, findAdapter } from "./find-adapter.js";
import { openWebgpu, type WebgpuOptions } from "./open-webgpu.js";
import type { WebgpuBackend } from "./webgpu-backend.js";

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
  // Else profiles tell time in steps of 65 microseconds, as pages have to.
  return loaded.create(["disable-dawn-features=timestamp_quantization"]);
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

/** A WebGPU device in Node. Throws DeviceError without the package "webgpu" or a GPU. */
export async function openNodeWebgpu(options: WebgpuOptions & AdapterOptions = {}): Promise<WebgpuBackend> {
  if (options.hardware && !mayHaveGpu()) throw new DeviceError("[webgpu] this machine has no GPU: use another device, such as wasm");
  return openWebgpu(await findAdapter(await nodeGpu(), options), options);
}
