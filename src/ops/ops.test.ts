import { describe, expect, it } from "vitest";
import { vjpOf } from "../autodiff/backward.js";
import { interpretNode } from "../backends/reference/interpret-graph.js";
import type { DType } from "../core/dtype.js";
import { sizeOf, type Shape } from "../core/shape.js";
import { input, isLeaf, topologicalOrder, type Value } from "../ir/graph.js";
import * as ops from "./index.js";
import { wrapNumber } from "./dtype-rules.js";
import { at } from "./indexing.js";
import { runLowering } from "../../test/loop-interpreter.js";

interface Fed {
  readonly value: Value;
  readonly data: Float64Array;
}

function tensor(data: readonly number[], shape: Shape = [data.length], dtype: DType = "float64"): Fed {
  const value = input({ shape, dtype });
  value.requiresGrad = dtype.startsWith("float");
  return { value, data: Float64Array.from(data) };
}

function run(output: Value, fed: readonly Fed[], lowered: boolean): number[] {
  const known = new Map<Value, Float64Array>(fed.map(({ value, data }) => [value, data]));
  for (const node of topologicalOrder([output])) {
    if (isLeaf(at(node.outputs, 0))) continue;
    const data = node.inputs.map((v) => known.get(v) ?? new Float64Array(sizeOf(v.shape)));
    const results = lowered ? runLowering(node, data) : interpretNode(node, data);
    node.outputs.forEach((v, i) => known.set(v, Float64Array.from(at(results, i), (x) => wrapNumber(x, v.dtype))));
  }
  return [...(known.get(output) ?? [])];
}

/** The operator's plain meaning and its loops must both give the numbers. */
function expectNumbers(output: Value, fed: readonly Fed[], expected: readonly number[]): void {
  for (const lowered of [false, true]) {
    const got = run(output, fed, lowered);
    expect(got.length).toBe(expected.length);
    got.forEach((v, i) => {
      if (Number.isFinite(expected[i]) && output.dtype.startsWith("float")) expect(v).toBeCloseTo(at(expected, i), 12);
      else expect(v + 0, `element ${i}, ${lowered ? "lowered" : "meaning"}`).toBe(at(expected, i) + 0);
    });
  }
}

/** The gradient of Σ weightᵢ·outputᵢ by reverse accumulation. */
function gradient(output: Value, weight: Value, of: Value): Value {
  const cotangents = new Map<Value, Value>([[output, weight]]);
  for (const node of topologicalOrder([output]).reverse()) {
    if (!node.op.vjp) continue;
    const incoming = node.outputs.map((v) => cotangents.get(v));
    if (incoming.every((ct) => ct === undefined)) continue;
    node.op.vjp(node, incoming, vjpOf).forEach((ct, i) => {
      const v = at(node.inputs, i);
      const before = cotangents.get(v);
      if (ct) cotangents.set(v, before ? ops.add(before, ct) : ct);
    });
  }
  return cotangents.get(of) ?? ops.constant(0, of.dtype, of.shape);
}

const inf = Infinity;

describe("integers", () => {
  const a = tensor([7, -7, 7, -7, 5, -(2 ** 31)], [6], "int32");
  const b = tensor([2, 2, -2, -2, 0, -1], [6], "int32");

  it("divide to the floor, by 0 to 0, and wrap", () => {
    expectNumbers(ops.div(a.value, b.value), [a, b], [3, -4, -4, 3, 0, -(2 ** 31)]);
    expectNumbers(ops.mod(a.value, b.value), [a, b], [1, 1, -1, -1, 0, 0]);
  });

  it("multiply and add modulo 2^32", () => {
    const x = tensor([123456789, 2 ** 31 - 1], [2], "int32");
    const y = tensor([987654321, 1], [2], "int32");
    expectNumbers(ops.mul(x.value, y.value), [x, y], [-67153019, 2147483647]);
    expectNumbers(ops.add(x.value, y.value), [x, y], [1111111110, -(2 ** 31)]);
  });

  it("of 8 bits wrap after each operation", () => {
    const x = tensor([100, -128], [2], "int8");
    expectNumbers(ops.add(x.value, x.value), [x], [-56, 0]);
    expectNumbers(ops.neg(x.value), [x], [-100, -128]);
    const u = tensor([200, 3], [2], "uint8");
    expectNumbers(ops.mul(u.value, u.value), [u], [64, 9]);
    expectNumbers(ops.sub(u.value, ops.constant(201, "uint8", [2])), [u], [255, 58]);
  });

  it("shift, and give the sign or 0 beyond their width", () => {
    const x = tensor([-8, -8, 5, 5, 1], [5], "int32");
    const n = tensor([1, 40, 1, -1, 31], [5], "int32");
    expectNumbers(ops.shl(x.value, n.value), [x, n], [-16, 0, 10, 0, -(2 ** 31)]);
    expectNumbers(ops.shr(x.value, n.value), [x, n], [-4, -1, 2, 0, 0]);
  });

  it("rise to powers", () => {
    const x = tensor([3, -2, 2, -1, 0, 1, 0], [7], "int32");
    const n = tensor([4, 3, -1, -3, 0, -5, -1], [7], "int32");
    expectNumbers(ops.pow(x.value, n.value), [x, n], [81, -8, 0, -1, 1, 1, 0]);
  });
});

