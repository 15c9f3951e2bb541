import { DataError } from "../core/errors.js";
import { catalog, type DatasetEntry, type DatasetName } from "./catalog.js";
import type { ImageSplits } from "./image-set.js";
import type { NamedBytes } from "./read-images.js";
import type { TableSplits } from "./read-table.js";
import { unpackGzip } from "./unpack.js";

/** Images for training and testing. */
export interface ImageDataset extends ImageSplits {
  readonly kind: "images";
  readonly name: string;
  /** What must be known about this data set, such as that only a part of it is at hand. */
  readonly notice?: string;
}

export interface TableDataset extends TableSplits {
  readonly kind: "table";
  readonly name: string;
}

export interface TextDataset {
  readonly kind: "text";
  readonly name: string;
  readonly text: string;
}

/** The form that a data set of that name has. */
export type DatasetOf<N extends DatasetName> = Extract<
  ImageDataset | TableDataset | TextDataset,
  { readonly kind: (typeof catalog)[N]["kind"] }
>;

/** The largest of MNIST's files unpacks to 47,040,016 bytes; what is far larger is none, or a decompression bomb. */
const unpackedLimit = 64 * 2 ** 20;

/**
 * A data set from the content of its files (by the names in `catalog`, gzip-compressed or not), in Node and in browsers. Throws
 * DataError for a file that is missing, and where files do not belong together, FormatError where one is damaged.
 */
export async function readDataset<N extends DatasetName>(name: N, files: readonly NamedBytes[]): Promise<DatasetOf<N>> {
  const unpacked = await Promise.all(
    files.map(async (file) => ({ name: file.name, bytes: await unpackGzip(file.bytes, unpackedLimit, file.name) })),
  );
  return (await readUnpacked(name, catalog[name], unpacked)) as DatasetOf<N>;
}

async function readUnpacked(
  name: string,
  entry: DatasetEntry,
  files: readonly NamedBytes[],
): Promise<ImageDataset | TableDataset | TextDataset> {
  if (entry.kind === "text") {
    const [{ bytes }] = inOrder(name, entry, files);
    return { kind: "text", name, text: new TextDecoder().decode(bytes) };
  }
  if (entry.kind === "table") {
    const { readTable } = await import("./read-table.js");
    return { kind: "table", name, ...readTable(entry, inOrder(name, entry, files)) };
  }
  if (entry.format === "drawn") {
    // Always the same images, so that a run is evaluated on what it was tested on.
    const { generateDigitsAsync } = await import("./digits.js");
    return { kind: "images", name, ...(await generateDigitsAsync()) };
  }
  const { readCifarRecords, readIdxImages } = await import("./read-images.js");
  if (entry.format === "cifar") {
    const whole = entry.part === undefined || entry.files.every((file) => files.some((f) => baseName(f.name) === file.name));
    const used = whole ? inOrder(name, entry, files) : files;
    const of = (test: boolean): readonly NamedBytes[] => used.filter((f) => baseName(f.name).startsWith("test") === test);
    const splits = { train: readCifarRecords(of(false), entry), test: readCifarRecords(of(true), entry) };
    return { kind: "images", name, ...splits, ...(entry.part && !whole ? { notice: entry.part.notice } : {}) };
  }
  const [trainImages, trainLabels, testImages, testLabels] = inOrder(name, entry, files);
  if (!trainLabels || !testImages || !testLabels) throw new DataError(`${name}: needs four files`);
  return {
    kind: "images",
    name,
    train: readIdxImages(trainImages, trainLabels, entry),
    test: readIdxImages(testImages, testLabels, entry),
  };
}

/** The files of an entry, in its order. */
function inOrder(name: string, entry: DatasetEntry, files: readonly NamedBytes[]): [NamedBytes, ...NamedBytes[]] {
  const found = entry.files.map((wanted) => {
    const file = files.find((f) => spellings(wanted.name).includes(baseName(f.name)));
    if (file) return file;
    throw new DataError(`${name}: the file ${wanted.name} is missing among ${files.map((f) => f.name).join(", ") || "none"}.`);
  });
  const [first, ...rest] = found;
  if (!first) throw new DataError(`${name}: has no files.`);
  return [first, ...rest];
}

/** The names under which a file is found: packed or not, and as some mirrors of MNIST write it. */
export function spellings(name: string): string[] {
  const plain = name.replace(/\.gz$/, "");
  const dotted = plain.replace("-idx", ".idx");
  return [...new Set([plain, `${plain}.gz`, dotted, `${dotted}.gz`])];
}

function baseName(path: string): string {
  return path.slice(Math.max(path.lastIndexOf("/"), path.lastIndexOf("\\")) + 1);
}
