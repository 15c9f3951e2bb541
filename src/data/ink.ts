import type { Plane, Rectangle } from "./resample.js";

/** Pixels as they come out of an image file. */
export interface PixelImage {
  readonly width: number;
  readonly height: number;
  /** 1 for grey, 3 for red, green and blue. */
  readonly channels: number;
  /** From 0 to 255, the channels of a pixel side by side. */
  readonly pixels: Uint8Array;
}

/** What is written or drawn on the background of an image. */
export interface Ink {
  /** From 0 for background to 1. */
  readonly plane: Plane;
  /** The smallest rectangle that holds it. */
  readonly box: Rectangle;
  readonly darkOnLight: boolean;
}

/** Shares of red, green and blue in what is seen as bright (ITU-R BT.601). */
const brightness = [0.299, 0.587, 0.114] as const;

/** An image's channels as planes of shades from 0 to 255. */
export function colourPlanes({ width, height, channels, pixels }: PixelImage): Plane[] {
  return Array.from({ length: channels }, (_, c) => ({
    width,
    height,
    values: Float32Array.from({ length: width * height }, (_, i) => pixels[i * channels + c] ?? 0),
  }));
}

/** Colours as one plane of brightness. */
export function grey(planes: readonly Plane[]): Plane {
  const [first, ...others] = planes;
  if (!first || others.length === 0) return first ?? { width: 0, height: 0, values: new Float32Array() };
  const values = first.values.map((_, i) => planes.reduce((sum, plane, c) => sum + (brightness[c] ?? 0) * (plane.values[i] ?? 0), 0));
  return { ...first, values };
}

/**
 * Separates ink from its background by their difference in colour, so that both may have any: the background is the plane through
 * the colours of the image's edge, which follows a light that falls from one side; a threshold after Otsu (1979) finds the ink;
 * specks far smaller than it are noise. Undefined where nothing stands out.
 */
export function findInk(planes: readonly Plane[]): Ink | undefined {
  const [first] = planes;
  if (!first) return undefined;
  const { width, height } = first;
  const backgrounds = planes.map(fitBackground);
  const difference = new Float32Array(width * height);
  for (let y = 0, i = 0; y < height; y++) {
    for (let x = 0; x < width; x++, i++) {
      let square = 0;
      planes.forEach(({ values }, c) => (square += ((values[i] ?? 0) - (backgrounds[c]?.(x, y) ?? 0)) ** 2));
      difference[i] = Math.sqrt(square / planes.length);
    }
  }
  const threshold = otsuThreshold(difference);
  const marked = keepLarge(difference, width, height, threshold);
  const box = boxOf(marked, width, height);
  // What differs by less than a twentieth of all shades is the grain of the paper.
  if (!box || threshold < 6) return undefined;
  const shades = Float32Array.from(difference.filter((_, i) => marked[i] === 1)).sort();
  const full = shades[Math.floor(0.75 * shades.length)] ?? 1;
  const grain = noiseOf(difference, threshold);
  const near = spread(marked, width, height);
  const values = difference.map((d, i) => (near[i] === 1 ? Math.min(Math.max((d - grain) / (full - grain), 0), 1) : 0));
  const bright = grey(planes).values;
  const meanBrightness = (of: number): number => mean(bright.filter((_, i) => marked[i] === of));
  return { plane: { width, height, values }, box, darkOnLight: meanBrightness(1) < meanBrightness(0) };
}

/** The colour of the background at each place: a plane through the edge's pixels, from which the farthest third is left out. */
function fitBackground({ width, height, values }: Plane): (x: number, y: number) => number {
  let edge: { x: number; y: number; value: number }[] = [];
  const depth = Math.max(1, Math.round(Math.min(width, height) / 50));
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      if (x >= depth && x < width - depth && y >= depth && y < height - depth) continue;
      edge.push({ x: x / width - 0.5, y: y / height - 0.5, value: values[y * width + x] ?? 0 });
    }
  }
  const middle = edge.map(({ value }) => value).sort((a, b) => a - b)[edge.length >> 1] ?? 0;
  let at = (_x: number, _y: number): number => middle;
  for (let round = 0; round < 3; round++) {
    const off = edge.map(({ x, y, value }) => Math.abs(value - at(x, y)));
    const limit = Math.max(4, [...off].sort((a, b) => a - b)[Math.floor((2 / 3) * off.length)] ?? 0);
    const near = edge.filter((_, i) => (off[i] ?? 0) <= limit);
    const plane = leastSquaresPlane(near);
    if (!plane) break;
    at = plane;
    if (near.length === edge.length) break;
    edge = round === 0 ? edge : near;
  }
  return (x, y) => at(x / width - 0.5, y / height - 0.5);
}

