import { readFile } from "node:fs/promises";
import jpeg from "jpeg-js";
import { expect, test } from "vitest";
import { ArgumentError, FormatError } from "../core/errors.js";
import { decodeImage, type DecodedImage } from "./decode-image.js";
import { imageHeader } from "./image-header.js";
import { resizeImage, withChannels } from "./resize-image.js";

interface Golden {
  readonly png: readonly { readonly name: string; readonly file: string; readonly channels: number; readonly pixels: number[] }[];
  readonly resized: { readonly shrunk: number[]; readonly grown: number[] };
}
// Made by scripts/goldens/images.py.
const golden = JSON.parse(await readFile(new URL("../../test/golden/images.json", import.meta.url), "utf8")) as Golden;

test.each(golden.png.map((png) => [png.name, png] as const))("PNG: %s", async (_, { file, channels, pixels }) => {
  const image = await decodeImage(Buffer.from(file, "base64"));
  expect([image.width, image.height, image.channels]).toEqual([5, 2, channels]);
  const distance = image.pixels.map((pixel, i) => Math.abs(pixel - (pixels[i] ?? 0)));
  // Halves are rounded either way.
  expect([image.pixels.length, Math.max(...distance) <= 1]).toEqual([pixels.length, true]);
});

/** Red above, blue below; the left half lighter. */
const picture: DecodedImage = {
  width: 16,
  height: 32,
  channels: 3,
  pixels: Uint8Array.from({ length: 16 * 32 * 3 }, (_, i) => {
    const [x, y, c] = [Math.floor(i / 3) % 16, Math.floor(i / 48), i % 3];
    return c === 1 ? (x < 8 ? 100 : 0) : (c === 0) === y < 16 ? 200 : 0;
  }),
};

function encodeJpeg({ width, height, pixels }: DecodedImage): Uint8Array {
  const data = new Uint8Array(width * height * 4).fill(255);
  for (let i = 0; i < width * height; i++) data.set(pixels.subarray(3 * i, 3 * i + 3), 4 * i);
  return Uint8Array.from(jpeg.encode({ width, height, data }, 98).data);
}

/** The file with an Exif segment that tells the orientation. */
function oriented(file: Uint8Array, orientation: number): Uint8Array {
  const tiff = [0x4d, 0x4d, 0, 42, 0, 0, 0, 8, 0, 1, 0x01, 0x12, 0, 3, 0, 0, 0, 1, 0, orientation, 0, 0, 0, 0, 0, 0];
  const exif = [0x45, 0x78, 0x69, 0x66, 0, 0, ...tiff];
  return Uint8Array.from([0xff, 0xd8, 0xff, 0xe1, 0, exif.length + 2, ...exif, ...file.subarray(2)]);
}

/** The colours near the four corners: R or B, and its lighter half marked. */
function corners({ width, height, channels, pixels }: DecodedImage): string[] {
  return [[2, 2], [width - 3, 2], [2, height - 3], [width - 3, height - 3]].map(([x = 0, y = 0]) => {
    const [r = 0, g = 0, b = 0] = pixels.subarray((y * width + x) * channels);
    return (r > b ? "R" : "B") + (g > 50 ? "+" : "");
  });
}

test("JPEG: the picture, upright as the camera meant it", async () => {
  const file = encodeJpeg(picture);
  const image = await decodeImage(file);
  expect([image.width, image.height, image.channels]).toEqual([16, 32, 3]);
  expect(Math.max(...image.pixels.map((pixel, i) => Math.abs(pixel - (picture.pixels[i] ?? 0))))).toBeLessThan(40);
  const seen: string[][] = [];
  for (let orientation = 1; orientation <= 8; orientation++) {
    const turned = await decodeImage(oriented(file, orientation));
    expect(imageHeader(oriented(file, orientation))).toMatchObject({ width: turned.width, height: turned.height, orientation });
    expect(turned.width).toBe(orientation < 5 ? 16 : 32);
    seen.push(corners(turned));
  }
  // Exif 3.0, tag 0x0112: where the stored row 0 and column 0 are seen. The corners are listed row by row.
  expect(seen).toEqual([
    ["R+", "R", "B+", "B"],
    ["R", "R+", "B", "B+"],
    ["B", "B+", "R", "R+"],
    ["B+", "B", "R+", "R"],
    ["R+", "B+", "R", "B"],
    ["B+", "R+", "B", "R"],
    ["B", "R", "B+", "R+"],
    ["R", "B", "R+", "B+"],
  ]);
});

test("other, damaged and oversized files are refused by name", async () => {
  const png = Buffer.from(golden.png[0]?.file ?? "", "base64");
  const flipped = Uint8Array.from(png);
  flipped[45] = (flipped[45] ?? 0) ^ 0xff;
  const files = [new Uint8Array(0), Buffer.from("GIF89a ……………"), png.subarray(0, 20), png.subarray(0, 50), flipped];
  const photo = encodeJpeg(picture);
  for (const file of [...files, photo.subarray(0, 30), photo.subarray(0, photo.length / 2)]) {
    const error: unknown = await decodeImage(file, { source: "a.png" }).catch((e: unknown) => e);
    expect(error).toBeInstanceOf(FormatError);
    expect(String(error)).toContain("a.png");
  }
  await expect(decodeImage(png, { maxPixels: 9 })).rejects.toThrow(/5×2 pixels; expected 1 to 9/);
});

test("resizing equals PyTorch's antialiased bilinear interpolation, and sizes must be whole", () => {
  const pixels = Uint8Array.from({ length: 7 * 9 * 3 }, (_, i) => {
    const [x, y, c] = [Math.floor(i / 3) % 9, Math.floor(i / 27), i % 3];
    return (x * 37 + y * 11 + c * 90) % 256;
  });
  const image: DecodedImage = { width: 9, height: 7, channels: 3, pixels };
  for (const [height, width, expected] of [[3, 4, golden.resized.shrunk], [8, 11, golden.resized.grown]] as const) {
    const resized = resizeImage(image, height, width);
    expect([resized.height, resized.width, resized.pixels.length]).toEqual([height, width, expected.length]);
    expect(Math.max(...resized.pixels.map((pixel, i) => Math.abs(pixel - (expected[i] ?? 0))))).toBeLessThanOrEqual(1);
  }
  expect(resizeImage(image, 7, 9)).toBe(image);
  expect(() => resizeImage(image, 0, 3)).toThrow(ArgumentError);
});

test("colour becomes grey by its luma, and grey colour", () => {
  const colors: DecodedImage = { width: 2, height: 1, channels: 3, pixels: Uint8Array.of(255, 0, 0, 10, 200, 30) };
  const grey = withChannels(colors, 1);
  expect(Array.from(grey.pixels)).toEqual([76, 124]);
  expect(Array.from(withChannels(grey, 3).pixels)).toEqual([76, 76, 76, 124, 124, 124]);
});
