import type { Pictures } from "./learner.js";
import { surfaceSize, thumbnailSize } from "./picture-size.js";
import { limits } from "./settings.js";

const area = surfaceSize ** 2;

/** The points of the pictures, [surfaceSize², 2], row by row from the top left. */
export function gridPoints(): Float32Array {
  const place = (i: number): number => limits.extent * ((2 * i + 1) / surfaceSize - 1);
  return Float32Array.from({ length: 2 * area }, (_, i) => {
    const point = i >> 1;
    return i % 2 === 0 ? place(point % surfaceSize) : -place(Math.floor(point / surfaceSize));
  });
}

export interface PaintOptions {
  readonly outputs: number;
  /** Of each feature and hidden neuron: whether it stays within ±1, so that ±1 are the ends of its scale. */
  readonly bounded: readonly boolean[];
  /** Whether the answers are values in [−1, 1], and not probabilities. */
  readonly isValue: boolean;
}

/** Numbers over the grid as pictures: `values` holds one for each feature and hidden neuron, and then for each output. */
export function paint(values: ArrayLike<number>, { outputs, bounded, isValue }: PaintOptions): Pictures {
  const units = bounded.length;
  const thumbnails = new Uint8Array(units * thumbnailSize ** 2);
  const scales = new Float32Array(units);
  for (let unit = 0; unit < units; unit++) {
    const scale = bounded[unit] ? 1 : largest(values, unit * area);
    scales[unit] = scale;
    const factor = scale > 0 ? 127.5 / scale : 0;
    let at = unit * thumbnailSize ** 2;
    for (let row = 0; row < surfaceSize; row += 2) {
      for (let column = 0; column < surfaceSize; column += 2) {
        thumbnails[at++] = byteOf(127.5 + factor * (values[unit * area + row * surfaceSize + column] ?? 0));
      }
    }
  }
  const surface = new Uint8Array(outputs * area);
  for (let i = 0; i < surface.length; i++) {
    const value = values[units * area + i] ?? 0;
    surface[i] = byteOf(isValue ? 127.5 * (value + 1) : 255 * value);
  }
  return { thumbnails, scales, surface };
}

/** A typed array of bytes would wrap around. What is not a number is 0. */
const byteOf = (value: number): number => Math.min(255, Math.max(0, Math.round(value))) || 0;

function largest(values: ArrayLike<number>, start: number): number {
  let most = 0;
  for (let i = start; i < start + area; i++) most = Math.max(most, Math.abs(values[i] ?? 0));
  return most;
}
