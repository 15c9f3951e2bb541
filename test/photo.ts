import { encode as encodePng } from "fast-png";
import { encode as encodeJpeg } from "jpeg-js";
import type { PixelImage } from "../src/data/ink.js";
import { Xoshiro128 } from "../src/data/xoshiro128.js";

type Colour = readonly [red: number, green: number, blue: number];

/** How a photo of a piece of writing is taken. */
export interface PhotoOptions {
  readonly width: number;
  readonly height: number;
  /** Pixels of the photo per pixel of the writing. */
  readonly scale: number;
  /** Degrees. */
  readonly angle: number;
  /** Where the writing's middle lies, as shares of width and height. */
  readonly at: readonly [x: number, y: number];
  readonly ink: Colour;
  readonly paper: Colour;
  /** How much darker the right side is, as a share. */
  readonly shadow: number;
  /** Standard deviation of each pixel's noise. */
  readonly noise: number;
  readonly seed: number;
}

/** A photo in colour of a drawing of `size` × `size` shades from 0 to 255, 255 being ink. */
export function takePhoto(drawing: Uint8Array, size: number, options: PhotoOptions): PixelImage {
  const { width, height, scale, angle, at, ink, paper, shadow, noise } = options;
  const random = new Xoshiro128(options.seed);
  const [cos, sin] = [Math.cos((angle * Math.PI) / 180), Math.sin((angle * Math.PI) / 180)];
  const shade = (x: number, y: number): number => (x < 0 || y < 0 || x >= size || y >= size ? 0 : (drawing[y * size + x] ?? 0) / 255);
  const pixels = new Uint8Array(width * height * 3);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const [dx, dy] = [(x + 0.5 - at[0] * width) / scale, (y + 0.5 - at[1] * height) / scale];
      const u = cos * dx + sin * dy + size / 2 - 0.5;
      const v = -sin * dx + cos * dy + size / 2 - 0.5;
      const [left, top] = [Math.floor(u), Math.floor(v)];
      const [fu, fv] = [u - left, v - top];
      const upper = (1 - fu) * shade(left, top) + fu * shade(left + 1, top);
      const amount = (1 - fv) * upper + fv * ((1 - fu) * shade(left, top + 1) + fu * shade(left + 1, top + 1));
      const light = 1 - (shadow * x) / width;
      for (let c = 0; c < 3; c++) {
        const colour = (paper[c] ?? 0) + amount * ((ink[c] ?? 0) - (paper[c] ?? 0));
        const grain = noise * random.bell();
        pixels[(y * width + x) * 3 + c] = Math.min(255, Math.max(0, Math.round(colour * light + grain)));
      }
    }
  }
  return { width, height, channels: 3, pixels };
}

const colours: readonly (readonly [ink: Colour, paper: Colour])[] = [
  [[20, 20, 30], [245, 243, 235]],
  [[240, 240, 235], [25, 60, 45]],
  [[30, 50, 160], [250, 250, 250]],
  [[190, 30, 40], [230, 225, 200]],
  [[250, 220, 60], [40, 40, 90]],
];

/** Photos that differ in size, place, angle, colours, light and noise. */
export function variedPhotoOptions(seed: number): PhotoOptions {
  const random = new Xoshiro128(seed);
  const between = (low: number, high: number): number => random.uniform(low, high);
  const [ink, paper] = colours[seed % colours.length] ?? [[0, 0, 0], [255, 255, 255]];
  const scale = between(3, 9);
  return {
    width: Math.round(scale * between(30, 50)),
    height: Math.round(scale * between(30, 50)),
    scale,
    angle: between(-12, 12),
    at: [between(0.42, 0.58), between(0.42, 0.58)],
    ink,
    paper,
    shadow: between(0, 0.3),
    noise: between(0, 10),
    seed,
  };
}

export function toPng({ width, height, channels, pixels }: PixelImage): Uint8Array {
  return encodePng({ width, height, channels: channels === 1 ? 1 : 3, data: pixels });
}

export function toJpeg({ width, height, channels, pixels }: PixelImage, quality = 85): Uint8Array {
  const data = new Uint8Array(width * height * 4).fill(255);
  for (let i = 0; i < width * height; i++) for (let c = 0; c < 3; c++) data[4 * i + c] = pixels[i * channels + (channels > 2 ? c : 0)] ?? 0;
  return encodeJpeg({ width, height, data }, quality).data;
}