/** a + b·x + c·y closest to the points by least squares, by Cramer's rule; undefined where they do not determine it. */
function leastSquaresPlane(points: readonly { x: number; y: number; value: number }[]): ((x: number, y: number) => number) | undefined {
  const n = points.length;
  const sum = (of: (point: { x: number; y: number; value: number }) => number): number => points.reduce((total, point) => total + of(point), 0);
  const [mx, my, mv] = [sum((p) => p.x) / n, sum((p) => p.y) / n, sum((p) => p.value) / n];
  const xx = sum((p) => (p.x - mx) ** 2);
  const yy = sum((p) => (p.y - my) ** 2);
  const xy = sum((p) => (p.x - mx) * (p.y - my));
  const xv = sum((p) => (p.x - mx) * (p.value - mv));
  const yv = sum((p) => (p.y - my) * (p.value - mv));
  const determinant = xx * yy - xy * xy;
  if (n < 3 || determinant < 1e-9) return undefined;
  const b = (xv * yy - yv * xy) / determinant;
  const c = (yv * xx - xv * xy) / determinant;
  return (x, y) => mv + b * (x - mx) + c * (y - my);
}

/** The value that splits values from 0 into two groups that differ most: N. Otsu, "A threshold selection method from gray-level histograms", 1979. */
function otsuThreshold(values: Float32Array): number {
  const bins = 256;
  const most = values.reduce((a, b) => Math.max(a, b), 0) || 1;
  const histogram = new Float64Array(bins);
  for (const value of values) {
    const bin = Math.min(bins - 1, Math.floor((value / most) * bins));
    histogram[bin] = (histogram[bin] ?? 0) + 1;
  }
  const total = histogram.reduce((sum, count, bin) => sum + count * bin, 0);
  let [below, sumBelow, best, first, last] = [0, 0, -1, 0, 0];
  for (let bin = 0; bin < bins - 1; bin++) {
    below += histogram[bin] ?? 0;
    sumBelow += bin * (histogram[bin] ?? 0);
    const above = values.length - below;
    if (below === 0 || above === 0) continue;
    const between = below * above * (sumBelow / below - (total - sumBelow) / above) ** 2;
    if (between > best) [best, first] = [between, bin + 1];
    if (between === best) last = bin + 1;
  }
  // Between two groups with nothing in the middle every value splits as well: the middle one is the farthest from both.
  return ((first + last) / 2 / bins) * most;
}

/** Marks with 1 what is above the threshold and hangs together (8 neighbours) in a piece of at least a fiftieth of the largest one. */
function keepLarge(values: Float32Array, width: number, height: number, threshold: number): Uint8Array {
  const piece = new Int32Array(values.length).fill(-1);
  const sizes: number[] = [];
  const stack: number[] = [];
  for (let start = 0; start < values.length; start++) {
    if (piece[start] !== -1 || (values[start] ?? 0) <= threshold) continue;
    const name = sizes.length;
    let size = 0;
    piece[start] = name;
    stack.push(start);
    for (let i = stack.pop(); i !== undefined; i = stack.pop()) {
      size++;
      for (const next of neighbours(i, width, height)) {
        if (piece[next] !== -1 || (values[next] ?? 0) <= threshold) continue;
        piece[next] = name;
        stack.push(next);
      }
    }
    sizes.push(size);
  }
  const least = Math.max(...sizes, 0) / 50;
  return Uint8Array.from(piece, (name) => (name >= 0 && (sizes[name] ?? 0) >= least ? 1 : 0));
}

/** Marks with 1 what is marked or beside it: the soft edge of strokes. */
function spread(marked: Uint8Array, width: number, height: number): Uint8Array {
  const result = Uint8Array.from(marked);
  for (let i = 0; i < marked.length; i++) {
    if (marked[i] === 1) for (const next of neighbours(i, width, height)) result[next] = 1;
  }
  return result;
}

function neighbours(i: number, width: number, height: number): number[] {
  const [x, y] = [i % width, Math.floor(i / width)];
  const found: number[] = [];
  for (let ny = Math.max(0, y - 1); ny <= Math.min(height - 1, y + 1); ny++) {
    for (let nx = Math.max(0, x - 1); nx <= Math.min(width - 1, x + 1); nx++) if (nx !== x || ny !== y) found.push(ny * width + nx);
  }
  return found;
}

function boxOf(marked: Uint8Array, width: number, height: number): Rectangle | undefined {
  let [left, top, right, bottom] = [width, height, -1, -1];
  for (let i = 0; i < marked.length; i++) {
    if (marked[i] !== 1) continue;
    const [x, y] = [i % width, Math.floor(i / width)];
    [left, right, top, bottom] = [Math.min(left, x), Math.max(right, x), Math.min(top, y), Math.max(bottom, y)];
  }
  return right < 0 ? undefined : { left, top, width: right - left + 1, height: bottom - top + 1 };
}

/** How far the background differs from what it was taken for. */
function noiseOf(difference: Float32Array, threshold: number): number {
  return mean(difference.filter((d) => d <= threshold));
}

function mean(values: Float32Array): number {
  return values.length === 0 ? 0 : values.reduce((sum, value) => sum + value, 0) / values.length;
}