describe("convert", () => {
  const x = tensor([1.9, -1.9, 300, -300, NaN, inf, -inf, 0], [8]);
  it.each<[DType, number[]]>([
    ["int32", [1, -1, 300, -300, 0, 2 ** 31 - 1, -(2 ** 31), 0]],
    ["uint32", [1, 0, 300, 0, 0, 2 ** 32 - 1, 0, 0]],
    ["int8", [1, -1, 127, -128, 0, 127, -128, 0]],
    ["uint8", [1, 0, 255, 0, 0, 255, 0, 0]],
    ["bool", [1, 1, 1, 1, 1, 1, 1, 0]],
  ])("of floats to %s saturates", (dtype, expected) => expectNumbers(ops.convert(x.value, dtype), [x], expected));

  it("of integers wraps", () => {
    const i = tensor([300, -1, 128], [3], "int32");
    expectNumbers(ops.convert(i.value, "uint8"), [i], [44, 255, 128]);
    expectNumbers(ops.convert(i.value, "int8"), [i], [44, -1, -128]);
    expectNumbers(ops.convert(i.value, "uint32"), [i], [300, 2 ** 32 - 1, 128]);
    expectNumbers(ops.convert(ops.constant(-1, "int32", [1]), "uint32"), [], [2 ** 32 - 1]);
  });

  it("rounds to half precisions, ties to even", () => {
    const f = tensor([1 + 2 ** -11, 1 + 3 * 2 ** -11, 65519, 65520, 2 ** -24, 2 ** -25, -0.1, NaN], [8], "float32");
    expectNumbers(ops.convert(f.value, "float16"), [f], [1, 1 + 2 ** -9, 65504, inf, 2 ** -24, 0, -0.0999755859375, NaN]);
    const g = tensor([1 + 2 ** -8, 1 + 3 * 2 ** -8, 3.4e38, -inf, NaN], [5], "float32");
    expectNumbers(ops.convert(g.value, "bfloat16"), [g], [1, 1 + 2 ** -6, inf, -inf, NaN]);
  });
});

describe("rounding", () => {
  it("goes to even at halves", () => {
    const x = tensor([0.5, 1.5, 2.5, -0.5, -1.5, 2.4999, -2.6, 2 ** 52 + 1, inf, NaN]);
    expectNumbers(ops.round(x.value), [x], [0, 2, 2, 0, -2, 2, -3, 2 ** 52 + 1, inf, NaN]);
  });
});

