import { mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterAll, afterEach, beforeEach, describe, expect, it } from "vitest";
import { testAdapter } from "../../../test/webgpu-adapter.js";
import { directTiles, smallTiles } from "../../compiler/group-tiles.js";
import type { GroupTile } from "../../compiler/target.js";
import { DeviceError } from "../../core/errors.js";
import { diskFiles } from "../../files/disk-files.js";
import { setFiles } from "../../files/files.js";
import { conv2d, manualSeed, randn, type Backend, type Tensor } from "../../index.js";
import { rememberedTiles, tunedTiles } from "./adapter-tiles.js";
import { openWebgpu } from "./open-webgpu.js";

const adapter = await testAdapter();
const opened: Backend[] = [];
afterAll(async () => {
  for (const each of opened) await each.close();
});

/** Bits of a product whose sums are divided and of a convolution, with all gradients. */
async function bitsWith(tile: GroupTile): Promise<Uint32Array[]> {
  const fresh = await testAdapter();
  if (!fresh) throw new Error("the adapter went away");
  const device = await openWebgpu(fresh, { tiles: [tile] });
  opened.push(device);
  manualSeed(3);
  const leaf = (...shape: number[]): Tensor => randn(shape, { device, requiresGrad: true });
  const [a, b, x, w] = [leaf(17, 1030), leaf(19, 1030), leaf(2, 3, 7, 6), leaf(5, 3, 3, 3)];
  const results = [a.matmul(b.transpose()), conv2d(x, w, undefined, { padding: 1, stride: 2 })];
  for (const y of results) y.mul(y).sum().backward();
  const gradients = [a, b, x, w].map(({ grad }) => grad as Tensor);
  return Promise.all([...results, ...gradients].map(async (y) => new Uint32Array((await y.data()).slice().buffer)));
}

/** Of those in shared memory, and of those that read operands where they lie, some of different shapes. */
const tiles = [smallTiles[6], smallTiles[14], directTiles[1], directTiles[6]].filter((tile) => tile !== undefined);

it.skipIf(!adapter)("every tile gives the same bits", async () => {
  const [first, ...others] = await Promise.all(tiles.map(bitsWith));
  expect(others.length).toBe(3);
  for (const bits of others) expect(bits).toEqual(first);
});

describe.skipIf(!adapter)("an adapter's tiles", () => {
  let folder: string;
  beforeEach(async () => {
    setFiles(() => diskFiles);
    folder = join(await mkdtemp(join(tmpdir(), "gradus-tiles-")), "cache");
  });
  afterEach(() => rm(dirname(folder), { recursive: true, force: true }));

  /** A device and the tiles that it was given. */
  async function tuned(): Promise<readonly GroupTile[] | undefined> {
    const fresh = await testAdapter();
    if (!fresh) throw new Error("the adapter went away");
    const device = await openWebgpu(fresh, { tiles: (gpu, target) => tunedTiles(fresh, folder, gpu, target) });
    opened.push(device);
    return device.target.group?.tiles;
  }

  it("are not asked of a device that is lost meanwhile: it is an error of the device", async () => {
    const fresh = await testAdapter();
    if (!fresh) throw new Error("the adapter went away");
    const lost = openWebgpu(fresh, {
      tiles: (gpu, target) => {
        gpu.destroy();
        return tunedTiles(fresh, folder, gpu, target);
      },
    });
    await expect(lost).rejects.toThrow(DeviceError);
  });

  it("are measured once, and again where the file is damaged", async () => {
    if (!adapter) return;
    expect(await rememberedTiles(adapter, folder)).toBe(undefined);
    const first = await tuned();
    expect(first?.length).toBeGreaterThan(0);
    for (const { cost } of first ?? []) expect(Math.min(cost?.product ?? 0, cost?.step ?? 0)).toBeGreaterThan(0);
    const [name = ""] = await readdir(folder);
    expect(name).toMatch(/^tiles-[0-9a-f]{64}\.json$/);
    expect(await rememberedTiles(adapter, folder)).toEqual(first);
    const kept = [[16, 16, 0, 4, 4, 1.5, 20]];
    await writeFile(join(folder, name), JSON.stringify(kept));
    expect(await tuned()).toEqual([{ rows: 16, columns: 16, steps: 0, laneRows: 4, laneColumns: 4, cost: { product: 1.5, step: 20 } }]);
    for (const damaged of ["", "[", "[[16]]", "[[16,16,0,4,4,-1,2]]", "[[16,16,0,3,4,1,2]]", "{}", "[]"]) {
      await writeFile(join(folder, name), damaged);
      expect(await rememberedTiles(adapter, folder)).toBe(undefined);
    }
    await tuned();
    expect((await rememberedTiles(adapter, folder))?.length).toBeGreaterThan(0);
  });
});
