import { createHash } from "node:crypto";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { createTar } from "nanotar";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { ArgumentError, DataError, FormatError } from "../core/errors.js";
import { catalog, type DatasetEntry, type DatasetName } from "./catalog.js";
import { fetchFiles } from "./fetch-files.js";
import { loadDataset } from "./load-dataset.js";
import { columnOf, missingCount } from "./table.js";

const realData = process.env["GRADUS_DATA"];
let folder = "";

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "gradus-data-"));
  vi.stubEnv("GRADUS_CACHE", join(folder, "cache"));
  vi.stubEnv("GRADUS_DATA", "");
  vi.stubEnv("GRADUS_OFFLINE", "1");
});
afterEach(async () => {
  vi.unstubAllEnvs();
  vi.unstubAllGlobals();
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

async function write(files: Readonly<Record<string, Uint8Array | string>>, where = folder): Promise<void> {
  await mkdir(where, { recursive: true });
  for (const [name, bytes] of Object.entries(files)) await writeFile(join(where, name), bytes);
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
  const { train, test } = await loadDataset("mnist", { dataDir: folder });
  expect(train).toEqual({
    images: new Uint8Array(3 * 784).fill(7),
    labels: Uint8Array.of(5, 0, 9),
    count: 3,
    height: 28,
    width: 28,
    channels: 1,
    classes: 10,
    classNames: catalog.mnist.classNames,
  });
  expect([test.count, Array.from(test.labels)]).toEqual([1, [2]]);
});

test("looks in the data folder, in its folder of that name, in GRADUS_DATA and in the cache", async () => {
  await write(plainFiles, join(folder, "here", "fashion-mnist"));
  const { train } = await loadDataset("fashion-mnist", { dataDir: join(folder, "here") });
  expect([train.count, train.classNames?.[9]]).toEqual([3, "Ankle boot"]);
  vi.stubEnv("GRADUS_DATA", join(folder, "here"));
  expect((await loadDataset("fashion-mnist")).train.count).toBe(3);
  await write({ "iris.data": "1,2,3,4,a\n5,6,7,8,b\n\n" }, join(folder, "cache", "data", "iris"));
  const iris = await loadDataset("iris");
  expect([iris.table.rows, iris.target, iris.features.length]).toEqual([2, "species", 4]);
});

test("missing files: says which, how large, where from, where to, and by which option", async () => {
  await write({ "train-images-idx3-ubyte": images(3) });
  const error: unknown = await loadDataset("mnist", { dataDir: folder }).catch((e: unknown) => e);
  expect(error).toBeInstanceOf(DataError);
  const message = String(error);
  const from = "https://storage.googleapis.com/cvdf-datasets/mnist/train-labels-idx1-ubyte.gz";
  for (const part of [folder, from, "28881 bytes", "MNIST database", "--data-dir", "GRADUS_DATA", join("cache", "data", "mnist")]) {
    expect(message).toContain(part);
  }
  expect(message).not.toContain("train-images");
  await expect(loadDataset("none" as "mnist")).rejects.toThrow(ArgumentError);
});

test("without network the error says the same, and why", async () => {
  vi.stubGlobal("fetch", () => Promise.reject(new TypeError("fetch failed", { cause: new Error("getaddrinfo ENOTFOUND") })));
  const loading = loadDataset("wine", { download: true, attempts: 1 });
  await expect(loading).rejects.toThrow(DataError);
  await expect(loading).rejects.toThrow(/wine\.data \(10782 bytes\): https:.*getaddrinfo ENOTFOUND.*--data-dir/s);
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
  const error: unknown = await loadDataset("mnist", { dataDir: folder }).catch((e: unknown) => e);
  expect(error).toBeInstanceOf(type);
  expect(String(error)).toMatch(message);
  expect(String(error)).toContain(join(folder, Object.keys(files)[0] ?? ""));
});

/** Records of CIFAR-10 with these labels; the planes of each hold its number, and 1 and 2 more. */
function records(...values: number[]): Uint8Array {
  const bytes = new Uint8Array(values.length * 3073);
  values.forEach((label, i) => {
    bytes[i * 3073] = label;
    for (let plane = 0; plane < 3; plane++) bytes.fill(i + plane, i * 3073 + 1 + plane * 1024, i * 3073 + 1025 + plane * 1024);
  });
  return bytes;
}

test("CIFAR-10: all records of the batches, planes of three colours; a part of it says that it is one", async () => {
  const batches = Object.fromEntries([1, 2, 3, 4, 5].map((n) => [`data_batch_${n}.bin`, records(n, 0)]));
  await write({ ...batches, "test_batch.bin": records(9) }, join(folder, "cifar10"));
  const { train, test, notice } = await loadDataset("cifar10", { dataDir: folder });
  expect([train.count, train.channels, test.count, notice]).toEqual([10, 3, 1, undefined]);
  expect(Array.from(train.labels)).toEqual([1, 0, 2, 0, 3, 0, 4, 0, 5, 0]);
  expect([0, 1023, 1024, 2048, 3072].map((i) => train.images[i])).toEqual([0, 0, 1, 2, 1]);

  const part = join(folder, "part");
  await write({ "data_batch_1_first4000.bin": records(3, 4), "test_batch_first1000.bin": records(5) }, join(part, "cifar10-subset"));
  const few = await loadDataset("cifar10", { dataDir: part });
  expect([few.train.count, Array.from(few.test.labels)]).toEqual([2, [5]]);
  expect(few.notice).toContain("4,000 of its 50,000");
  await write({ "test_batch.bin": records(1).subarray(1) }, join(folder, "cifar10"));
  await expect(loadDataset("cifar10", { dataDir: folder })).rejects.toThrow(/3072 bytes are no whole number of records/);
});

test("Adult's two files share their categories", async () => {
  const row = (work: string, country: string, income: string): string =>
    `39, ${work}, 7, Bachelors, 13, Single, Sales, Wife, White, Male, 0, 0, 40, ${country}, ${income}\n`;
  await write({
    "adult.data": `${row("State-gov", "?", ">50K")}${row("Private", "Cuba", "<=50K")}\n`,
    "adult.test": `|1x3 Cross validator\n${row("?", "Japan", "<=50K.")}${row("Private", "Cuba", ">50K.")}\n`,
  });
  const { table, test, task } = await loadDataset("adult", { dataDir: folder });
  expect([table.rows, test?.rows, task]).toEqual([2, 2, "classification"]);
  expect(test && columnOf(test, "income")).toEqual({
    name: "income",
    kind: "categorical",
    categories: ["<=50K", ">50K"],
    codes: Int32Array.of(0, 1),
  });
  expect(columnOf(table, "native-country")).toMatchObject({ categories: ["Cuba", "Japan"], codes: Int32Array.of(-1, 0) });
});

test("archives are unpacked into the wanted files, each checked", async () => {
  const content = new TextEncoder().encode("records");
  const archive = createTar([{ name: "batches/data.bin", data: content }, { name: "batches/readme", data: content }]);
  const packed = gzipSync(archive);
  vi.stubGlobal("fetch", () => Promise.resolve(new Response(packed)));
  const sum = (bytes: Uint8Array): string => createHash("sha256").update(bytes).digest("hex");
  const from = { url: "http://localhost/data.tar.gz", bytes: packed.length, sha256: sum(packed) };
  const file = { name: "data.bin", bytes: content.length, sha256: sum(content), from };
  await fetchFiles([file], folder);
  const { readdir, readFile } = await import("node:fs/promises");
  expect([await readdir(folder), await readFile(join(folder, "data.bin"), "utf8")]).toEqual([["data.bin"], "records"]);
  await expect(fetchFiles([{ ...file, name: "other.bin" }], folder)).rejects.toThrow(/holds no file other\.bin/);
  await expect(fetchFiles([{ ...file, sha256: sum(packed) }], folder)).rejects.toThrow(/its data\.bin has the SHA-256/);
});

test("the catalog is sound", () => {
  for (const entry of Object.values(catalog) as DatasetEntry[]) {
    for (const { sha256, bytes, from } of entry.files) {
      expect(sha256).toMatch(/^[0-9a-f]{64}$/);
      expect(bytes).toBeGreaterThan(0);
      for (const url of "url" in from ? [from.url] : from) expect(URL.canParse(url)).toBe(true);
    }
  }
});

test.runIf(realData !== undefined)("the real data sets have their known sizes, classes and gaps", async () => {
  const dataDir = realData;
  const { train, test } = await loadDataset("mnist", { dataDir });
  expect([train.count, test.count]).toEqual([60_000, 10_000]);
  expect(Array.from(train.labels.subarray(0, 10))).toEqual([5, 0, 4, 1, 9, 2, 1, 3, 1, 4]);
  expect(Array.from(test.labels.subarray(0, 10))).toEqual([7, 2, 1, 0, 4, 1, 4, 9, 5, 9]);
  const counts = new Array<number>(10).fill(0);
  for (const label of train.labels) counts[label] = (counts[label] ?? 0) + 1;
  expect(counts).toEqual([5923, 6742, 5958, 6131, 5842, 5421, 5918, 6265, 5851, 5949]);
  // The mean pixel, the constant that every recipe for MNIST normalizes with.
  const mean = train.images.reduce((sum, pixel) => sum + pixel, 0) / train.images.length / 255;
  expect(mean).toBeCloseTo(0.1307, 4);
  const fashion = await loadDataset("fashion-mnist", { dataDir });
  expect([fashion.train.count, fashion.test.count]).toEqual([60_000, 10_000]);
  expect((await loadDataset("tiny-shakespeare", { dataDir })).text).toHaveLength(1_115_394);

  const shapes: Record<string, unknown> = {};
  for (const name of ["iris", "wine", "breast-cancer", "titanic", "california-housing", "airline-passengers", "adult"] as const) {
    const { table, test: held, features, target } = await loadDataset(name, { dataDir });
    const told = columnOf(table, target);
    const missing = table.columns.filter((c) => missingCount(c) > 0).map((c) => `${c.name} ${missingCount(c)}`);
    shapes[name] = [table.rows, held?.rows, features.length, told.kind === "categorical" ? told.categories : told.kind, missing];
  }
  expect(shapes).toEqual({
    iris: [150, undefined, 4, ["Iris-setosa", "Iris-versicolor", "Iris-virginica"], []],
    wine: [178, undefined, 13, ["1", "2", "3"], []],
    "breast-cancer": [569, undefined, 30, ["B", "M"], []],
    titanic: [891, undefined, 8, ["0", "1"], ["age 177", "embarked 2", "deck 688", "embark_town 2"]],
    "california-housing": [20_640, undefined, 9, "numeric", ["total_bedrooms 207"]],
    "airline-passengers": [144, undefined, 2, "numeric", []],
    adult: [32_561, 16_281, 14, ["<=50K", ">50K"], ["workclass 1836", "occupation 1843", "native-country 583"]],
  });
}, 60_000);

test.runIf(realData !== undefined)("where the real files are the published ones, their sums are those of the catalog", async () => {
  const { sha256Of } = await import("./download.js");
  const { findFiles, placesOf } = await import("./find-files.js");
  // The others are parts, or were compressed anew.
  for (const name of Object.keys(catalog) as DatasetName[]) {
    const entry: DatasetEntry = catalog[name];
    if (entry.kind === "images") continue;
    const { paths } = await findFiles(entry, placesOf(name, entry, realData));
    expect([name, await Promise.all(paths.map(sha256Of))]).toEqual([name, entry.files.map((file) => file.sha256)]);
  }
});