describe("movement", () => {
  const x = tensor([1, 2, 3, 4, 5, 6], [2, 3]);
  const zero = ops.constant(0, "float64");

  it("pads with interior and negative widths", () => {
    expectNumbers(ops.pad(x.value, zero, [0, -1], [1, 2], [0, 1]), [x], [0, 2, 0, 3, 0, 0, 0, 5, 0, 6, 0, 0, 0, 0, 0, 0, 0, 0]);
  });

  it("slices, reverses, transposes, broadcasts and concatenates", () => {
    expectNumbers(ops.slice(x.value, [0, 0], [2, 3], [1, 2]), [x], [1, 3, 4, 6]);
    expectNumbers(ops.reverse(x.value, [1]), [x], [3, 2, 1, 6, 5, 4]);
    expectNumbers(ops.transpose(x.value, [1, 0]), [x], [1, 4, 2, 5, 3, 6]);
    const column = tensor([1, 2], [2, 1]);
    expectNumbers(ops.broadcast(column.value, [2, 2, 2], [0, 2]), [column], [1, 1, 1, 1, 2, 2, 2, 2]);
    expectNumbers(ops.concat([column.value, x.value, column.value], 1), [x, column], [1, 1, 2, 3, 1, 2, 4, 5, 6, 2]);
  });

  it("clamps the starts of dynamic slices", () => {
    const starts = [tensor([5], [], "int32"), tensor([-3], [], "int32")];
    const values = starts.map((s) => s.value);
    expectNumbers(ops.dynamicSlice(x.value, values, [1, 2]), [x, ...starts], [4, 5]);
    const update = tensor([9, 8], [1, 2]);
    expectNumbers(ops.dynamicUpdateSlice(x.value, update.value, values), [x, update, ...starts], [1, 2, 3, 9, 8, 6]);
  });

  it("refuses broadcasting axes out of order", () => {
    expect(() => ops.broadcast(x.value, [3, 2], [1, 0])).toThrow("ascend");
  });
});

describe("gather and scatter", () => {
  const x = tensor([10, 11, 20, 21, 30, 31], [3, 2]);
  const indices = tensor([2, 0, -1, 7], [2, 2], "int32");
  const updates = tensor([1, 2, 3, 4, 5, 6, 7, 8], [2, 2, 2]);

  it("clamp what they read and drop what they cannot write", () => {
    expectNumbers(ops.gather(x.value, indices.value), [x, indices], [30, 31, 10, 11, 10, 11, 30, 31]);
    expectNumbers(ops.scatter(x.value, indices.value, updates.value, { mode: "add" }), [x, indices, updates], [13, 15, 20, 21, 31, 33]);
  });

  it("work along a batch", () => {
    const rows = tensor([1, 0], [2, 1], "int32");
    const flat = tensor([1, 2, 3, 4], [2, 2]);
    expectNumbers(ops.gather(flat.value, rows.value, { batch: 1 }), [flat, rows], [2, 3]);
    const added = tensor([10, 20], [2, 1]);
    expectNumbers(ops.scatter(flat.value, rows.value, added.value, { batch: 1, mode: "max" }), [flat, rows, added], [1, 10, 20, 4]);
  });

  it("let the last of equal indices win, in value and gradient", () => {
    const twice = tensor([1, 1, 0], [3], "int32");
    const target = tensor([5, 6, 7]);
    const update = tensor([1, 2, 3]);
    const result = ops.scatter(target.value, twice.value, update.value, { mode: "set" });
    expectNumbers(result, [target, twice, update], [3, 2, 7]);
    const weight = ops.add(ops.iota([3], 0, "float64"), ops.constant(1, "float64", [3]));
    expectNumbers(gradient(result, weight, update.value), [target, twice, update], [0, 2, 1]);
    expectNumbers(gradient(result, weight, target.value), [target, twice, update], [0, 0, 3]);
  });

  it("share the gradient of a maximum among ties", () => {
    const same = tensor([0, 0], [2], "int32");
    const target = tensor([4, 1]);
    const update = tensor([4, 4]);
    const result = ops.scatter(target.value, same.value, update.value, { mode: "max" });
    const one = ops.constant(1, "float64", [2]);
    expectNumbers(gradient(result, one, update.value), [target, same, update], [1 / 3, 1 / 3]);
    expectNumbers(gradient(result, one, target.value), [target, same, update], [1 / 3, 1]);
  });
});

