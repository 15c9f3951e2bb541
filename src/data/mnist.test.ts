import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { DataError, FormatError } from "../core/errors.js";
import { readMnist } from "./mnist.js";

const realData = process.env["GRADUS_DATA"];
let folder = "";

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "gradus-mnist-"));
});
afterEach(async () => {
  vi.unstubAllEnvs();
  await rm(folder, { recursive: true });
});

function images(count: number, height = 28): Uint8Array {
  const file = new Uint8Array(16 + count * height * 28).fill(7);
  file.set([0, 0, 8, 3, 0, 0, 0, count, 0, 0, 0, height, 0, 0, 0, 28]);
  return file;
}

function labels(...values: number[]): Uint8Array {
  return Uint8Array.of(0, 0, 8, 1, 0, 0, 0, values.length, ...values);
}

async function write(files: Readonly<Record<string, Uint8Array>>): Promise<void> {
  for (const [name, bytes] of Object.entries(files)) await writeFile(join(folder, name), bytes);
}

const plainFiles = {
  "train-images-idx3-ubyte": images(3),
  "train-labels-idx1-ubyte": labels(5, 0, 9),
  "t10k-images-idx3-ubyte": images(1),
  "t10k-labels-idx1-ubyte": labels(2),
};

test("reads the files of a folder in both spellings, compressed or not", async () => {
  await write({
    "train-images.idx3-ubyte": images(3),
    "train-labels-idx1-ubyte.gz": gzipSync(labels(5, 0, 9)),
    "t10k-images.idx3-ubyte.gz": gzipSync(images(1)),
    // A browser may unpack what it downloads and keep the name.
    "t10k-labels-idx1-ubyte.gz": labels(2),
  });
  const { train, test } = await readMnist({ dataDir: folder });
  expect(train).toEqual({
    images: new Uint8Array(3 * 784).fill(7),
    labels: Uint8Array.of(5, 0, 9),
    count: 3,
    height: 28,
    width: 28,
    classes: 10,
  });
  expect([test.count, Array.from(test.labels)]).toEqual([1, [2]]);
});

test("finds the folder mnist in the data folder, and the data folder in GRADUS_DATA", async () => {
  const parent = folder;
  folder = join(parent, "mnist");
  await mkdir(folder);
  await write(plainFiles);
  folder = parent;
  expect((await readMnist({ dataDir: folder })).train.count).toBe(3);
  vi.stubEnv("GRADUS_DATA", folder);
  expect((await readMnist()).train.count).toBe(3);
});

test("missing files: says which, where from, where to, and by which option", async () => {
  await write({ "train-images-idx3-ubyte": images(3) });
  const error: unknown = await readMnist({ dataDir: folder }).catch((e: unknown) => e);
  expect(error).toBeInstanceOf(DataError);
  const message = String(error);
  for (const part of [folder, "train-labels-idx1-ubyte.gz", "MNIST database", "--data-dir", "GRADUS_DATA"]) {
    expect(message).toContain(part);
  }
  expect(message).not.toContain("train-images");

  vi.stubEnv("GRADUS_DATA", undefined);
  await expect(readMnist()).rejects.toThrow(/no data folder is set/);
  await expect(readMnist({ dataDir: join(folder, "none") })).rejects.toThrow(DataError);
});

test.each([
  ["labels that are fewer than the images", { "train-labels-idx1-ubyte": labels(1) }, DataError, /shape \[3\]/],
  ["a label above 9", { "t10k-labels-idx1-ubyte": labels(10) }, DataError, /label 0 is 10/],
  ["images of another size", { "t10k-images-idx3-ubyte": images(1, 27) }, DataError, /\[1, 27, 28\].*\[n, 28, 28\]/],
  ["swapped files", { "t10k-images-idx3-ubyte": labels(2) }, DataError, /shape \[1\]/],
  ["a truncated file", { "t10k-images-idx3-ubyte": images(1).subarray(0, 500) }, FormatError, /truncated/],
  ["truncated gzip", { "t10k-images-idx3-ubyte": gzipSync(images(1)).subarray(0, 30) }, FormatError, /gzip/],
  ["a decompression bomb", { "t10k-images-idx3-ubyte": gzipSync(new Uint8Array(2 ** 27)) }, FormatError, /larger than/],
])("%s: a typed error that names the file", async (_, files, type, message) => {
  await write({ ...plainFiles, ...files });
  const error: unknown = await readMnist({ dataDir: folder }).catch((e: unknown) => e);
  expect(error).toBeInstanceOf(type);
  expect(String(error)).toMatch(message);
  expect(String(error)).toContain(join(folder, Object.keys(files)[0] ?? ""));
});

test.runIf(realData !== undefined)("the real data set has its known sizes, first labels and class counts", async () => {
  const { train, test } = await readMnist(realData === undefined ? {} : { dataDir: realData });
  expect([train.count, test.count]).toEqual([60_000, 10_000]);
  expect(Array.from(train.labels.subarray(0, 10))).toEqual([5, 0, 4, 1, 9, 2, 1, 3, 1, 4]);
  expect(Array.from(test.labels.subarray(0, 10))).toEqual([7, 2, 1, 0, 4, 1, 4, 9, 5, 9]);
  const counts = new Array<number>(10).fill(0);
  for (const label of train.labels) counts[label] = (counts[label] ?? 0) + 1;
  expect(counts).toEqual([5923, 6742, 5958, 6131, 5842, 5421, 5918, 6265, 5851, 5949]);
  // The mean pixel, the constant that every recipe for MNIST normalizes with.
  const mean = train.images.reduce((sum, pixel) => sum + pixel, 0) / train.images.length / 255;
  expect(mean).toBeCloseTo(0.1307, 4);
});
