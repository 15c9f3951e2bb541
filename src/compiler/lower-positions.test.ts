import { describe, expect, it } from "vitest";
import { compileGraph } from "../../test/compile-graph.js";
import type { Shape } from "../core/shape.js";
import { input } from "../ir/graph.js";
import { conv } from "../ops/index.js";
import type { Target } from "./target.js";

const target: Target = { name: "test", vectorBytes: 32, vectorRegisters: 16, l1Bytes: 32 << 10, l2Bytes: 1 << 20, float64: true, memoryBytes: 2 ** 32 };

/** Kernels that bring a filter's elements into another order before the convolution, or none where these are read as they lie. */
function launches(x: Shape, w: Shape, options: Parameters<typeof conv>[2]): string[] {
  const inputs = [input({ shape: x, dtype: "float32" }), input({ shape: w, dtype: "float32" })] as const;
  return compileGraph({ inputs: [...inputs], outputs: [conv(...inputs, options)] }, target).kernels.map(({ name }) => name);
}

const padding = [[2, 2], [2, 2]] as const;

describe("convolutions of few channels", () => {
  it("read their filters where they lie", () => {
    expect(launches([16, 1, 28, 28], [6, 1, 5, 5], { padding })).toEqual(["conv"]);
    expect(launches([16, 8, 20, 20], [8, 1, 5, 5], { padding, groups: 8 })).toEqual(["conv"]);
  });

  it.each([
    ["channels that fill vectors", [16, 4, 28, 28], [16, 4, 5, 5], { padding }],
    ["strides along rows", [16, 1, 28, 28], [6, 1, 5, 5], { padding, strides: [1, 2] }],
    ["rows shorter than the channels are few", [64, 3, 3, 3], [7, 3, 3, 3], {}],
  ] as const)("are not those with %s", (_, x, w, options) => {
    expect(launches(x, w, options)).toContain("conv-pack");
  });
});
