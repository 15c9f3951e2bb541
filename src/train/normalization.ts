import { DataError } from "../core/errors.js";
import type { Tensor } from "../tensor/index.js";

/** How pixels become a network's input: `(pixel / 255 − mean) / std`. */
export interface Normalization {
  readonly mean: number;
  readonly std: number;
}

/**
 * Mean and standard deviation of all pixels, as shares of 255: inputs normalized by them have mean 0 and variance 1.
 * Images of a single shade get the standard deviation 1. Throws DataError where there is no pixel.
 */
export function measureNormalization(pixels: Uint8Array): Normalization {
  if (pixels.length === 0) throw new DataError("measureNormalization: there are no images to measure");
  // Whole numbers far below 2^53: exact, whatever the order.
  let sum = 0;
  let squares = 0;
  for (let i = 0; i < pixels.length; i++) {
    const shade = pixels[i] ?? 0;
    sum += shade;
    squares += shade * shade;
  }
  const mean = sum / pixels.length;
  const variance = squares / pixels.length - mean * mean;
  return { mean: mean / 255, std: variance > 1e-9 ? Math.sqrt(variance) / 255 : 1 };
}

/** Pixels (uint8, any shape) as float32 input of a network. */
export function normalize(pixels: Tensor, { mean, std }: Normalization): Tensor {
  return pixels
    .astype("float32")
    .mul(1 / (255 * std))
    .sub(mean / std);
}
