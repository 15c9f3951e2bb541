import { generateDigits } from "gradus";
import { gzipSync } from "node:zlib";
import { expect, it } from "vitest";
import { dataFromFiles } from "./lab-data.js";
import { idx, smallIdxFiles } from "./pageless-lab.js";

it("reads the four files of a data set in any order, packed or not", async () => {
  const files = (await smallIdxFiles(60, 40)).map((file, i) => (i % 2 === 0 ? { ...file, bytes: new Uint8Array(gzipSync(file.bytes)) } : file));
  const { train, test, name, fit } = await dataFromFiles(files.reverse());
  const digits = generateDigits({ train: 60, test: 40 });
  expect(train).toMatchObject({ images: digits.train.images, labels: digits.train.labels, count: 60, height: 28, width: 28, classes: 10 });
  expect(test).toMatchObject({ images: digits.test.images, labels: digits.test.labels, count: 40 });
  expect([name, fit]).toEqual(["files", "handwriting"]);
});

it("holds back the last sixth of a single pair of files", async () => {
  const { train, test } = await dataFromFiles((await smallIdxFiles(60, 0)).slice(0, 2));
  expect([train.count, test.count, train.images.length, test.labels.length]).toEqual([50, 10, 50 * 784, 10]);
});

it("makes room for more than ten classes", async () => {
  const images = { name: "images", bytes: idx([3, 12, 12], new Uint8Array(3 * 144)) };
  expect((await dataFromFiles([images, { name: "labels", bytes: idx([3], Uint8Array.of(0, 25, 3)) }])).train.classes).toBe(26);
});

it("refuses images that no network here can take", async () => {
  const labels = { name: "labels", bytes: idx([3], new Uint8Array(3)) };
  await expect(dataFromFiles([{ name: "tiny", bytes: idx([3, 8, 8], new Uint8Array(192)) }, labels])).rejects.toThrow("12×12");
  await expect(dataFromFiles([labels])).rejects.toThrow("no file holds images");
  await expect(dataFromFiles([{ name: "photo.png", bytes: Uint8Array.of(137, 80, 78, 71) }])).rejects.toThrow("photo.png");
});
