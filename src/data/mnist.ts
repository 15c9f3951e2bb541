import { readFile, stat } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { gunzip } from "node:zlib";
import { DataError, FormatError } from "../core/errors.js";
import { parseIdx } from "./idx.js";
import type { ImageSet, ImageSplits } from "./image-set.js";

export interface MnistOptions {
  /** Folder that holds the four files, itself or in its folder `mnist`; `GRADUS_DATA` if not given. */
  readonly dataDir?: string;
}

const fileNames = [
  "train-images-idx3-ubyte",
  "train-labels-idx1-ubyte",
  "t10k-images-idx3-ubyte",
  "t10k-labels-idx1-ubyte",
];
const imageSize = 28;
const classes = 10;
/** The largest official file unpacks to 47,040,016 bytes; what is far larger is no MNIST, or a decompression bomb. */
const maxUnpackedBytes = 64 * 2 ** 20;
const unpack = promisify(gunzip);

/**
 * Reads MNIST (60,000 training and 10,000 test images of 28×28) from its four IDX files, gzip-compressed or not, named
 * `train-images-idx3-ubyte` or `train-images.idx3-ubyte`. Throws DataError where files are missing or do not belong
 * together, FormatError where one is damaged.
 *
 * Source: LeCun, Cortes, Burges, "The MNIST database of handwritten digits".
 */
export async function readMnist(options: MnistOptions = {}): Promise<ImageSplits> {
  const paths = await findFiles(options.dataDir ?? process.env["GRADUS_DATA"]);
  const [trainImages = "", trainLabels = "", testImages = "", testLabels = ""] = paths;
  return { train: await readSet(trainImages, trainLabels), test: await readSet(testImages, testLabels) };
}

/** The paths of the four files, in the order of `fileNames`, all from one folder. */
async function findFiles(dataDir: string | undefined): Promise<string[]> {
  if (dataDir === undefined || dataDir === "") throw missingFiles("no data folder is set", fileNames);
  let missing = fileNames;
  for (const folder of [dataDir, join(dataDir, "mnist")]) {
    const paths = await Promise.all(fileNames.map((name) => findFile(folder, name)));
    const found = paths.filter((path) => path !== undefined);
    if (found.length === fileNames.length) return found;
    const absent = fileNames.filter((_, i) => paths[i] === undefined);
    if (absent.length < missing.length) missing = absent;
  }
  throw missingFiles(`not found in ${dataDir} or ${join(dataDir, "mnist")}`, missing);
}

async function findFile(folder: string, name: string): Promise<string | undefined> {
  const spellings = [name, name.replace("-idx", ".idx")];
  for (const file of spellings.flatMap((spelling) => [spelling, `${spelling}.gz`])) {
    const path = join(folder, file);
    const status = await stat(path).catch(() => undefined);
    if (status?.isFile()) return path;
  }
  return undefined;
}

function missingFiles(why: string, names: readonly string[]): DataError {
  const list = names.map((name) => `  ${name} or ${name}.gz`).join("\n");
  return new DataError(
    `MNIST: ${why}:\n${list}\n` +
      'They are the files of "The MNIST database of handwritten digits" (LeCun, Cortes, Burges), ' +
      "yann.lecun.com/exdb/mnist. " +
      "Put all four into DIR or DIR/mnist and name DIR with --data-dir or the environment variable GRADUS_DATA. " +
      "The data set digits needs no download.",
  );
}

async function readSet(imagesPath: string, labelsPath: string): Promise<ImageSet> {
  const images = parseIdx(await readUnpacked(imagesPath), imagesPath);
  const labels = parseIdx(await readUnpacked(labelsPath), labelsPath);
  const [count = 0, height, width] = images.shape;
  if (images.dtype !== "uint8" || images.shape.length !== 3 || height !== imageSize || width !== imageSize) {
    throw new DataError(
      `${imagesPath}: holds ${images.dtype} of shape [${images.shape.join(", ")}]; ` +
        "MNIST images are uint8 of shape [n, 28, 28].",
    );
  }
  if (labels.dtype !== "uint8" || labels.shape.length !== 1 || labels.shape[0] !== count) {
    throw new DataError(
      `${labelsPath}: holds ${labels.dtype} of shape [${labels.shape.join(", ")}]; ` +
        `the ${count} images in ${imagesPath} need uint8 labels of shape [${count}].`,
    );
  }
  const wrong = labels.data.findIndex((label) => label >= classes);
  if (wrong >= 0) {
    throw new DataError(
      `${labelsPath}: label ${wrong} is ${labels.data[wrong]}; MNIST labels are 0 to ${classes - 1}.`,
    );
  }
  return { images: images.data, labels: labels.data, count, height, width, classes };
}

async function readUnpacked(path: string): Promise<Uint8Array> {
  const bytes = await unpackIfGzip(await readSmallFile(path), path);
  // A plain array: `slice` of a Node buffer would be a view where that of a Uint8Array is a copy.
  return new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

async function unpackIfGzip(bytes: Buffer, path: string): Promise<Buffer> {
  // By content, not by name: browsers often unpack a download and keep its ".gz".
  if (bytes[0] !== 0x1f || bytes[1] !== 0x8b) return bytes;
  try {
    return await unpack(bytes, { maxOutputLength: maxUnpackedBytes });
  } catch (error) {
    if (error instanceof RangeError) throw tooLarge(path);
    throw new FormatError(`${path}: damaged gzip data (${String(error)}); fetch the file again.`, { cause: error });
  }
}

async function readSmallFile(path: string): Promise<Buffer> {
  try {
    const { size } = await stat(path);
    if (size <= maxUnpackedBytes) return await readFile(path);
  } catch (error) {
    throw new DataError(`MNIST: cannot read ${path}: ${String(error)}.`, { cause: error });
  }
  throw tooLarge(path);
}

function tooLarge(path: string): FormatError {
  return new FormatError(`${path}: larger than ${maxUnpackedBytes} bytes unpacked, more than any file of MNIST.`);
}
