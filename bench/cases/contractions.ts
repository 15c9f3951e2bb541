import { conv2d, grad, matmul, type Tensor } from "../../src/node.js";
import type { BenchCase } from "../case.js";
import { kernel } from "./kernel.js";

/** [rows, inner] times [inner, columns]. */
export function matmulCase(rows: number, inner: number, columns: number, name = `matmul-${rows}x${inner}x${columns}`): BenchCase {
  return kernel({
    name,
    flops: 2 * rows * inner * columns,
    work: { kind: "matmul" },
    shapes: [[rows, inner], [inner, columns]],
    compute: (a, b) => matmul(a, b),
  });
}

/** A convolution over square images without bias. */
export interface ConvSizes {
  readonly batch: number;
  readonly from: number;
  readonly to: number;
  readonly image: number;
  readonly kernel: number;
  readonly stride?: number;
  readonly padding?: number;
}

export type ConvPart = "forward" | "dinput" | "dweight";

/** A convolution, or one of its two gradients alone. */
export function convCase(name: string, part: ConvPart, sizes: ConvSizes): BenchCase {
  const { batch, from, to, image, kernel: size, stride = 1, padding = 0 } = sizes;
  const out = Math.floor((image + 2 * padding - size) / stride) + 1;
  const x = [batch, from, image, image];
  const weight = [to, from, size, size];
  const y = [batch, to, out, out];
  const convolve = (input: Tensor, filter: Tensor): Tensor => conv2d(input, filter, undefined, { stride, padding });
  const common = { name, flops: 2 * batch * to * out * out * from * size * size, work: { kind: `conv-${part}`, stride, padding } };
  // A gradient is given the other operand and the gradient of the result; the operand that it belongs to lends its shape.
  const along = (wrt: Tensor, towards: Tensor, f: (t: Tensor) => Tensor): Tensor => grad((t: Tensor) => f(t).mul(towards).sum())(wrt);
  switch (part) {
    case "forward":
      return kernel({ ...common, shapes: [x, weight], compute: (input, filter) => convolve(input, filter) });
    case "dinput":
      return kernel({ ...common, shapes: [x, weight, y], compute: (input, filter, gradient) => along(input, gradient, (t) => convolve(t, filter)) });
    case "dweight":
      return kernel({ ...common, shapes: [x, weight, y], compute: (input, filter, gradient) => along(filter, gradient, (t) => convolve(input, t)) });
  }
}

const conv64: ConvSizes = { batch: 32, from: 64, to: 64, image: 56, kernel: 3, padding: 1 };

export const contractions: readonly BenchCase[] = [
  matmulCase(1024, 1024, 1024, "matmul-1024"),
  convCase("conv3x3-64", "forward", conv64),
  convCase("conv3x3-64-dinput", "dinput", conv64),
  convCase("conv3x3-64-dweight", "dweight", conv64),
];

const swept: Readonly<Record<string, ConvSizes>> = {
  "conv1x1-64x256": { batch: 32, from: 64, to: 256, image: 28, kernel: 1 },
  "conv1x1-256x64-stride2": { batch: 32, from: 256, to: 64, image: 28, kernel: 1, stride: 2 },
  "conv3x3-3x16": { batch: 64, from: 3, to: 16, image: 32, kernel: 3, padding: 1 },
  "conv3x3-16x16": { batch: 64, from: 16, to: 16, image: 32, kernel: 3, padding: 1 },
  "conv3x3-17x33-odd": { batch: 7, from: 17, to: 33, image: 29, kernel: 3, padding: 1 },
  "conv3x3-32x64-stride2": { batch: 64, from: 32, to: 64, image: 16, kernel: 3, stride: 2, padding: 1 },
  "conv3x3-256x256-7x7": { batch: 16, from: 256, to: 256, image: 7, kernel: 3, padding: 1 },
  "conv5x5-1x6": { batch: 64, from: 1, to: 6, image: 28, kernel: 5, padding: 2 },
  "conv5x5-32x64": { batch: 32, from: 32, to: 64, image: 28, kernel: 5, padding: 2 },
  "conv7x7-3x64-stride2": { batch: 8, from: 3, to: 64, image: 112, kernel: 7, stride: 2, padding: 3 },
};

/** Products that one tile or one block does not fit: small, odd, thin, wide, large. */
const products: readonly (readonly [number, number, number])[] = [
  [16, 16, 16], [63, 65, 67], [127, 255, 129], [256, 256, 256], [512, 512, 512], [2048, 2048, 2048],
  [1, 1024, 1024], [1024, 1024, 1], [8, 4096, 1024], [4096, 16, 512], [16, 16384, 16], [64, 784, 128], [2048, 384, 1536], [1000, 333, 777],
];

export const contractionSweep: readonly BenchCase[] = [
  ...products.map(([rows, inner, columns]) => matmulCase(rows, inner, columns)),
  ...Object.entries(swept).flatMap(([name, sizes]) => [
    convCase(name, "forward", sizes),
    convCase(`${name}-dinput`, "dinput", sizes),
    convCase(`${name}-dweight`, "dweight", sizes),
  ]),
];