describe("reductions", () => {
  it("propagate NaN and find the first extreme", () => {
    const x = tensor([1, NaN, 3, 3, 2, 3], [2, 3]);
    expectNumbers(ops.reduce(x.value, [1], "max"), [x], [NaN, 3]);
    expectNumbers(ops.argReduce(x.value, 1, "max"), [x], [1, 0]);
    expectNumbers(ops.argReduce(x.value, 1, "min"), [x], [1, 1]);
  });

  it("of nothing give 0, 1 or an error", () => {
    const none = tensor([], [2, 0]);
    expectNumbers(ops.reduce(none.value, [1], "add"), [none], [0, 0]);
    expectNumbers(ops.reduce(none.value, [1], "mul"), [none], [1, 1]);
    expect(() => ops.reduce(none.value, [1], "max")).toThrow("[reduce-max]");
    expect(() => ops.argReduce(none.value, 1, "max")).toThrow("[arg-reduce]");
  });

  it("share the gradient of an extreme among ties", () => {
    const x = tensor([1, 3, 3]);
    expectNumbers(gradient(ops.reduce(x.value, [0], "max"), ops.constant(1, "float64"), x.value), [x], [0, 0.5, 0.5]);
    const y = tensor([1, 2, 4]);
    expectNumbers(gradient(ops.max(x.value, y.value), ops.constant(1, "float64", [3]), x.value), [x, y], [0.5, 1, 0]);
  });

  it("differentiate products that hold zeros", () => {
    const one = ops.constant(1, "float64");
    const single = tensor([2, 0, 5]);
    expectNumbers(gradient(ops.reduce(single.value, [0], "mul"), one, single.value), [single], [0, 10, 0]);
    const double = tensor([0, 0, 5]);
    expectNumbers(gradient(ops.reduce(double.value, [0], "mul"), one, double.value), [double], [0, 0, 0]);
    const x = tensor([2, 0, 3, 4]);
    const running = ops.cumulative(x.value, 0, "mul");
    // Σ yᵢ = x₀(1 + x₁(1 + x₂(1 + x₃)))
    expectNumbers(gradient(running, ops.constant(1, "float64", [4]), x.value), [x], [1, 2 * (1 + 3 * 5), 0, 0]);
  });

  it("run along an axis in both directions", () => {
    const x = tensor([1, 2, 3, 3, 2, 1], [2, 3]);
    expectNumbers(ops.cumulative(x.value, 1, "add"), [x], [1, 3, 6, 3, 5, 6]);
    expectNumbers(ops.cumulative(x.value, 1, "add", true), [x], [6, 5, 3, 6, 3, 1]);
    expectNumbers(ops.cumulative(x.value, 1, "max", true), [x], [3, 3, 3, 3, 2, 1]);
    const infinite = tensor([1, inf, 2, -inf]);
    expectNumbers(ops.cumulative(infinite.value, 0, "add"), [infinite], [1, inf, inf, NaN]);
  });
});

describe("windows", () => {
  const x = tensor([1, 5, 2, 8, 3, 3], [1, 6]);
  it("fold with the identity outside", () => {
    const options = { window: [1, 3], strides: [1, 2], padding: [[0, 0], [1, 1]] as const };
    expectNumbers(ops.reduceWindow(x.value, { ...options, fold: "add" }), [x], [6, 15, 14]);
    expectNumbers(ops.reduceWindow(x.value, { ...options, fold: "min" }), [x], [1, 2, 3]);
    expectNumbers(ops.argReduceWindow(x.value, { ...options, fold: "max" }), [x], [1, 3, 3]);
    const nothing = { window: [1, 1], strides: [1, 6], padding: [[0, 0], [1, 0]] as const };
    expectNumbers(ops.argReduceWindow(x.value, { ...nothing, fold: "max" }), [x], [-1, 5]);
  });

  it("send the gradient of a maximum to its first place", () => {
    const maximum = ops.reduceWindow(x.value, { window: [1, 2], strides: [1, 2], fold: "max" });
    expectNumbers(gradient(maximum, ops.constant(1, "float64", [1, 3]), x.value), [x], [0, 1, 0, 1, 1, 0]);
  });
});

