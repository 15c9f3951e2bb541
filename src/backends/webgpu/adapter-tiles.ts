import { directTiles, largeTiles, smallTiles } from "../../compiler/group-tiles.js";
import type { GroupTile, Target } from "../../compiler/target.js";
import { sha256 } from "../../core/sha256.js";
import { files, readWhole } from "../../files/files.js";
import { measureTiles } from "./measure-tiles.js";

/** To be counted up when kernels change so that what was measured no longer tells which tile is the fastest. */
const version = 1;

const allTiles: readonly GroupTile[] = [...largeTiles, ...smallTiles, ...directTiles];

/** Numbers of a tile in a file: rows, columns, steps, rows and columns of a lane, what a product and a step cost. */
type TileRecord = readonly [number, number, number, number, number, number, number];

/** The file in `folder` for an adapter: what it is and can do, and the tiles that there are, give its name. */
async function pathOf({ info, limits }: GPUAdapter, folder: string): Promise<string> {
  const { vendor, architecture, device, description } = info;
  const { maxComputeWorkgroupStorageSize, maxComputeInvocationsPerWorkgroup, maxStorageBuffersPerShaderStage } = limits;
  const key = [version, vendor, architecture, device, description, maxComputeWorkgroupStorageSize, maxComputeInvocationsPerWorkgroup, maxStorageBuffersPerShaderStage, allTiles];
  return `${folder}/tiles-${await sha256(new TextEncoder().encode(JSON.stringify(key)))}.json`;
}

/** The tiles that were measured on an adapter, with what they cost; undefined where none were, or the file is damaged. */
export async function rememberedTiles(adapter: GPUAdapter, folder: string): Promise<readonly GroupTile[] | undefined> {
  try {
    const records = JSON.parse(new TextDecoder().decode(await readWhole(await pathOf(adapter, folder)))) as readonly TileRecord[];
    const tiles = records.map(([rows, columns, steps, laneRows, laneColumns, product, step]): GroupTile => {
      const known = allTiles.some((t) => t.rows === rows && t.columns === columns && t.steps === steps && t.laneRows === laneRows && t.laneColumns === laneColumns);
      if (!known || !(product > 0) || !(step > 0)) throw new RangeError("not a tile that was measured");
      return { rows, columns, steps, laneRows, laneColumns, cost: { product, step } };
    });
    return tiles.length > 0 ? tiles : undefined;
  } catch {
    return undefined;
  }
}

/** The tiles of an adapter with what they cost: measured on its device once, then remembered in `folder`. Undefined where they cannot be measured. */
export async function tunedTiles(adapter: GPUAdapter, folder: string, device: GPUDevice, target: Target): Promise<readonly GroupTile[] | undefined> {
  const known = await rememberedTiles(adapter, folder);
  if (known) return known;
  const tiles = await measureTiles(device, target).catch(() => []);
  if (tiles.length === 0) return undefined;
  const records = tiles.map(({ rows, columns, steps, laneRows, laneColumns, cost }) => JSON.stringify([rows, columns, steps, laneRows, laneColumns, cost?.product, cost?.step]));
  // Where nothing can be kept, they are measured again the next time.
  const path = await pathOf(adapter, folder);
  await files().then((store) => store.write(path, `[\n${records.join(",\n")}\n]\n`)).catch(() => undefined);
  return tiles;
}
