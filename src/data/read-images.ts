import { DataError, FormatError } from "../core/errors.js";
import { parseIdx } from "./idx.js";
import type { ImageSet } from "./image-set.js";

/** What the images of a data set have in common. */
export interface ImageFormat {
  readonly height: number;
  readonly width: number;
  readonly channels: number;
  readonly classNames: readonly string[];
}

/** Bytes, and what errors call them. */
export interface NamedBytes {
  readonly name: string;
  readonly bytes: Uint8Array;
}

/**
 * Grey images and their labels from two IDX files, unpacked. Throws FormatError for damaged files, DataError where
 * they do not hold images of this size, or labels of these images.
 */
export function readIdxImages(imageFile: NamedBytes, labelFile: NamedBytes, format: ImageFormat): ImageSet {
  const { height, width, classNames } = format;
  const images = parseIdx(imageFile.bytes, imageFile.name);
  const labels = parseIdx(labelFile.bytes, labelFile.name);
  const [count = 0, ...size] = images.shape;
  if (images.dtype !== "uint8" || size.length !== 2 || size[0] !== height || size[1] !== width) {
    throw new DataError(
      `${imageFile.name}: holds ${images.dtype} of shape [${images.shape.join(", ")}]; ` +
        `the images are uint8 of shape [n, ${height}, ${width}].`,
    );
  }
  if (labels.dtype !== "uint8" || labels.shape.length !== 1 || labels.shape[0] !== count) {
    throw new DataError(
      `${labelFile.name}: holds ${labels.dtype} of shape [${labels.shape.join(", ")}]; ` +
        `the ${count} images in ${imageFile.name} need uint8 labels of shape [${count}].`,
    );
  }
  checkLabels(labels.data, classNames, labelFile.name);
  return { images: images.data, labels: labels.data, count, height, width, channels: 1, classes: classNames.length, classNames };
}

/**
 * Images in the binary form of CIFAR-10: per record one byte of label, then a plane of bytes for each channel. The records of
 * all files follow each other. Throws FormatError for a file that is not whole records, DataError for a label there is not.
 *
 * Source: Krizhevsky, "The CIFAR-10 dataset", section "Binary version".
 */
export function readCifarRecords(files: readonly NamedBytes[], format: ImageFormat): ImageSet {
  const { height, width, channels, classNames } = format;
  const size = channels * height * width;
  const record = size + 1;
  for (const { name, bytes } of files) {
    if (bytes.length === 0 || bytes.length % record !== 0) {
      throw new FormatError(`${name}: ${bytes.length} bytes are no whole number of records of ${record} bytes; fetch it again.`);
    }
  }
  const count = files.reduce((sum, { bytes }) => sum + bytes.length / record, 0);
  const images = new Uint8Array(count * size);
  const labels = new Uint8Array(count);
  let i = 0;
  for (const { name, bytes } of files) {
    const first = i;
    for (let at = 0; at < bytes.length; at += record, i++) {
      labels[i] = bytes[at] ?? 0;
      images.set(bytes.subarray(at + 1, at + record), i * size);
    }
    checkLabels(labels.subarray(first, i), classNames, name);
  }
  return { images, labels, count, height, width, channels, classes: classNames.length, classNames };
}

function checkLabels(labels: Uint8Array, classNames: readonly string[], source: string): void {
  const wrong = labels.findIndex((label) => label >= classNames.length);
  if (wrong >= 0) {
    throw new DataError(`${source}: label ${wrong} is ${labels[wrong]}; labels are 0 to ${classNames.length - 1}.`);
  }
}
