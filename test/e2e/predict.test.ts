import { existsSync } from "node:fs";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, expect, test } from "vitest";
import { generateDigits } from "../../src/data/digits.js";
import type { ImageSet } from "../../src/data/image-set.js";
import { loadDataset } from "../../src/data/load-dataset.js";
import { takePhoto, toJpeg, toPng, variedPhotoOptions } from "../photo.js";
import { runGradus } from "./run-gradus.js";

interface Prediction {
  readonly file: string;
  readonly class: string;
  readonly probability: number;
  readonly probabilities: Record<string, number>;
  readonly fitted: string;
}

const dataDir = process.env["GRADUS_DATA"] || join(dirname(fileURLToPath(import.meta.url)), "../../../shared/data");
const mnist = existsSync(join(dataDir, "mnist"));
if (!mnist) console.warn(`no MNIST in ${dataDir}: its test is skipped; name its folder with GRADUS_DATA`);

const digits = generateDigits({ train: 1, test: 40 }).test;
let folder = "";

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "gradus-predict-"));
  const argv = ["train", "lenet", "--limit", "4000", "--epochs", "3", "--threads", "2", "--out", "run"];
  const { code, err } = await runGradus(folder, argv);
  expect([code, err]).toEqual([0, expect.any(String)]);
});
afterAll(async () => {
  await rm(folder, { recursive: true });
});

/** Saves photos of images, every third one as JPEG, and gives back their files. */
async function savePhotos(set: ImageSet, count: number): Promise<string[]> {
  const files: string[] = [];
  for (let i = 0; i < count; i++) {
    const photo = takePhoto(set.images.subarray(i * 784, (i + 1) * 784), 28, variedPhotoOptions(i));
    const file = `photo-${i}.${i % 3 === 0 ? "jpg" : "png"}`;
    await writeFile(join(folder, file), i % 3 === 0 ? toJpeg(photo) : toPng(photo));
    files.push(file);
  }
  return files;
}

async function shareRead(set: ImageSet, run: string, count: number): Promise<number> {
  const files = await savePhotos(set, count);
  const { code, out, err } = await runGradus(folder, ["predict", run, ...files, "--json"]);
  expect([code, err]).toEqual([0, ""]);
  const predictions = JSON.parse(out) as Prediction[];
  expect(predictions.map(({ file }) => file)).toEqual(files);
  return predictions.filter((prediction, i) => prediction.class === String(set.labels[i])).length / count;
}

test("photos of drawn digits are read right for 9 of 10", async () => {
  expect(await shareRead(digits, "run", 40)).toBeGreaterThanOrEqual(0.9);
});

test.skipIf(!mnist)("photos of MNIST's handwriting are read right for 9 of 10 by a network trained on MNIST", async () => {
  const { code } = await runGradus(folder, ["train", "lenet", "--data", "mnist", "--data-dir", dataDir, "--limit", "20000", "--epochs", "1", "--out", "mnist-run"]);
  expect(code).toBe(0);
  expect(await shareRead((await loadDataset("mnist", { dataDir, download: false })).test, "mnist-run", 60)).toBeGreaterThanOrEqual(0.9);
});

test("prints probabilities as bars, without colour in a pipe, and says how an image was fitted", async () => {
  const [file = ""] = await savePhotos(digits, 1);
  const { code, out } = await runGradus(folder, ["predict", "run", file, "--show"]);
  expect(code).toBe(0);
  const lines = out.trimEnd().split("\n");
  expect(lines[0]).toMatch(/^photo-0\.jpg: \d$/);
  expect(lines[1]).toMatch(/^ {2}\d+×\d+ colour, dark on light, inverted, cropped, scaled to \d+×\d+, centred by mass in 28×28$/);
  expect(lines.slice(2, 12).every((line, i) => new RegExp(`^  ${i}  [█▏▎▍▌▋▊▉░]{40}  +\\d+\\.\\d %$`).test(line))).toBe(true);
  expect(lines.slice(12).join("")).toMatch(/^[ .:\-=+*#%@]+$/);
  expect(out.includes("\x1b")).toBe(false);
});

test("reads an image from a pipe, transparent ones of light ink too", async () => {
  const { images } = digits;
  // White ink whose opacity is that of the drawing.
  const pixels = Uint8Array.from({ length: 784 * 4 }, (_, i) => (i % 4 === 3 ? (images[i >> 2] ?? 0) : 255));
  const { encode } = await import("fast-png");
  const { code, out } = await runGradus(folder, ["predict", "run", "-", "--json"], encode({ width: 28, height: 28, channels: 4, data: pixels }));
  const [prediction] = JSON.parse(out) as Prediction[];
  expect([code, prediction?.file, prediction?.fitted]).toEqual([0, "-", expect.stringContaining("light on dark")]);
  expect(Object.values(prediction?.probabilities ?? {}).reduce((a, b) => a + b, 0)).toBeCloseTo(1, 5);
});

test("an image that cannot be read does not keep the others from it", async () => {
  await writeFile(join(folder, "notes.txt"), "no picture");
  const [file = ""] = await savePhotos(digits, 1);
  const { code, out, err } = await runGradus(folder, ["predict", "run", "notes.txt", file, "gone.png", "--json"]);
  expect([code, (JSON.parse(out) as Prediction[]).length]).toEqual([1, 1]);
  expect(err).toMatch(/^gradus: notes\.txt: .*\ngradus: gone\.png: cannot be read: .*ENOENT/);
});

test("what is no run's folder is said", async () => {
  const { code, err } = await runGradus(folder, ["predict", "nothing", "a.png"]);
  expect([code, err]).toEqual([2, expect.stringContaining("nothing is no run's folder")]);
});

test("evaluate shows scores by class, the confusion matrix and wrongly read images; what it says agrees with --json", async () => {
  const { code, out, err } = await runGradus(folder, ["evaluate", "run"]);
  expect([code, err, out.includes("\x1b")]).toEqual([0, "", false]);
  expect(out).toContain("class  precision    recall        F1  examples");
  expect(out).toMatch(/were read wrongly, such as these:\n\n\d read as \d/);
  const json = JSON.parse((await runGradus(folder, ["evaluate", "run", "--json"])).out) as {
    accuracy: number; loss: number; examples: number; confusion: number[][]; wrong: unknown[]; classes: { recall: number; support: number }[];
  };
  const saved = (await readFile(join(folder, "run", "metrics.jsonl"), "utf8")).trim().split("\n").at(-1) ?? "";
  expect((JSON.parse(saved) as { test: unknown }).test).toEqual({ loss: json.loss, accuracy: json.accuracy });
  expect(json.examples).toBe(2000);
  expect(json.wrong.length).toBe(Math.round(2000 * (1 - json.accuracy)));
  const diagonal = json.confusion.map((row, i) => row[i] ?? 0);
  expect(diagonal.reduce((a, b) => a + b, 0) / 2000).toBeCloseTo(json.accuracy, 12);
  json.classes.forEach(({ recall, support }, i) => expect(recall).toBeCloseTo((diagonal[i] ?? 0) / support, 12));
  const other = await runGradus(folder, ["evaluate", "run", "--data", "mnits"]);
  expect([other.code, other.err]).toEqual([2, expect.stringContaining("did you mean mnist?")]);
});
