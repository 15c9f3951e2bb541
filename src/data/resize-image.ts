import { ArgumentError } from "../core/errors.js";
import type { DecodedImage } from "./decode-image.js";

/** The picture in grey or in colour. Grey is the luma of ITU-R BT.601: 0.299 red + 0.587 green + 0.114 blue. */
export function withChannels(image: DecodedImage, channels: 1 | 3): DecodedImage {
  if (image.channels === channels) return image;
  const { width, height, pixels } = image;
  const size = width * height;
  if (channels === 3) {
    const colors = Uint8Array.from({ length: 3 * size }, (_, i) => pixels[Math.floor(i / 3)] ?? 0);
    return { width, height, channels, pixels: colors };
  }
  const grey = Uint8Array.from({ length: size }, (_, i) => {
    return Math.round(0.299 * (pixels[3 * i] ?? 0) + 0.587 * (pixels[3 * i + 1] ?? 0) + 0.114 * (pixels[3 * i + 2] ?? 0));
  });
  return { width, height, channels, pixels: grey };
}

/**
 * The picture at another size, whatever that does to its proportions: linear interpolation between pixels where it grows,
 * triangle-weighted means of them where it shrinks, so that no pixel is lost. Throws ArgumentError for sizes below 1.
 */
export function resizeImage(image: DecodedImage, height: number, width: number): DecodedImage {
  if (!(Number.isInteger(height) && Number.isInteger(width) && height > 0 && width > 0)) {
    throw new ArgumentError(`[resizeImage] the size ${height}×${width} must be whole numbers above 0`);
  }
  if (image.height === height && image.width === width) return image;
  const { channels } = image;
  const columns = weightsFor(image.width, width);
  const rows = weightsFor(image.height, height);
  const across = new Float32Array(image.height * width * channels);
  for (let y = 0; y < image.height; y++) {
    for (const [x, { first, weights }] of columns.entries()) {
      for (let c = 0; c < channels; c++) {
        let sum = 0;
        let at = (y * image.width + first) * channels + c;
        for (const weight of weights) {
          sum += weight * (image.pixels[at] ?? 0);
          at += channels;
        }
        across[(y * width + x) * channels + c] = sum;
      }
    }
  }
  const pixels = new Uint8Array(height * width * channels);
  const line = width * channels;
  for (const [y, { first, weights }] of rows.entries()) {
    for (let i = 0; i < line; i++) {
      let sum = 0;
      let at = first * line + i;
      for (const weight of weights) {
        sum += weight * (across[at] ?? 0);
        at += line;
      }
      pixels[y * line + i] = Math.round(sum);
    }
  }
  return { width, height, channels, pixels };
}

interface Weights {
  /** The first place that counts. */
  readonly first: number;
  /** How much this and the following count; the sum is 1. */
  readonly weights: readonly number[];
}

/** How the places of an axis of size `from` make up each of `to`: a triangle, as wide as two places of the coarser axis. */
function weightsFor(from: number, to: number): Weights[] {
  const scale = from / to;
  const reach = Math.max(scale, 1);
  return Array.from({ length: to }, (_, i) => {
    const center = (i + 0.5) * scale;
    const first = Math.max(0, Math.floor(center - reach));
    const end = Math.min(from, Math.ceil(center + reach));
    const raw = Array.from({ length: end - first }, (_, k) => Math.max(0, 1 - Math.abs(first + k + 0.5 - center) / reach));
    const sum = raw.reduce((total, weight) => total + weight, 0);
    return { first, weights: raw.map((weight) => weight / sum) };
  });
}
