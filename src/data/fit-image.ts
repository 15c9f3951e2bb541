import { DataError } from "../core/errors.js";
import { colourPlanes, findInk, grey, type PixelImage } from "./ink.js";
import { resample, type Plane } from "./resample.js";

/**
 * How an image is made into one of a data set: "handwriting" as in MNIST (ink bright on dark, 20 of 28 pixels, its centre of mass
 * in the middle), "object" as in Fashion-MNIST (the thing alone, bright on dark, as large as the image), or "picture", the whole of it.
 */
export type ImageFit = "handwriting" | "object" | "picture";

/** What a model reads. */
export interface ImageInput {
  readonly height: number;
  readonly width: number;
  /** 1 or 3. */
  readonly channels: number;
}

export interface FittedImage {
  /** `channels * height * width` values from 0 to 255, a plane for each channel. */
  readonly pixels: Uint8Array;
  /** What was done, in words. */
  readonly how: string;
}

/** Larger images are shrunk to this before anything else; nothing that a model sees gets lost. */
const longestSide = 560;

/** Makes any image one that a model reads. Throws DataError where no ink stands out of the background. */
export function fitImage(image: PixelImage, input: ImageInput, fit: ImageFit): FittedImage {
  const kind = image.channels === 3 ? "colour" : "grey";
  const size = `${image.width}×${image.height} ${kind}`;
  const planes = colourPlanes(image).map(shrinkLarge);
  return fit === "picture" ? fitPicture(planes, input, size) : fitInk(planes, input, fit, size);
}

function shrinkLarge(plane: Plane): Plane {
  const { width, height } = plane;
  const factor = longestSide / Math.max(width, height);
  if (factor >= 1) return plane;
  const side = (length: number): number => Math.max(1, Math.round(length * factor));
  return resample(plane, { left: 0, top: 0, width, height }, side(width), side(height));
}

/** The largest part of the middle that has the model's proportions. */
function fitPicture(planes: readonly Plane[], { width, height, channels }: ImageInput, size: string): FittedImage {
  const colours = channels === 1 ? [grey(planes)] : Array.from({ length: channels }, (_, c) => planes[c] ?? planes[0]);
  const pixels = new Uint8Array(channels * width * height);
  let cropped = false;
  colours.forEach((plane, c) => {
    if (!plane) return;
    const scale = Math.min(plane.width / width, plane.height / height);
    const [w, h] = [width * scale, height * scale];
    cropped = plane.width - w > 0.5 || plane.height - h > 0.5;
    const part = resample(plane, { left: (plane.width - w) / 2, top: (plane.height - h) / 2, width: w, height: h }, width, height);
    pixels.set(toBytes(part.values, 1), c * width * height);
  });
  const colour = planes.length === colours.length ? "" : channels === 1 ? ", made grey" : ", grey in all channels";
  return { pixels, how: `${size}${cropped ? ", middle cropped" : ""}, scaled to ${width}×${height}${colour}` };
}

function fitInk(planes: readonly Plane[], { width, height, channels }: ImageInput, fit: ImageFit, size: string): FittedImage {
  const ink = findInk(planes);
  if (!ink) throw new DataError(`nothing stands out of the background of this image of ${size}; give one with more contrast`);
  const share = fit === "handwriting" ? 20 / 28 : 1;
  const room = { width: Math.round(width * share), height: Math.round(height * share) };
  const scale = Math.min(room.width / ink.box.width, room.height / ink.box.height);
  const [w, h] = [ink.box.width, ink.box.height].map((length) => Math.max(1, Math.round(length * scale))) as [number, number];
  const small = resample(ink.plane, ink.box, w, h);
  const [x, y] = fit === "handwriting" ? massCentre(small) : [w / 2, h / 2];
  const left = within(Math.round(width / 2 - x), width - w);
  const top = within(Math.round(height / 2 - y), height - h);
  // Thin strokes got faint when the image shrank.
  const brightest = [...small.values].sort((a, b) => b - a)[Math.floor(small.values.length / 50)] || 1;
  const shades = toBytes(small.values, 255 / brightest);
  const pixels = new Uint8Array(channels * width * height);
  for (let c = 0; c < channels; c++) {
    for (let row = 0; row < h; row++) pixels.set(shades.subarray(row * w, (row + 1) * w), (c * height + top + row) * width + left);
  }
  const colours = ink.darkOnLight ? "dark on light, inverted" : "light on dark";
  const placed = fit === "handwriting" ? "centred by mass" : "centred";
  return { pixels, how: `${size}, ${colours}, cropped, scaled to ${w}×${h}, ${placed} in ${width}×${height}` };
}

/** Where the mean of the ink lies, in pixels from the left and upper edge; MNIST has it in the pixel right of and below the middle. */
function massCentre({ width, height, values }: Plane): [x: number, y: number] {
  let [mass, x, y] = [0, 0, 0];
  for (let row = 0; row < height; row++) {
    for (let column = 0; column < width; column++) {
      const value = values[row * width + column] ?? 0;
      mass += value;
      x += value * column;
      y += value * row;
    }
  }
  return mass === 0 ? [width / 2, height / 2] : [x / mass, y / mass];
}

function within(position: number, most: number): number {
  return Math.min(Math.max(position, 0), most);
}

function toBytes(values: Float32Array, factor: number): Uint8Array {
  return Uint8Array.from(values, (value) => Math.min(255, Math.max(0, Math.round(value * factor))));
}
