import { describe, expect, it } from "vitest";
import { interpretGraph } from "../backends/reference/interpret-graph.js";
import { GradientError } from "../core/errors.js";
import { input, type Value } from "../ir/graph.js";
import { add, constant, lt, mul, reduce, sort } from "../ops/index.js";
import { vjpOf } from "./backward.js";
import { withGradients } from "./grad-mode.js";

function leaf(shape: readonly number[]): Value {
  const value = input({ shape, dtype: "float32" });
  value.requiresGrad = true;
  return value;
}

const one = constant(1, "float32", []);

function run(inputs: readonly Value[], outputs: readonly (Value | undefined)[], data: readonly number[][]): number[][] {
  const present = outputs.filter((value) => value !== undefined);
  return interpretGraph({ inputs, outputs: present }, data.map((numbers) => Float64Array.from(numbers))).map((numbers) => Array.from(numbers));
}

describe("vjpOf", () => {
  it("adds up over every path and leaves out what the outputs do not depend on", () => {
    const [x, y, z] = [leaf([2]), leaf([2]), leaf([2])];
    const shared = mul(x, y);
    const loss = reduce(add(shared, mul(shared, x)), [0], "add");
    const gradients = vjpOf([loss], [one], [x, y, z]);
    expect(gradients[2]).toBeUndefined();
    // d/dx (xy + x²y) = y + 2xy, d/dy = x + x².
    expect(run([x, y], gradients, [[1, 2], [3, 4]])).toEqual([[9, 20], [2, 6]]);
  });

  it("differentiates its own result", () => {
    const x = leaf([2]);
    const cube = reduce(mul(mul(x, x), x), [0], "add");
    const [first] = vjpOf([cube], [one], [x]);
    const [second] = first ? vjpOf([reduce(first, [0], "add")], [one], [x]) : [];
    expect(run([x], [second], [[2, -3]])).toEqual([[12, -18]]);
  });

  it("weights several outputs and takes one result of an operator alone", () => {
    const x = leaf([3]);
    const { values } = sort(x, 0);
    const weights = input({ shape: [3], dtype: "float32" });
    const gradients = vjpOf([values, x], [weights, weights], [x]);
    expect(run([x, weights], gradients, [[30, 10, 20], [1, 2, 3]])).toEqual([[3 + 1, 1 + 2, 2 + 3]]);
  });

  it("records nothing of itself where gradients are switched off", () => {
    const x = leaf([2]);
    const [gradient] = withGradients(false, () => vjpOf([reduce(mul(x, x), [0], "add")], [one], [x]));
    expect(gradient).toBeUndefined();
    const loss = reduce(mul(x, x), [0], "add");
    const [other] = withGradients(false, () => vjpOf([loss], [one], [x]));
    expect(other?.requiresGrad).toBe(false);
  });

  it("refuses cotangents that do not fit and outputs without gradients", () => {
    const x = leaf([2]);
    expect(() => vjpOf([mul(x, x)], [one], [x])).toThrow(GradientError);
    expect(() => vjpOf([lt(x, x)], [one], [x])).toThrow(/bool has no gradient/);
  });
});
