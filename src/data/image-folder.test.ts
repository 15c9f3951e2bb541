import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { encode } from "fast-png";
import { afterEach, beforeEach, expect, test } from "vitest";
import { ArgumentError, DataError, FormatError } from "../core/errors.js";
import { loadImageFolder } from "./image-folder.js";

let folder = "";
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "gradus-images-"));
});
afterEach(() => rm(folder, { recursive: true }));

async function write(path: string, shade: number, { width = 4, height = 3, channels = 1 } = {}): Promise<void> {
  const place = join(folder, path);
  await mkdir(join(place, ".."), { recursive: true });
  const data = new Uint8Array(width * height * channels).map((_, i) => shade + (i % channels));
  await writeFile(place, encode({ width, height, channels, depth: 8, data }));
}

test("the folders train and test are taken as they are", async () => {
  await write("train/cats/a.png", 10);
  await write("train/cats/b.PNG", 20);
  await write("train/dogs/a.png", 30);
  await write("test/dogs/c.png", 40);
  await writeFile(join(folder, "train", "cats", "notes.txt"), "");
  const { train, test } = await loadImageFolder(folder);
  expect({ ...train, images: Array.from(train.images) }).toEqual({
    images: [10, 30, 20].flatMap((shade) => new Array<number>(12).fill(shade)),
    labels: Uint8Array.of(0, 1, 0),
    count: 3,
    height: 3,
    width: 4,
    channels: 1,
    classes: 2,
    classNames: ["cats", "dogs"],
  });
  expect([test.count, Array.from(test.labels), test.classNames]).toEqual([1, [1], ["cats", "dogs"]]);
  await write("test/birds/c.png", 40);
  await expect(loadImageFolder(folder)).rejects.toThrow(/birds is not among those to train on: cats, dogs/);
});

test("without them the same share of each class is set apart, the same images each time", async () => {
  for (let i = 0; i < 10; i++) await write(`a/${i}.png`, i);
  for (let i = 0; i < 5; i++) await write(`b/${i}.png`, 100 + i);
  const load = (seed: number): Promise<number[][]> =>
    loadImageFolder(folder, { seed }).then(({ train, test }) => {
      const shades = [train, test].map((set) => Array.from({ length: set.count }, (_, i) => set.images[i * 12] ?? 0));
      return shades;
    });
  const [train = [], held = []] = await load(1);
  expect([train.length, held.filter((s) => s < 100).length, held.filter((s) => s >= 100).length]).toEqual([12, 2, 1]);
  expect([...train, ...held].sort((a, b) => a - b)).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 100, 101, 102, 103, 104]);
  expect(await load(1)).toEqual([train, held]);
  const others = await Promise.all([2, 3, 4].map(load));
  expect(others.some(([, test = []]) => String(test) !== String(held))).toBe(true);
});

test("images of different sizes and colours become alike, planes of each colour", async () => {
  await write("a/1.png", 50);
  await write("a/2.png", 50, { width: 8, height: 8, channels: 3 });
  const options = { testShare: 0.5 };
  const { train } = await loadImageFolder(folder, options);
  expect([train.height, train.width, train.channels, train.images.length]).toEqual([64, 64, 3, 3 * 64 * 64]);
  const small = await loadImageFolder(folder, { ...options, size: [2, 2] });
  const planes = [small.train, small.test].map(({ images }) => Array.from(images)).sort();
  expect(planes).toEqual([new Array(12).fill(50), [50, 50, 50, 50, 51, 51, 51, 51, 52, 52, 52, 52]]);
  expect((await loadImageFolder(folder, { ...options, channels: 1 })).test.channels).toBe(1);
});

test("what is no folder of images is refused", async () => {
  await expect(loadImageFolder(join(folder, "none"))).rejects.toThrow(DataError);
  await expect(loadImageFolder(folder)).rejects.toThrow(/0 images to train on.*cats\/1\.png/);
  await expect(loadImageFolder(folder, { testShare: 1 })).rejects.toThrow(ArgumentError);
  for (const name of ["1", "2", "3"]) await write(`a/${name}.png`, 9);
  await writeFile(join(folder, "a", "4.png"), "no image");
  await expect(loadImageFolder(folder)).rejects.toThrow(FormatError);
});
