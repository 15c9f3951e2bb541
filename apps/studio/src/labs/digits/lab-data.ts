import { DataError, generateDigitsAsync, type DigitsOptions, type ImageSet } from "gradus";
import { catalog, parseIdx, type IdxArray, type ImageFit } from "gradus/data";

/** Images to train on and to be judged by. */
export interface LabData {
  /** What the command line calls it, or "files". */
  readonly name: string;
  readonly train: ImageSet;
  readonly test: ImageSet;
  /** How drawings are made into such images. */
  readonly fit: ImageFit;
}

/** A file that the user picked. */
export interface PickedFile {
  readonly name: string;
  readonly bytes: Uint8Array;
}

/** The digits that the library draws: nothing is loaded. */
export async function generatedDigits(options?: DigitsOptions): Promise<LabData> {
  return { name: "digits", ...(await generateDigitsAsync(options)), fit: "handwriting" };
}

/**
 * Images and labels from IDX files, as they are or gzipped: those of MNIST, or others of the same form. Of two pairs of files the larger one is
 * trained on; of one pair, all but the last sixth. Throws DataError where files are missing, FormatError for damaged ones.
 */
export async function dataFromFiles(files: readonly PickedFile[]): Promise<LabData> {
  const known = await entryOf(files);
  const arrays = await Promise.all(files.map(async ({ name, bytes }) => ({ name, ...parseIdx(await unpacked(bytes), name) })));
  const images = arrays.filter(({ shape }) => shape.length === 3);
  const labels = arrays.filter(({ shape }) => shape.length === 1);
  const sets = images.map((file) => {
    const own = labels.find(({ shape }) => shape[0] === file.shape[0]);
    if (!own) throw new DataError(`${file.name} holds ${file.shape[0]} images, and no file has as many labels: pick images and labels together, such as train-images-idx3-ubyte and train-labels-idx1-ubyte`);
    return imageSet(file, own, known?.classNames);
  });
  const [larger, smaller] = sets.sort((a, b) => b.count - a.count);
  if (!larger) throw new DataError(`no file holds images: pick IDX files of images and of labels, such as those of MNIST; these are ${files.map(({ name }) => name).join(", ")}`);
  const classes = Math.max(larger.classes, smaller?.classes ?? 0);
  const split = smaller ? 0 : Math.ceil(larger.count / 6);
  return {
    name: known?.name ?? "files",
    train: { ...part(larger, 0, larger.count - split), classes },
    test: { ...(smaller ?? part(larger, larger.count - split, larger.count)), classes },
    fit: known?.name === "fashion-mnist" ? "object" : "handwriting",
  };
}

type Named = { readonly name: string } & IdxArray;

function imageSet(images: Named, labels: Named, classNames?: readonly string[]): ImageSet {
  const [count = 0, height = 0, width = 0] = images.shape;
  if (images.dtype !== "uint8" || labels.dtype !== "uint8") throw new DataError(`${images.name} and ${labels.name} must hold uint8, and hold ${images.dtype} and ${labels.dtype}`);
  if (count === 0 || height < 12 || width < 12) throw new DataError(`${images.name} holds ${count} images of ${height}×${width}: at least one of 12×12 is needed`);
  const classes = classNames?.length ?? Math.max(10, labels.data.reduce((a, b) => Math.max(a, b), 0) + 1);
  return { images: images.data, labels: labels.data, count, height, width, classes, ...(classNames && { classNames }) };
}

function part(set: ImageSet, from: number, to: number): ImageSet {
  const size = set.height * set.width;
  return { ...set, images: set.images.subarray(from * size, to * size), labels: set.labels.subarray(from, to), count: to - from };
}

/** The data set that published a file with these bytes. */
async function entryOf(files: readonly PickedFile[]): Promise<{ readonly name: string; readonly classNames: readonly string[] } | undefined> {
  const sums = await Promise.all(files.map(({ bytes }) => sha256(bytes)));
  for (const [name, entry] of Object.entries(catalog)) {
    if (entry.kind === "images" && entry.files.some((file) => sums.includes(file.sha256))) return { name, classNames: entry.classNames };
  }
  return undefined;
}

async function sha256(bytes: Uint8Array): Promise<string> {
  const digest = await crypto.subtle.digest("SHA-256", bytes as Uint8Array<ArrayBuffer>);
  return Array.from(new Uint8Array(digest), (byte) => byte.toString(16).padStart(2, "0")).join("");
}

async function unpacked(bytes: Uint8Array): Promise<Uint8Array> {
  if (bytes[0] !== 0x1f || bytes[1] !== 0x8b) return bytes;
  const stream = new Blob([bytes as Uint8Array<ArrayBuffer>]).stream().pipeThrough(new DecompressionStream("gzip"));
  return new Uint8Array(await new Response(stream).arrayBuffer());
}