describe("contractions", () => {
  it("multiply matrices with a batch", () => {
    const a = tensor([1, 2, 3, 4, 5, 6, 7, 8], [2, 2, 2]);
    const b = tensor([1, 0, 0, 1, 2, 0, 0, 2], [2, 2, 2]);
    const y = ops.dot(a.value, b.value, { batchA: [0], batchB: [0], contractA: [2], contractB: [1] });
    expectNumbers(y, [a, b], [1, 2, 3, 4, 10, 12, 14, 16]);
  });

  it("convolve with stride, padding, dilation and groups", () => {
    const x = tensor([1, 2, 3, 4, 5, 6, 7, 8], [1, 2, 4]);
    const w = tensor([1, 10, 100, 1000], [2, 1, 2]);
    expectNumbers(ops.conv(x.value, w.value, { groups: 2, strides: [2], padding: [[1, 1]] }), [x, w], [10, 32, 4, 5000, 7600, 800]);
    const whole = tensor([1, 10], [1, 1, 2]);
    const line = tensor([1, 2, 3], [1, 1, 3]);
    expectNumbers(ops.conv(line.value, whole.value, { inputDilation: [2], kernelDilation: [3] }), [line, whole], [1, 30]);
    expectNumbers(ops.conv(line.value, whole.value, { padding: [[-1, 0]] }), [line, whole], [32]);
  });

  it("give each group of the batch its own outputs", () => {
    const x = tensor([1, 2, 3, 4], [2, 1, 2]);
    const w = tensor([1, 1, 1, -1], [2, 1, 2]);
    expectNumbers(ops.conv(x.value, w.value, { batchGroups: 2 }), [x, w], [3, -1]);
  });

  it("add small integers up in 32 bits", () => {
    const a = tensor([100, 100], [2], "int8");
    const y = ops.dot(a.value, a.value, { batchA: [], batchB: [], contractA: [0], contractB: [0] });
    expect(y.dtype).toBe("int32");
    expectNumbers(y, [a], [20000]);
  });
});

describe("sort", () => {
  it("is stable with NaN last in both directions", () => {
    const x = tensor([3, NaN, 1, 3, -inf, NaN, 2]);
    const up = ops.sort(x.value, 0);
    expectNumbers(up.values, [x], [-inf, 1, 2, 3, 3, NaN, NaN]);
    expectNumbers(up.indices, [x], [4, 2, 6, 0, 3, 1, 5]);
    const down = ops.sort(x.value, 0, true);
    expectNumbers(down.values, [x], [3, 3, 2, 1, -inf, NaN, NaN]);
    expectNumbers(down.indices, [x], [0, 3, 6, 2, 4, 1, 5]);
  });

  it("orders any number of elements", () => {
    for (let n = 0; n <= 33; n++) {
      const data = Array.from({ length: n }, (_, i) => (i * 7919 + 13) % 11);
      const x = tensor(data);
      expectNumbers(ops.sort(x.value, 0).values, [x], [...data].sort((p, q) => p - q));
    }
  });
});

describe("derivatives at the edges", () => {
  const one = (n: number): Value => ops.constant(1, "float64", [n]);

  it("of |x| at 0 is 0", () => {
    const x = tensor([-2, 0, 3]);
    expectNumbers(gradient(ops.abs(x.value), one(3), x.value), [x], [-1, 0, 1]);
  });

  it("of powers stay finite at 0", () => {
    const x = tensor([0, 0, 0, 2]);
    const y = tensor([0, 1, 2, 3]);
    const z = ops.pow(x.value, y.value);
    expectNumbers(gradient(z, one(4), x.value), [x, y], [0, 1, 0, 12]);
    expectNumbers(gradient(z, one(4), y.value), [x, y], [0, 0, 0, 8 * Math.log(2)]);
  });

  it("stop where they are told to", () => {
    const x = tensor([2]);
    expectNumbers(gradient(ops.mul(x.value, ops.stopGradient(x.value)), one(1), x.value), [x], [2]);
  });
});

describe("random bits", () => {
  it("depend on key, counter and position only", () => {
    const state = tensor([1, 2, 5], [3], "uint32");
    const later = tensor([1, 2, 3], [3], "uint32");
    const [bits = []] = [run(ops.randomBits(state.value, [2, 3]), [state], false)];
    expectNumbers(ops.randomBits(state.value, [6]), [state], bits);
    expectNumbers(ops.randomBits(later.value, [6], 2), [later], bits);
    expect(new Set(bits).size).toBe(6);
  });
});

describe("allOps", () => {
  it("has one record for each name", () => {
    expect(new Set(ops.allOps.map((op) => op.name)).size).toBe(ops.allOps.length);
  });
});
