import { ArgumentError, DataError } from "../core/errors.js";
import { tensor, type Backend, type Tensor } from "../tensor/index.js";
import type { ImageSet } from "./image-set.js";
import { permutation, wordsOf } from "./sampler.js";
import { Xoshiro128 } from "./xoshiro128.js";

/** Examples that can be read in any order. */
export interface Dataset<Batch> {
  /** Number of examples. */
  readonly length: number;
  /** The examples at these positions, as one batch. */
  batch(positions: Int32Array): Batch;
}

/** Images and class indices. */
export type ImageBatch = readonly [images: Tensor, labels: Tensor];

export interface ImageDatasetOptions {
  /** "image" for [B, channels, height, width], as if not given; "flat" for [B, channels·height·width]. */
  readonly layout?: "image" | "flat" | undefined;
  /** Makes pixels float32 (pixel / 255 − mean) / std; without it they stay uint8 from 0 to 255. */
  readonly normalize?: { readonly mean: number; readonly std: number } | undefined;
  /** The default device if not given. */
  readonly device?: Backend | string | undefined;
}

/**
 * Images (uint8, or float32 with `normalize`) and labels (int32 [B]) of a set in memory. Throws ArgumentError for a std
 * of 0.
 */
export function imageDataset(
  set: ImageSet,
  { layout = "image", normalize, device }: ImageDatasetOptions = {},
): Dataset<ImageBatch> {
  const { images, labels, count, height, width, channels = 1 } = set;
  const size = channels * height * width;
  if (images.length !== count * size || labels.length !== count) {
    throw new DataError(
      `[imageDataset] ${count} images of ${channels}×${height}×${width} need ${count * size} pixels and ${count} labels, and ` +
        `came with ${images.length} and ${labels.length}`,
    );
  }
  const shades = normalize && shadeTable(normalize);
  return {
    length: count,
    batch: (positions) => {
      const shape = layout === "flat" ? [positions.length, size] : [positions.length, channels, height, width];
      const pixels = shades ? new Float32Array(positions.length * size) : new Uint8Array(positions.length * size);
      const classes = new Int32Array(positions.length);
      positions.forEach((position, i) => {
        const image = images.subarray(position * size, (position + 1) * size);
        classes[i] = labels[position] ?? 0;
        if (!shades) pixels.set(image, i * size);
        else for (let k = 0; k < size; k++) pixels[i * size + k] = shades[image[k] ?? 0] ?? 0;
      });
      return [tensor(pixels, { shape, device }), tensor(classes, { device })];
    },
  };
}

/** What each of the 256 shades becomes. */
function shadeTable({ mean, std }: { readonly mean: number; readonly std: number }): Float32Array {
  if (!(std > 0)) throw new ArgumentError(`[imageDataset] std ${std} must be above 0`);
  return Float32Array.from({ length: 256 }, (_, shade) => (shade / 255 - mean) / std);
}

/** Rows of tensors along their first axis, the same ones of each. Throws ArgumentError where they differ in number. */
export function tensorDataset<const T extends readonly [Tensor, ...Tensor[]]>(
  ...tensors: T
): Dataset<{ readonly [K in keyof T]: Tensor }> {
  const [first] = tensors;
  const length = first.shape[0] ?? 0;
  if (tensors.some((t) => t.rank === 0 || t.shape[0] !== length)) {
    throw new ArgumentError(
      `[tensorDataset] tensors with ${tensors.map((t) => t.shape[0] ?? "no").join(" and ")} rows do not go together`,
    );
  }
  return {
    length,
    batch: (positions) => {
      const index = tensor(positions, { device: first.device });
      return tensors.map((t) => t.indexSelect(0, index)) as { readonly [K in keyof T]: Tensor };
    },
  };
}

/** What the split draws from, apart from the orders of epochs. */
const splitStream = 0xffffffff;

export interface RandomSplitOptions {
  /** 0 if not given. */
  readonly seed?: number | undefined;
}

/**
 * A data set in parts of these lengths, each example in one of them, drawn at random by the seed. Throws ArgumentError where the lengths do not
 * add up to that of the data set.
 */
export function randomSplit<Batch>(dataset: Dataset<Batch>, lengths: readonly number[], { seed = 0 }: RandomSplitOptions = {}): Dataset<Batch>[] {
  const total = lengths.reduce((sum, length) => sum + length, 0);
  if (total !== dataset.length || lengths.some((length) => !Number.isInteger(length) || length < 0)) {
    throw new ArgumentError(`[randomSplit] lengths ${lengths.join(", ")} add up to ${total}; expected whole numbers that add up to ${dataset.length}`);
  }
  const order = permutation(dataset.length, new Xoshiro128(...wordsOf(seed), splitStream));
  let start = 0;
  return lengths.map((length) => {
    const chosen = order.slice(start, (start += length));
    return { length, batch: (positions) => dataset.batch(positions.map((position) => chosen[position] ?? -1)) };
  });
}

/** Items of a list; a batch is a shorter list. Give the loader a `transform` to make tensors of it. */
export function listDataset<T>(items: readonly T[]): Dataset<T[]> {
  return {
    length: items.length,
    batch: (positions) => Array.from(positions).flatMap((position) => items.slice(position, position + 1)),
  };
}
