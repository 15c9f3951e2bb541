import { describe, expect, it } from "vitest";
import { compileGraph } from "../../test/compile-graph.js";
import type { DType } from "../core/dtype.js";
import type { Shape } from "../core/shape.js";
import { input, type Value } from "../ir/graph.js";
import { add, broadcast, constant, conv, max } from "../ops/index.js";
import type { Target } from "./target.js";

const target: Target = { name: "test", vectorBytes: 32, vectorRegisters: 16, l1Bytes: 32 << 10, l2Bytes: 1 << 20, float64: true, memoryBytes: 2 ** 32 };

const kernelsOf = (inputs: Value[], output: Value): string[] => compileGraph({ inputs, outputs: [output] }, target).kernels.map(({ name }) => name);

function convKernels(x: Shape, w: Shape, options: Parameters<typeof conv>[2], dtype: DType = "float32"): string[] {
  const inputs = [input({ shape: x, dtype }), input({ shape: w, dtype })] as const;
  return kernelsOf([...inputs], conv(...inputs, options));
}

/** Half of the operations that a program does. */
function multiplyAdds(inputs: Value[], output: Value): number {
  return compileGraph({ inputs, outputs: [output] }, target).kernels.reduce((total, { flops }) => total + flops, 0) / 2;
}

const padding = [[1, 1], [1, 1]] as const;

describe("convolutions by minimal filtering", () => {
  it("are those with 3×3 filters that move by one", () => {
    expect(convKernels([4, 32, 16, 16], [32, 32, 3, 3], { padding })).toEqual(["conv-filters", "conv"]);
    expect(convKernels([4, 32, 15, 7], [24, 32, 3, 3], {})).toEqual(["conv-filters", "conv"]);
  });

  it.each([
    ["a stride", [4, 32, 16, 16], [32, 32, 3, 3], { strides: [2, 2] }, "float32"],
    ["a dilation", [4, 32, 16, 16], [32, 32, 3, 3], { kernelDilation: [2, 2] }, "float32"],
    ["zeros between pixels", [4, 32, 16, 16], [32, 32, 3, 3], { inputDilation: [2, 2] }, "float32"],
    ["groups", [4, 32, 16, 16], [32, 16, 3, 3], { groups: 2 }, "float32"],
    ["another filter", [4, 32, 16, 16], [32, 32, 3, 5], {}, "float32"],
    ["few channels", [4, 3, 16, 16], [32, 3, 3, 3], {}, "float32"],
    ["little to do", [1, 8, 4, 4], [8, 8, 3, 3], { padding }, "float32"],
    ["integers", [4, 32, 16, 16], [32, 32, 3, 3], {}, "int32"],
  ] as const)("are not those with %s", (_, x, w, options, dtype) => {
    expect(convKernels(x, w, options, dtype)).not.toContain("conv-filters");
  });

  it("are gradients of such filters", () => {
    const x = input({ shape: [32, 4, 16, 16], dtype: "float32" });
    const gradient = input({ shape: [24, 4, 16, 16], dtype: "float32" });
    const plain = input({ shape: [24, 4, 14, 14], dtype: "float32" });
    expect(multiplyAdds([x, gradient], conv(x, gradient, { padding }))).toBeLessThan(0.65 * 32 * 24 * 9 * 4 * 256);
    expect(multiplyAdds([x, plain], conv(x, plain))).toBeLessThan(0.65 * 32 * 24 * 9 * 4 * 196);
    expect(multiplyAdds([x, plain], conv(x, plain, { strides: [2, 2], padding: [[1, 1], [1, 1]] }))).toBeGreaterThan(32 * 24 * 4 * 4 * 196);
  });

  it("go on with their epilogue", () => {
    const [x, w, bias] = [input({ shape: [4, 32, 16, 16], dtype: "float32" }), input({ shape: [32, 32, 3, 3], dtype: "float32" }), input({ shape: [32], dtype: "float32" })];
    const y = conv(x, w, { padding });
    const output = max(add(y, broadcast(bias, y.shape, [1])), constant(0, "float32", y.shape));
    expect(kernelsOf([x, w, bias], output)).toHaveLength(2);
  });
});
