import { colourOf, colourVersion } from "../../ui/theme.js";

/** Design tokens of the classes, in order; of a number, the first is −1 and the second 1. */
export const classTokens = ["--warm", "--cool", "--series-4", "--series-8"] as const;

/** How much of a class's colour the surest answer has on the plane: points stand out against it. */
const strength = 0.72;

type Rgb = readonly [red: number, green: number, blue: number];

/** A design token as numbers. */
export function rgbOf(token: string): Rgb {
  const [red = 0, green = 0, blue = 0] = colourOf(token).match(/[\d.]+/g)?.map(Number) ?? [];
  return [red, green, blue];
}

const pixelOf = (red: number, green: number, blue: number): number => ((255 << 24) | (blue << 16) | (green << 8) | red) >>> 0;

/** The tables that were made with the colours of a version. */
const tables = new Map<string, Uint32Array>();
let tablesVersion = -1;

/** Pixels of the bytes of a picture: 0 has the colour of −1, 127.5 that of the page's surface, 255 that of 1; or of their signs alone. */
export function divergingPixels(most = 1, isDiscrete = false): Uint32Array {
  if (tablesVersion !== colourVersion.peek()) tables.clear();
  tablesVersion = colourVersion.peek();
  const name = `${most} ${isDiscrete}`;
  const known = tables.get(name);
  if (known) return known;
  const [low, middle, high] = [rgbOf("--warm"), rgbOf("--surface"), rgbOf("--cool")];
  const made = Uint32Array.from({ length: 256 }, (_, byte) => {
    const value = isDiscrete ? Math.sign(byte - 127.5) : byte / 127.5 - 1;
    const end = value < 0 ? low : high;
    const share = most * Math.abs(value);
    const mixed = middle.map((from, i) => Math.round(from + (((end[i] ?? 0) - from) * share)));
    return pixelOf(mixed[0] ?? 0, mixed[1] ?? 0, mixed[2] ?? 0);
  });
  tables.set(name, made);
  return made;
}

/** Fills an image with one picture of bytes. */
export function fillDiverging(image: ImageData, bytes: Uint8Array, start: number, pixels: Uint32Array): void {
  const target = new Uint32Array(image.data.buffer);
  for (let i = 0; i < target.length; i++) target[i] = pixels[bytes[start + i] ?? 0] ?? 0;
}

/** Fills an image with the answer: shades of what is likely, or the class (or sign) alone. */
export function fillAnswer(image: ImageData, surface: Uint8Array, outputs: number, isDiscrete: boolean): void {
  const area = image.width * image.height;
  if (outputs === 1) {
    fillDiverging(image, surface, 0, divergingPixels(strength, isDiscrete));
    return;
  }
  const target = new Uint32Array(image.data.buffer);
  const [red, green, blue] = rgbOf("--surface");
  const colours = classTokens.slice(0, outputs).map(rgbOf);
  for (let i = 0; i < area; i++) {
    let best = 0;
    for (let k = 1; k < outputs; k++) if ((surface[k * area + i] ?? 0) > (surface[best * area + i] ?? 0)) best = k;
    const [r, g, b] = colours[best] ?? [0, 0, 0];
    // An answer that is no better than a guess is no colour.
    const sure = isDiscrete ? 1 : ((surface[best * area + i] ?? 0) / 255 - 1 / outputs) / (1 - 1 / outputs);
    const share = strength * Math.max(0, sure);
    target[i] = pixelOf(red + (r - red) * share, green + (g - green) * share, blue + (b - blue) * share);
  }
}

/** A class's colour as text, and for a number one between those of −1 and 1. */
export function targetColour(target: number, isRegression: boolean): string {
  if (!isRegression) return colourOf(classTokens[target] ?? classTokens[0]);
  const [from, to] = [rgbOf("--surface"), rgbOf(target < 0 ? "--warm" : "--cool")];
  return `rgb(${from.map((value, i) => Math.round(value + ((to[i] ?? 0) - value) * Math.min(1, Math.abs(target)))).join(" ")})`;
}
