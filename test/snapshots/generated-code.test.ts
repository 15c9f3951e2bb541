import { expect, test } from "vitest";
import { sizesAsArguments } from "../../src/compiler/sizes-as-arguments.js";
import { renderKernel as renderC } from "../../src/backends/native/render-c.js";
import { renderKernel as renderWasm } from "../../src/backends/wasm/render-wasm.js";
import { renderWgsl } from "../../src/backends/webgpu/render-wgsl.js";
import { functionText } from "../wasm-text.js";
import { compileGraph } from "../compile-graph.js";
import type { Target } from "../../src/compiler/target.js";
import { isPassed } from "../../src/ir/loop.js";
import { input, type Graph, type Value } from "../../src/ir/graph.js";
import * as ops from "../../src/ops/index.js";
import { relu } from "../../src/tensor/composite/activation.js";
import { softmax } from "../../src/tensor/composite/reduction.js";

/** One machine for everybody: its numbers choose the code. */
const target: Target = { name: "snapshot", vectorBytes: 16, vectorRegisters: 8, l1Bytes: 32768, l2Bytes: 524288, float64: true, memoryBytes: 2 ** 32 };

function leaf(...shape: number[]): Value {
  return input({ shape, dtype: "float32" });
}

const graphs: Readonly<Record<string, () => Graph>> = {
  "a scaled sum under relu": () => {
    const [x, y] = [leaf(100), leaf(100)];
    return { inputs: [x, y], outputs: [relu(ops.add(ops.mul(x, ops.constant(0.5, "float32", [100])), y))] };
  },
  "the softmax of rows": () => {
    const x = leaf(8, 50);
    return { inputs: [x], outputs: [softmax(x)] };
  },
  "a product with bias": () => {
    const [a, b, bias] = [leaf(6, 20), leaf(20, 8), leaf(8)];
    const product = ops.dot(a, b, { batchA: [], batchB: [], contractA: [1], contractB: [0] });
    return { inputs: [a, b, bias], outputs: [ops.add(product, ops.broadcast(bias, [6, 8], [1]))] };
  },
};

test.each(Object.entries(graphs))("%s is written in C as before", (_, make) => {
  expect(sizesAsArguments(compileGraph(make(), target)).kernels.map((kernel) => renderC(kernel).text).join("\n")).toMatchSnapshot();
});

test.each(Object.entries(graphs))("%s is written in WebAssembly as before", (_, make) => {
  expect(compileGraph(make(), target).kernels.map((kernel) => functionText(renderWasm(kernel, false))).join("\n")).toMatchSnapshot();
});

test.each(Object.entries(graphs))("%s is written in WGSL as before", (_, make) => {
  const { kernels } = compileGraph(make(), target);
  expect(kernels.map((kernel) => renderWgsl(kernel, kernel.buffers.filter(isPassed).map((_, k) => k)).code).join("\n")).toMatchSnapshot();
});
