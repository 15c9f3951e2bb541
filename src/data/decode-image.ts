import { FormatError } from "../core/errors.js";
import { imageHeader } from "./image-header.js";

/** A picture in memory. */
export interface DecodedImage {
  readonly width: number;
  readonly height: number;
  /** 1 for grey, 3 for red, green and blue. */
  readonly channels: 1 | 3;
  /** `height * width * channels` bytes, row by row, the channels of a pixel side by side. */
  readonly pixels: Uint8Array;
}

export interface DecodeImageOptions {
  /** The shade from 0 to 255 that shows through where the picture is transparent; 255, white, if not given. */
  readonly background?: number;
  /** Larger pictures are refused before they are unpacked; 100 million if not given. */
  readonly maxPixels?: number;
  /** Names the bytes in errors. */
  readonly source?: string;
}

/**
 * The picture in a PNG or JPEG file: upright as a camera meant it, 16-bit and palette colours as 8-bit ones. What it is, is read
 * from the bytes, not from a name. Throws FormatError for other files, damaged ones and those that are too large.
 */
export async function decodeImage(bytes: Uint8Array, options: DecodeImageOptions = {}): Promise<DecodedImage> {
  const { background = 255, maxPixels = 1e8, source = "image" } = options;
  const { format, width, height, channels, orientation } = imageHeader(bytes, source);
  if (!(width > 0 && height > 0 && width * height <= maxPixels)) {
    throw new FormatError(`${source}: ${width}×${height} pixels; expected 1 to ${maxPixels} in all.`);
  }
  try {
    if (format === "png") return await decodePng(bytes, background);
    return turn(await decodeJpeg(bytes, channels, maxPixels), orientation);
  } catch (error) {
    throw new FormatError(`${source}: damaged ${format.toUpperCase()} (${String(error)}).`, { cause: error });
  }
}

async function decodePng(bytes: Uint8Array, background: number): Promise<DecodedImage> {
  const { convertIndexedToRgb, decode } = await import("fast-png");
  const png = decode(bytes, { checkCrc: true });
  const { width, height, depth, transparency } = png;
  const levels = 2 ** depth - 1;
  if (png.palette) {
    const samples = convertIndexedToRgb(png);
    return flatten(samples, width, height, samples.length / (width * height), background);
  }
  // Packed samples are those of a picture with all shades of grey as its palette.
  const shades = Array.from({ length: levels + 1 }, (_, level) => [level]);
  const raw = depth < 8 ? convertIndexedToRgb({ ...png, palette: shades }) : png.data;
  const samples = depth === 8 ? Uint8Array.from(raw) : Uint8Array.from(raw, (value) => Math.round((value * 255) / levels));
  const { channels } = png;
  if (!transparency?.length) return flatten(samples, width, height, channels, background);
  // One colour counts as transparent.
  const withAlpha = new Uint8Array(width * height * (channels + 1));
  for (let i = 0; i < width * height; i++) {
    let clear = true;
    for (let c = 0; c < channels; c++) {
      clear &&= raw[i * channels + c] === transparency[c];
      withAlpha[i * (channels + 1) + c] = samples[i * channels + c] ?? 0;
    }
    withAlpha[i * (channels + 1) + channels] = clear ? 0 : 255;
  }
  return flatten(withAlpha, width, height, channels + 1, background);
}

/** Lays 1 to 4 channels, of which the second or fourth is opacity, over a background. */
function flatten(samples: Uint8Array, width: number, height: number, channels: number, background: number): DecodedImage {
  const colors = channels < 3 ? 1 : 3;
  if (channels === colors) return { width, height, channels: colors, pixels: samples };
  const pixels = new Uint8Array(width * height * colors);
  for (let i = 0; i < width * height; i++) {
    const alpha = (samples[i * channels + colors] ?? 0) / 255;
    for (let c = 0; c < colors; c++) {
      pixels[i * colors + c] = Math.round((samples[i * channels + c] ?? 0) * alpha + background * (1 - alpha));
    }
  }
  return { width, height, channels: colors, pixels };
}

async function decodeJpeg(bytes: Uint8Array, channels: 1 | 3, maxPixels: number): Promise<DecodedImage> {
  const { default: jpeg } = await import("jpeg-js");
  const { width, height, data } = jpeg.decode(bytes, {
    useTArray: true,
    formatAsRGBA: false,
    tolerantDecoding: false,
    maxResolutionInMP: maxPixels / 1e6,
    // It counts every buffer that it makes, of which there are about ten bytes for a pixel.
    maxMemoryUsageInMB: 64 + maxPixels / 5e4,
  });
  const pixels = channels === 3 ? data : Uint8Array.from({ length: width * height }, (_, i) => data[3 * i] ?? 0);
  return { width, height, channels, pixels };
}

/** The picture as it is to be looked at: orientations tell where stored rows and columns begin (Exif 3.0, tag 0x0112). */
function turn(image: DecodedImage, orientation: number): DecodedImage {
  if (orientation === 1) return image;
  const { width, height, channels, pixels } = image;
  const swapped = orientation >= 5;
  const mirrored = [2, 3, 7, 8].includes(orientation);
  const flipped = [3, 4, 6, 7].includes(orientation);
  const [outWidth, outHeight] = swapped ? [height, width] : [width, height];
  const turned = new Uint8Array(pixels.length);
  for (let y = 0; y < outHeight; y++) {
    for (let x = 0; x < outWidth; x++) {
      const [column, row] = swapped ? [y, x] : [x, y];
      const from = ((flipped ? height - 1 - row : row) * width + (mirrored ? width - 1 - column : column)) * channels;
      for (let c = 0; c < channels; c++) turned[(y * outWidth + x) * channels + c] = pixels[from + c] ?? 0;
    }
  }
  return { width: outWidth, height: outHeight, channels, pixels: turned };
}
