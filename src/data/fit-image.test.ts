import { expect, test } from "vitest";
import { takePhoto, variedPhotoOptions } from "../../test/photo.js";
import { generateDigits } from "./digits.js";
import { fitImage } from "./fit-image.js";
import { resample } from "./resample.js";

const input = { height: 28, width: 28, channels: 1 };
const digits = generateDigits({ train: 20, test: 1 }).train;

/** Extent and centre of what is brighter than a fifth. */
function extent(pixels: Uint8Array): { left: number; right: number; top: number; bottom: number; x: number; y: number } {
  let [left, right, top, bottom, mass, x, y] = [28, -1, 28, -1, 0, 0, 0];
  pixels.forEach((shade, i) => {
    const [column, row] = [i % 28, Math.floor(i / 28)];
    mass += shade;
    x += shade * column;
    y += shade * row;
    if (shade < 51) return;
    [left, right, top, bottom] = [Math.min(left, column), Math.max(right, column), Math.min(top, row), Math.max(bottom, row)];
  });
  return { left, right, top, bottom, x: x / mass, y: y / mass };
}

test("photos of handwriting become images like MNIST's: 20 pixels long, the centre of mass in the middle, bright on dark", () => {
  for (let i = 0; i < digits.count; i++) {
    const drawing = digits.images.subarray(i * 784, (i + 1) * 784);
    const options = { ...variedPhotoOptions(i), angle: 0 };
    const { pixels, how } = fitImage(takePhoto(drawing, 28, options), input, "handwriting");
    const found = extent(pixels);
    expect(Math.max(found.right - found.left, found.bottom - found.top) + 1).toBeGreaterThanOrEqual(19);
    expect(Math.max(found.right - found.left, found.bottom - found.top) + 1).toBeLessThanOrEqual(20);
    expect(Math.max(Math.abs(found.x - 14), Math.abs(found.y - 14))).toBeLessThan(0.75);
    expect(Math.max(...pixels)).toBe(255);
    expect(how).toContain(options.ink[1] < options.paper[1] ? "dark on light, inverted" : "light on dark");
    // The colours, the light and the noise are gone: the same drawing, black on white, becomes nearly the same image.
    const plain = takePhoto(drawing, 28, { ...options, ink: [0, 0, 0], paper: [255, 255, 255], shadow: 0, noise: 0, at: [0.5, 0.5] });
    const twin = fitImage(plain, input, "handwriting").pixels;
    // Where rounding puts one of them a pixel aside, that does not count.
    const shifts = [-29, -28, -27, -1, 0, 1, 27, 28, 29];
    const differences = shifts.map((shift) => pixels.reduce((sum, shade, k) => sum + Math.abs(shade - (twin[k + shift] ?? 0)), 0) / 784);
    expect(Math.min(...differences)).toBeLessThan(12);
  }
});

test("an image of MNIST's own form stays what it is", () => {
  const drawing = digits.images.subarray(0, 784);
  const once = fitImage({ width: 28, height: 28, channels: 1, pixels: drawing }, input, "handwriting").pixels;
  const twice = fitImage({ width: 28, height: 28, channels: 1, pixels: once }, input, "handwriting").pixels;
  expect(once.reduce((sum, shade, k) => sum + Math.abs(shade - (twice[k] ?? 0)), 0) / 784).toBeLessThan(4);
});

test("ink and paper of the same brightness are told apart by their colour", () => {
  const drawing = digits.images.subarray(784, 2 * 784);
  const options = { ...variedPhotoOptions(1), ink: [255, 0, 0] as const, paper: [0, 130, 0] as const, noise: 0, angle: 0 };
  const { pixels } = fitImage(takePhoto(drawing, 28, options), input, "handwriting");
  expect(extent(pixels).bottom - extent(pixels).top).toBeGreaterThan(15);
});

test.each([0, 128, 255])("an empty sheet of shade %i is refused", (shade) => {
  const empty = { width: 40, height: 30, channels: 1, pixels: new Uint8Array(1200).map((_, i) => Math.min(255, shade + (i % 3))) };
  expect(() => fitImage(empty, input, "handwriting")).toThrow("nothing stands out of the background of this image of 40×30 grey");
});

test("one pixel is enough to crop, and one pixel of an image to scale", () => {
  const dot = { width: 9, height: 9, channels: 1, pixels: new Uint8Array(81).fill(255) };
  dot.pixels[40] = 0;
  expect(fitImage(dot, input, "handwriting").how).toContain("scaled to 20×20");
  expect([...fitImage({ width: 1, height: 1, channels: 1, pixels: Uint8Array.of(7) }, { height: 2, width: 2, channels: 1 }, "picture").pixels]).toEqual([7, 7, 7, 7]);
});

test("a picture is cropped to the model's proportions, scaled, and made of its channels", () => {
  const rgb = { width: 4, height: 2, channels: 3, pixels: Uint8Array.from([9, 9, 9, 10, 20, 30, 10, 20, 30, 9, 9, 9, 9, 9, 9, 10, 20, 30, 10, 20, 30, 9, 9, 9]) };
  const colour = fitImage(rgb, { height: 2, width: 2, channels: 3 }, "picture");
  expect([...colour.pixels]).toEqual([10, 10, 10, 10, 20, 20, 20, 20, 30, 30, 30, 30]);
  expect(colour.how).toBe("4×2 colour, middle cropped, scaled to 2×2");
  const grey = fitImage(rgb, { height: 2, width: 2, channels: 1 }, "picture");
  expect([...grey.pixels]).toEqual([18, 18, 18, 18]);
  expect(grey.how).toContain("made grey");
  const tripled = fitImage({ width: 1, height: 1, channels: 1, pixels: Uint8Array.of(5) }, { height: 1, width: 1, channels: 3 }, "picture");
  expect([[...tripled.pixels], tripled.how]).toEqual([[5, 5, 5], "1×1 grey, scaled to 1×1, grey in all channels"]);
});

test("resampling takes means over the area where it shrinks and mixes neighbours where it grows", () => {
  const ramp = { width: 8, height: 1, values: Float32Array.from([0, 1, 2, 3, 4, 5, 6, 7]) };
  const whole = { left: 0, top: 0, width: 8, height: 1 };
  // The middle of each half of the ramp; a triangle's mean of a ramp is its value in the middle, but at the repeated edge.
  const [low = 0, high = 0] = resample(ramp, whole, 2, 1).values;
  expect(low + high).toBeCloseTo(7, 5);
  expect(resample(ramp, { left: 2, top: 0, width: 4, height: 1 }, 2, 1).values).toEqual(Float32Array.of(2.5, 4.5));
  expect(resample(ramp, whole, 8, 1).values).toEqual(ramp.values);
  expect(resample(ramp, { left: 2, top: 0, width: 2, height: 1 }, 4, 1).values).toEqual(Float32Array.of(1.75, 2.25, 2.75, 3.25));
});
