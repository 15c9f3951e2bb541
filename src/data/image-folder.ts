import { readdir, readFile, stat } from "node:fs/promises";
import { join } from "node:path";
import { ArgumentError, DataError } from "../core/errors.js";
import { decodeImage } from "./decode-image.js";
import { imageHeader } from "./image-header.js";
import type { ImageSet, ImageSplits } from "./image-set.js";
import { resizeImage, withChannels } from "./resize-image.js";
import { Xoshiro128 } from "./xoshiro128.js";

export interface ImageFolderOptions {
  /** Height and width that all images are scaled to; if not given the size that all have, or 64×64 where they differ. */
  readonly size?: readonly [height: number, width: number] | undefined;
  /** If not given, 1 where all images are grey and 3 where one has colour. */
  readonly channels?: 1 | 3 | undefined;
  /** The share of each class that is set apart for testing where the folder does not say; 0.2 if not given. */
  readonly testShare?: number | undefined;
  /** Decides which images are set apart; 0 if not given. */
  readonly seed?: number | undefined;
}

const usualSize = [64, 64] as const;

interface LabelledFile {
  readonly path: string;
  readonly label: number;
}

/**
 * PNG and JPEG images in a folder for each class, such as `cats/1.png` and `dogs/1.jpg`: all of the folder `train` and all of
 * the folder `test` (or `val`) if it has these, else a share of each class is set apart. Classes are in the order of their names;
 * other files, and folders whose names begin with a dot, do not count. Throws DataError where there are no such images or more than
 * 256 classes, FormatError for a damaged one.
 */
export async function loadImageFolder(folder: string, options: ImageFolderOptions = {}): Promise<ImageSplits> {
  const { testShare = 0.2, seed = 0 } = options;
  if (!(testShare > 0 && testShare < 1)) {
    throw new ArgumentError(`[loadImageFolder] testShare ${testShare} must lie between 0 and 1`);
  }
  const names = await foldersIn(folder);
  const testFolder = ["test", "val"].find((name) => names.includes(name));
  const split = names.includes("train") && testFolder !== undefined;
  const classNames = split ? await foldersIn(join(folder, "train")) : names;
  if (classNames.length > 256) throw new DataError(`${folder}: ${classNames.length} classes; at most 256 are possible.`);
  const parts = split
    ? [await filesIn(join(folder, "train"), classNames), await filesIn(join(folder, testFolder), classNames)]
    : setApart(await filesIn(folder, classNames), classNames.length, testShare, seed);
  const [train = [], test = []] = parts;
  if (train.length === 0 || test.length === 0) {
    throw new DataError(
      `${folder}: ${train.length} images to train on and ${test.length} to test on; ` +
        "expected a folder for each class with PNG or JPEG images in it, such as cats/1.png and dogs/1.jpg.",
    );
  }
  const form = await commonForm([...train, ...test], options);
  return { train: await readImages(train, classNames, form), test: await readImages(test, classNames, form) };
}

interface Form {
  readonly height: number;
  readonly width: number;
  readonly channels: 1 | 3;
}

/** Size and channels for all images, from their headers. */
async function commonForm(files: readonly LabelledFile[], { size, channels }: ImageFolderOptions): Promise<Form> {
  if (size && channels) return { height: size[0], width: size[1], channels };
  const headers: Form[] = [];
  for (const { path } of files) headers.push(imageHeader(await readFile(path), path));
  const [first] = headers;
  const alike = first && headers.every(({ height, width }) => height === first.height && width === first.width);
  const [height, width] = size ?? (alike ? [first.height, first.width] : usualSize);
  return { height, width, channels: channels ?? (headers.every((header) => header.channels === 1) ? 1 : 3) };
}

/** Decodes one image after another, so that only one is there in full size. */
async function readImages(
  files: readonly LabelledFile[],
  classNames: readonly string[],
  form: Form,
): Promise<ImageSet> {
  const { height, width, channels } = form;
  const plane = height * width;
  const images = new Uint8Array(files.length * channels * plane);
  for (const [i, { path }] of files.entries()) {
    const decoded = await decodeImage(await readFile(path), { source: path });
    const { pixels } = withChannels(resizeImage(decoded, height, width), channels);
    for (let c = 0; c < channels; c++) {
      for (let p = 0; p < plane; p++) images[(i * channels + c) * plane + p] = pixels[p * channels + c] ?? 0;
    }
  }
  const labels = Uint8Array.from(files, ({ label }) => label);
  return { images, labels, count: files.length, height, width, channels, classes: classNames.length, classNames };
}

/** Files for training and testing, of each class the same share. */
function setApart(files: readonly LabelledFile[], classes: number, share: number, seed: number): LabelledFile[][] {
  const held = new Set<LabelledFile>();
  for (let label = 0; label < classes; label++) {
    const random = new Xoshiro128(seed, label);
    const ofClass = files.filter((file) => file.label === label).map((file) => ({ file, order: random.uint32() }));
    ofClass.sort((a, b) => a.order - b.order);
    for (const { file } of ofClass.slice(0, Math.round(share * ofClass.length))) held.add(file);
  }
  return [files.filter((file) => !held.has(file)), files.filter((file) => held.has(file))];
}

async function foldersIn(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { withFileTypes: true }).catch((error: unknown) => {
    throw new DataError(`cannot read the folder ${folder}: ${String(error)}`, { cause: error });
  });
  const names = entries.map((entry) => entry.name).filter((name) => !name.startsWith("."));
  const folders = await Promise.all(names.map((name) => stat(join(folder, name)).catch(() => undefined)));
  return names.filter((_, i) => folders[i]?.isDirectory()).sort();
}

async function filesIn(folder: string, classNames: readonly string[]): Promise<LabelledFile[]> {
  const strange = (await foldersIn(folder)).find((name) => !classNames.includes(name));
  if (strange !== undefined) {
    throw new DataError(`${folder}: the class ${strange} is not among those to train on: ${classNames.join(", ")}.`);
  }
  const files: (LabelledFile & { readonly turn: number })[] = [];
  for (const [label, name] of classNames.entries()) {
    const names = await readdir(join(folder, name)).catch(() => []);
    const images = names.filter((file) => /^[^.].*\.(?:png|jpe?g)$/i.test(file)).sort();
    files.push(...images.map((file, turn) => ({ path: join(folder, name, file), label, turn })));
  }
  // The classes take turns, so that the first images are of all classes.
  return files.sort((a, b) => a.turn - b.turn || a.label - b.label);
}
