import { ArgumentError } from "../core/errors.js";
import type { DecodedImage } from "./decode-image.js";
import { resample } from "./resample.js";

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
  const pixels = new Uint8Array(height * width * channels);
  const whole = { left: 0, top: 0, width: image.width, height: image.height };
  for (let c = 0; c < channels; c++) {
    const values = Float32Array.from({ length: image.width * image.height }, (_, i) => image.pixels[i * channels + c] ?? 0);
    const plane = resample({ width: image.width, height: image.height, values }, whole, width, height, "nothing");
    plane.values.forEach((value, i) => (pixels[i * channels + c] = Math.round(value)));
  }
  return { width, height, channels, pixels };
}
