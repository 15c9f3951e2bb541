import { existsSync } from "node:fs";
import { wantedFeatures } from "../src/backends/webgpu/open-webgpu.js";
import { dawnOptions } from "../src/backends/webgpu/webgpu-node.js";

/** The Vulkan driver that comes with Debian's Chromium: a rasterizer in software. */
const swiftshader = "/usr/lib/chromium/vk_swiftshader_icd.json";

/**
 * A WebGPU adapter for tests, by Dawn; without a GPU's driver the one in software that comes with Chromium. Undefined where
 * the package "webgpu" does not load or finds none: tests that need it are then skipped, which a warning says, or with
 * `GRADUS_REQUIRE_WEBGPU` in the environment the absence is an error. The option "backend=null" gives one that has
 * every feature, checks shaders, and computes nothing.
 */
export async function testAdapter(options: readonly string[] = []): Promise<GPUAdapter | undefined> {
  if (process.env["VK_ICD_FILENAMES"] === undefined && existsSync(swiftshader)) process.env["VK_ICD_FILENAMES"] = swiftshader;
  let why: string;
  try {
    // The name is not literal: the package's own types stand beside those of TypeScript's library.
    const name: string = "webgpu";
    const { create, globals } = (await import(name)) as { create(options: readonly string[]): GPU; globals: object };
    Object.assign(globalThis, globals);
    const gpu = create([...dawnOptions, ...options]);
    // The adapter works only as long as the object that gave it.
    instances.push(gpu);
    const adapter = await gpu.requestAdapter();
    if (adapter) return adapter;
    why = "Dawn finds none; Debian's chromium and libvulkan1 bring one in software";
  } catch (error) {
    why = String(error);
  }
  if (process.env["GRADUS_REQUIRE_WEBGPU"]) throw new Error(`there is no WebGPU adapter: ${why}`);
  console.warn(`There is no WebGPU adapter (${why}): the tests on WebGPU are skipped.`);
  return undefined;
}

const instances: GPU[] = [];

/** Devices for tests, with no feature and with all that the backend uses and the adapter has; undefined where there is no adapter. */
export async function testDevices(): Promise<(readonly [string, GPUDevice | undefined])[]> {
  const devices: (readonly [string, GPUDevice | undefined])[] = [];
  for (const wanted of [[], wantedFeatures]) {
    const adapter = await testAdapter();
    const requiredFeatures = wanted.filter((feature) => adapter?.features.has(feature));
    const device = await adapter?.requestDevice({ requiredFeatures });
    devices.push([device ? `with ${wanted.length === 0 ? "no features" : requiredFeatures.join(", ")}` : "which is not there", device]);
  }
  return devices;
}
