import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, it, vi } from "vitest";
import { isNativeAvailable, nativeHost } from "../../src/backends/native/native-host.js";
import { compile, device, grad, softmax, tensor, type Tensor } from "../../src/node.js";

/* A program that was compiled for one size runs at another without the C compiler. */

const folder = mkdtempSync(join(tmpdir(), "gradus-test-"));
vi.stubEnv("GRADUS_CACHE", folder);
afterAll(async () => {
  if (isNativeAvailable()) await device("native").close();
  rmSync(folder, { recursive: true, force: true });
});

/** Numbers of a shape that are the same on every device. */
function numbers(shape: readonly number[], name: string, seed = 1): Tensor {
  const size = shape.reduce((product, n) => product * n, 1);
  const values = Float32Array.from({ length: size }, (_, i) => Math.sin(seed + i * 0.37));
  return tensor(values, { shape, device: name });
}

/** The results of a function at some sizes, and how many kernels each of them compiled. */
async function results(fn: (x: Tensor) => Tensor, shapes: readonly (readonly number[])[], name: string): Promise<{ values: number[][]; kernels: number[] }> {
  const step = compile(fn);
  const values: number[][] = [];
  const kernels: number[] = [];
  for (const shape of shapes) {
    const x = numbers(shape, name);
    await x.data();
    const before = name === "native" ? nativeHost().compiledKernels : 0;
    values.push([...(await step(x).data())]);
    kernels.push(name === "native" ? nativeHost().compiledKernels - before : 0);
  }
  return { values, kernels };
}

const functions: Record<string, { fn: (x: Tensor) => Tensor; shapes: readonly (readonly number[])[] }> = {
  "an elementwise function": { fn: (x) => x.mul(x).add(1).sqrt(), shapes: [[300, 40], [250, 40], [300, 56]] },
  "rows that are normalized": { fn: (x) => softmax(x.sub(x.mean(1, { keepdims: true })), 1), shapes: [[60, 70], [32, 70], [7, 70]] },
  "sums over a batch": { fn: (x) => x.square().sum(0), shapes: [[64, 100], [48, 100], [31, 100]] },
  "products with weights and their gradients": {
    fn: (x) => {
      const [v, w] = [numbers([40, 50], x.device.name, 2), numbers([50, 24], x.device.name, 3)];
      return grad((a: Tensor) => x.matmul(a).relu().matmul(w).square().sum().mul(1e-3))(v);
    },
    shapes: [[52, 40], [65, 40]],
  },
  "axes that change places": { fn: (x) => x.transpose(1, 2).reshape(x.shape[0] ?? 1, -1).mul(2), shapes: [[12, 64, 32], [9, 64, 32]] },
};

it.skipIf(!isNativeAvailable()).each(Object.entries(functions))("compiles %s once for all sizes", async (_name, { fn, shapes }) => {
  const native = await results(fn, shapes, "native");
  const reference = await results(fn, shapes, "reference");
  expect(native.kernels[0]).toBeGreaterThan(0);
  expect(native.kernels.slice(1)).toEqual(shapes.slice(1).map(() => 0));
  native.values.forEach((values, k) => values.forEach((v, i) => expect(v).toBeCloseTo(reference.values[k]?.[i] ?? NaN, 4)));
});
