import { ArgumentError } from "../core/errors.js";
import { digitForms } from "./digit-strokes.js";
import type { ImageSet, ImageSplits } from "./image-set.js";
import { nextMacrotask } from "./macrotask.js";
import { StrokeCanvas } from "./stroke-canvas.js";
import { Xoshiro128 } from "./xoshiro128.js";

/** What to generate. Image `i` of a part depends only on the seed, the part and `i`. */
export interface DigitsOptions {
  /** Number of training images; 10,000 if not given. */
  readonly train?: number;
  /** Number of test images; 2,000 if not given. */
  readonly test?: number;
  /** A whole number from 0 to 2^53 - 1; 0 if not given. */
  readonly seed?: number;
}

const size = 28;
const classes = 10;
const fieldNodes = 4;
const curveSteps = 5;
const sliceMilliseconds = 4;

/**
 * Draws handwritten-like digits of 28×28 pixels: strokes of one of several written forms per digit, under a random
 * affine map, elastic distortion, pen width, ink and noise. Labels are balanced and shuffled. The bytes are the same
 * on every platform. Throws ArgumentError for a count or seed that is no whole number.
 *
 * Distortion after Simard, Steinkraus and Platt, "Best practices for convolutional neural networks applied to visual
 * document analysis", 2003.
 */
export function generateDigits(options: DigitsOptions = {}): ImageSplits {
  const steps = drawSplits(options);
  for (;;) {
    const step = steps.next();
    if (step.done) return step.value;
  }
}

/** As `generateDigits`, with a macrotask at least every 10 ms, so that the caller's timers keep running. */
export async function generateDigitsAsync(options: DigitsOptions = {}): Promise<ImageSplits> {
  const steps = drawSplits(options);
  let pauseAt = performance.now() + sliceMilliseconds;
  for (;;) {
    const step = steps.next();
    if (step.done) return step.value;
    if (performance.now() < pauseAt) continue;
    await nextMacrotask();
    pauseAt = performance.now() + sliceMilliseconds;
  }
}

/** Yields after each image. */
function* drawSplits({ train = 10_000, test = 2_000, seed = 0 }: DigitsOptions): Generator<void, ImageSplits> {
  requireWhole("train", train);
  requireWhole("test", test);
  requireWhole("seed", seed);
  const seedWords = [seed >>> 0, Math.floor(seed / 4294967296)];
  return {
    train: yield* drawSet(train, [...seedWords, 0]),
    test: yield* drawSet(test, [...seedWords, 1]),
  };
}

function requireWhole(name: string, value: number): void {
  if (Number.isSafeInteger(value) && value >= 0) return;
  throw new ArgumentError(`digits: ${name} is ${value}; give a whole number from 0 to 2^53 - 1.`);
}

function* drawSet(count: number, seedWords: readonly number[]): Generator<void, ImageSet> {
  const images = new Uint8Array(count * size * size);
  const labels = shuffledLabels(count, new Xoshiro128(...seedWords));
  const canvas = new StrokeCanvas(size);
  for (const [index, label] of labels.entries()) {
    const random = new Xoshiro128(...seedWords, index);
    drawDigit(label, canvas, random);
    develop(canvas, images.subarray(index * size * size, (index + 1) * size * size), random);
    yield;
  }
  return { images, labels, count, height: size, width: size, classes };
}

/** Each class `count / 10` times (the first ones once more where that leaves a rest), in Fisher and Yates' order. */
function shuffledLabels(count: number, random: Xoshiro128): Uint8Array {
  const labels = Uint8Array.from({ length: count }, (_, i) => i % classes);
  for (let i = count - 1; i > 0; i--) {
    const j = random.below(i + 1);
    const label = labels[i] ?? 0;
    labels[i] = labels[j] ?? 0;
    labels[j] = label;
  }
  return labels;
}

function drawDigit(digit: number, canvas: StrokeCanvas, random: Xoshiro128): void {
  const place = randomPlacement(random);
  const radius = random.uniform(1, 1.9);
  const jitter = random.uniform(0, 3);
  canvas.clear();
  for (const stroke of randomForm(digit, random)) {
    const xs: number[] = [];
    const ys: number[] = [];
    for (let k = 0; k < stroke.length; k += 2) {
      const x = stroke[k] ?? 0;
      const y = stroke[k + 1] ?? 0;
      const isCorner = k > 0 && x === stroke[k - 2] && y === stroke[k - 1];
      const [px, py] = isCorner
        ? [xs.at(-1) ?? 0, ys.at(-1) ?? 0]
        : place(x + jitter * random.bell(), y + jitter * random.bell());
      xs.push(px);
      ys.push(py);
    }
    drawCurve(xs, ys, radius * (1 + 0.08 * random.bell()), canvas);
  }
}

