import { afterAll, expect, it } from "vitest";
import { testAdapter } from "../../../test/webgpu-adapter.js";
import { directTiles, smallTiles } from "../../compiler/group-tiles.js";
import type { GroupTile } from "../../compiler/target.js";
import { conv2d, manualSeed, randn, type Backend, type Tensor } from "../../index.js";
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
const tiles = [smallTiles[6], smallTiles[14], directTiles[1], directTiles[8]].filter((tile) => tile !== undefined);

it.skipIf(!adapter)("every tile gives the same bits", async () => {
  const [first, ...others] = await Promise.all(tiles.map(bitsWith));
  expect(others.length).toBe(3);
  for (const bits of others) expect(bits).toEqual(first);
});
