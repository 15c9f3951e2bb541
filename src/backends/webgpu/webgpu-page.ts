import { tunedTiles } from "./adapter-tiles.js";
import { openWebgpu } from "./open-webgpu.js";
import type { WebgpuBackend } from "./webgpu-backend.js";

/** Where what is known of an adapter's tiles lies in the page's storage. */
const tilesFolder = "cache";

/** A device in a page on an adapter that was not used before, with the tiles that are best there. Throws DeviceError where the adapter gives none. */
export function openPageWebgpu(adapter: GPUAdapter): Promise<WebgpuBackend> {
  return openWebgpu(adapter, { tiles: (device, target) => tunedTiles(adapter, tilesFolder, device, target) });
}
