import { expect, it } from "vitest";
import { prepareDrawing } from "./prepare-drawing.js";

const size = { height: 28, width: 28 };
const moved = (stroke: readonly number[], factor: number, x: number, y: number): number[] => stroke.map((value, k) => factor * value + (k % 2 === 0 ? x : y));

it("puts a drawing's centre of mass into the middle, 20 pixels large", () => {
  const { pixels } = prepareDrawing([[0.1, 0.1, 0.1, 0.5, 0.35, 0.5]], size) ?? { pixels: new Uint8Array() };
  const inked = Array.from(pixels.keys()).filter((i) => (pixels[i] ?? 0) > 0);
  const rows = inked.map((i) => Math.floor(i / 28));
  expect(Math.max(...rows) - Math.min(...rows) + 1).toBe(20);
  let [mass, x, y] = [0, 0, 0];
  pixels.forEach((ink, i) => {
    mass += ink;
    x += ink * (i % 28);
    y += ink * Math.floor(i / 28);
  });
  expect(Math.abs(x / mass - 14)).toBeLessThan(0.6);
  expect(Math.abs(y / mass - 14)).toBeLessThan(0.6);
});

it("does not see where on the sheet a digit was written", () => {
  const stroke = [0.2, 0.2, 0.4, 0.2, 0.3, 0.6];
  const [here, there] = [moved(stroke, 1, 0, 0), moved(stroke, 1, 0.375, 0.25)].map((written) => prepareDrawing([written], size)?.pixels ?? new Uint8Array());
  expect(there).toEqual(here);
});

it("has nothing to prepare on an empty sheet, and prepares a dot", () => {
  expect(prepareDrawing([], size)).toBeUndefined();
  expect(prepareDrawing([[0.5, 0.5]], size)?.pixels.some((ink) => ink > 200)).toBe(true);
});
