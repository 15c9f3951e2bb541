import { test } from "vitest";
import { compileGraph } from "../../src/compiler/compile-graph.js";
import { wasmTarget } from "../../src/backends/wasm/wasm-backend.js";
import { printKernel } from "../../src/ir/print.js";
import { input } from "../../src/ir/graph.js";
import * as ops from "../../src/ops/index.js";
test("p", () => {
  const x = input({ shape: [11], dtype: "float32" });
  const y = ops.reduceWindow(x, { window: [3], dilation: [3], padding: [[2, 0]], fold: "add" });
  for (const k of compileGraph({ inputs: [x], outputs: [y] }, wasmTarget).kernels) console.log(printKernel(k));
});
