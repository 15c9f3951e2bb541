import { existsSync } from "node:fs";

/** The Vulkan driver that comes with Debian's Chromium: a rasterizer in software. */
const swiftshader = "/usr/lib/chromium/vk_swiftshader_icd.json";

/**
 * A WebGPU adapter for tests, by Dawn; without a GPU's driver the one in software that comes with Chromium. Undefined where
 * the package "webgpu" does not load or finds none: tests that need it are then skipped, and say so.
 */
export async function testAdapter(): Promise<GPUAdapter | undefined> {
  if (process.env["VK_ICD_FILENAMES"] === undefined && existsSync(swiftshader)) process.env["VK_ICD_FILENAMES"] = swiftshader;
  try {
    // The name is not literal: the package's own types stand beside those of TypeScript's library.
    const name: string = "webgpu";
    const { create, globals } = (await import(name)) as { create(options: readonly string[]): GPU; globals: object };
    Object.assign(globalThis, globals);
    const gpu = create([]);
    // The adapter works only as long as the object that gave it.
    instances.push(gpu);
    return (await gpu.requestAdapter()) ?? undefined;
  } catch {
    return undefined;
  }
}

const instances: GPU[] = [];
