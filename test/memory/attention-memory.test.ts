import { expect, test } from "vitest";
import { compileGraph } from "../compile-graph.js";
import { nativeTarget } from "../../src/backends/native/native-target.js";
import type { Target } from "../../src/compiler/target.js";
import { byteSize } from "../../src/core/dtype.js";
import { sizeOf } from "../../src/core/shape.js";
import { input } from "../../src/ir/graph.js";
import { vjpOf } from "../../src/autodiff/backward.js";
import * as ops from "../../src/ops/index.js";

/** Bytes that attention and its gradients take beside operands and results, with two threads. */
function extraBytes(length: number, target: Target): number {
  const [q, k, v, ct] = Array.from({ length: 4 }, () => input({ shape: [1, length, 64], dtype: "float32" }));
  if (!q || !k || !v || !ct) return NaN;
  for (const operand of [q, k, v]) operand.requiresGrad = true;
  const out = ops.attention({ q, k, v }, { scale: 0.125, causal: false, keep: 1 });
  const gradients = vjpOf([out], [ct], [q, k, v]).filter((x) => x !== undefined);
  const program = compileGraph({ inputs: [q, k, v, ct], outputs: [out, ...gradients] }, target);
  const scratch = program.kernels.map(({ buffers }) => buffers.reduce((sum, b) => sum + (b.access === "scratch" ? b.scratchSize * byteSize(b.dtype) : 0), 0));
  const results = [out, ...gradients].reduce((sum, x) => sum + sizeOf(x.shape) * 4, 0);
  return program.arenaBytes + results + 2 * Math.max(...scratch);
}

/** Vectors of four numbers, 16 registers. */
const narrow: Target = { name: "narrow", vectorBytes: 16, vectorRegisters: 16, l1Bytes: 32768, l2Bytes: 262144, float64: false, memoryBytes: 2 ** 32 };

test.each([
  ["this machine", nativeTarget()],
  ["narrow vectors", narrow],
])("attention over 8,192 positions and its gradients take less than 100 MB for %s, and twice the length twice as much", (_, target) => {
  expect(extraBytes(8192, target)).toBeLessThan(100e6);
  expect(extraBytes(16384, target)).toBeLessThan(2.1 * extraBytes(8192, target));
});