function randomForm(digit: number, random: Xoshiro128): readonly (readonly number[])[] {
  const forms = digitForms[digit] ?? [];
  let rest = random.below(forms.reduce((sum, form) => sum + form.weight, 0));
  for (const { weight, strokes } of forms) {
    if (rest < weight) return strokes;
    rest -= weight;
  }
  return [];
}

/** A random map from the box of the written forms to pixels: affine, then a smooth random displacement. */
function randomPlacement(random: Xoshiro128): (x: number, y: number) => readonly [x: number, y: number] {
  const height = random.uniform(17, 20.5) / 100;
  const width = height * random.uniform(0.68, 1.02);
  const slant = 0.15 + 0.2 * random.bell();
  // With t = tan(angle / 2), cosine and sine are rational: no engine's trigonometry enters the pixels.
  const t = 0.06 * random.bell();
  const cos = (1 - t * t) / (1 + t * t);
  const sin = (2 * t) / (1 + t * t);
  const centerX = (size - 1) / 2 + 1.4 * random.bell();
  const centerY = (size - 1) / 2 + 1.4 * random.bell();
  const field = Float64Array.from({ length: 2 * fieldNodes * fieldNodes }, () => 0.5 * random.bell());
  return (x, y) => {
    const v = (y - 50) * height;
    const u = (x - 50) * width - slant * v;
    const px = centerX + cos * u - sin * v;
    const py = centerY + sin * u + cos * v;
    return [px + displacement(field, 0, px, py), py + displacement(field, 1, px, py)];
  };
}

/** The field's value at a pixel position, smoothly interpolated between the four nodes around it. */
function displacement(field: Float64Array, component: 0 | 1, x: number, y: number): number {
  const [column, right] = cell(x);
  const [row, below] = cell(y);
  const node = (r: number, c: number): number => field[2 * (r * fieldNodes + c) + component] ?? 0;
  const above = node(row, column) * (1 - right) + node(row, column + 1) * right;
  const under = node(row + 1, column) * (1 - right) + node(row + 1, column + 1) * right;
  return above * (1 - below) + under * below;
}

/** The field's cell that holds a pixel coordinate, and the smoothed position within it. */
function cell(coordinate: number): readonly [index: number, fraction: number] {
  const scaled = Math.min(fieldNodes - 1, Math.max(0, (coordinate / (size - 1)) * (fieldNodes - 1)));
  const index = Math.min(fieldNodes - 2, Math.floor(scaled));
  const f = scaled - index;
  return [index, f * f * (3 - 2 * f)];
}

/** Draws the Catmull-Rom curve through the points, its ends continued straight on, broken where a point is repeated. */
function drawCurve(xs: readonly number[], ys: readonly number[], radius: number, canvas: StrokeCanvas): void {
  for (let k = 0; k + 1 < xs.length; k++) {
    if (xs[k] === xs[k + 1] && ys[k] === ys[k + 1]) continue;
    const x = spanOf(xs, k);
    const y = spanOf(ys, k);
    let fromX = xs[k] ?? 0;
    let fromY = ys[k] ?? 0;
    for (let step = 1; step <= curveSteps; step++) {
      const s = step / curveSteps;
      const toX = x(s);
      const toY = y(s);
      canvas.line(fromX, fromY, toX, toY, radius);
      fromX = toX;
      fromY = toY;
    }
  }
}

/** One coordinate of the curve between points `k` and `k + 1`, as a cubic in `s` from 0 to 1. */
function spanOf(values: readonly number[], k: number): (s: number) => number {
  const b = values[k] ?? 0;
  const c = values[k + 1] ?? 0;
  const a = values[k - 1] ?? 2 * b - c;
  const d = values[k + 2] ?? 2 * c - b;
  const linear = (c - a) / 2;
  const square = a - 2.5 * b + 2 * c - d / 2;
  const cube = (d - a) / 2 + 1.5 * (b - c);
  return (s) => b + s * (linear + s * (square + s * cube));
}

/** Turns ink into bytes: a random strength of ink, and noise on every pixel. */
function develop(canvas: StrokeCanvas, pixels: Uint8Array, random: Xoshiro128): void {
  const strength = 255 * random.uniform(0.65, 1);
  const noise = random.uniform(2, 12);
  for (let i = 0; i < pixels.length; i++) {
    const value = strength * (canvas.ink[i] ?? 0) + noise * random.bell();
    pixels[i] = Math.floor(Math.min(255, Math.max(0, value)));
  }
}
