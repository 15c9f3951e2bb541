import { beforeAll, describe, expect, test } from "vitest";
import { input, type Value } from "../../src/ir/graph.js";
import * as ops from "../../src/ops/index.js";
import * as activation from "../../src/tensor/composite/activation.js";
import * as elementwise from "../../src/tensor/composite/elementwise.js";
import { compiledDevices, hasSubnormals, reference } from "../conformance/devices.js";
import { runGraph } from "../conformance/run-graph.js";
import { rounded } from "../opinfo/elements.js";
import { Numbers } from "../opinfo/sample.js";

/** Neumaier's sum: float64 with the lost digits kept. */
function exactSum(values: ArrayLike<number>): number {
  let [sum, lost] = [0, 0];
  for (let i = 0; i < values.length; i++) {
    const v = values[i] ?? 0;
    const next = sum + v;
    lost += Math.abs(sum) >= Math.abs(v) ? sum - next + v : v - next + sum;
    sum = next;
  }
  return sum + lost;
}

const million = 1_000_000;
const terms = 10 * million;
const random = new Numbers(21);

const scales = Array.from({ length: 64 }, (_, i) => 10 ** ((12 * i) / 63 - 6));

const series: Readonly<Record<string, () => Float64Array>> = {
  uniform: () => Float64Array.from({ length: terms }, () => random.next()),
  "the constant 0.1": () => new Float64Array(terms).fill(0.1),
  "alternating signs": () => Float64Array.from({ length: terms }, (_, i) => (i % 2 ? -1 : 1) * (1 + random.next())),
  "mixed magnitudes": () => Float64Array.from({ length: terms }, () => (random.next() - 0.3) * (scales[random.below(64)] ?? 1)),
};

describe.each(Object.entries(series))("ten million terms, %s", (_, make) => {
  let values: Float64Array;
  beforeAll(() => {
    values = rounded("float32", make());
  }, 60_000);
  test.each(compiledDevices().map((d) => [d.name, d] as const))("on %s are added to 1e-6 of their magnitudes", async (__, backend) => {
    const x = input({ shape: [terms], dtype: "float32" });
    const table = ops.reshape(x, [1000, terms / 1000]);
    const outputs = [
      ops.reduce(x, [0], "add"),
      ops.reduce(table, [0, 1], "add"),
      ops.reduce(ops.reduce(table, [1], "add"), [0], "add"),
      ops.reduce(ops.reduce(table, [0], "add"), [0], "add"),
      ops.dot(x, ops.constant(1, "float32", [terms]), { batchA: [], batchB: [], contractA: [0], contractB: [0] }),
    ];
    const results = await runGraph(backend, outputs, new Map([[x, values]]));
    const sum = exactSum(values);
    const allowed = 1e-6 * values.reduce((total, v) => total + Math.abs(v), 0);
    expect(results.map(([got = NaN]) => Math.abs(got - sum) / allowed).filter((share) => !(share <= 1))).toEqual([]);
  });
  test.each(compiledDevices().map((d) => [d.name, d] as const))("on %s have running sums to 1e-6", async (__, backend) => {
    const part = values.subarray(0, million);
    const x = input({ shape: [million], dtype: "float32" });
    const [running = new Float64Array()] = await runGraph(backend, [ops.cumulative(x, 0, "add")], new Map([[x, part]]));
    let [sum, magnitude, worst] = [0, 0, 0];
    part.forEach((v, i) => {
      sum += v;
      magnitude += Math.abs(v);
      worst = Math.max(worst, Math.abs((running[i] ?? NaN) - sum) / magnitude);
    });
    expect(worst).toBeLessThanOrEqual(1e-6);
  });
});

/** erf by its series of positive terms (Abramowitz and Stegun 7.1.6); beyond 6 it is ±1 in float64. */
function erf(x: number): number {
  if (Number.isNaN(x)) return NaN;
  if (Math.abs(x) > 6) return Math.sign(x);
  let [term, sum] = [x, x];
  for (let n = 1; n < 400 && Math.abs(term) > 1e-18 * Math.abs(sum); n++) {
    term *= (2 * x * x) / (2 * n + 1);
    sum += term;
  }
  return (2 / Math.sqrt(Math.PI)) * Math.exp(-x * x) * sum;
}

function softplus(x: number): number {
  return Math.max(x, 0) + Math.log1p(Math.exp(-Math.abs(x)));
}

interface Curve {
  readonly op: (x: Value) => Value;
  readonly f: (x: number) => number;
  /** Magnitudes of arguments, as powers of ten, and their signs. */
  readonly exponents: readonly [number, number];
  readonly signs: readonly number[];
}

const both = [1, -1];
const curves: Readonly<Record<string, Curve>> = {
  exp: { op: ops.exp, f: Math.exp, exponents: [-38, 2], signs: both },
  expm1: { op: ops.expm1, f: Math.expm1, exponents: [-38, 2], signs: both },
  log: { op: ops.log, f: Math.log, exponents: [-37, 38], signs: [1] },
  log1p: { op: ops.log1p, f: Math.log1p, exponents: [-37, 38], signs: [1] },
  "log1p of negatives": { op: ops.log1p, f: Math.log1p, exponents: [-37, -0.0001], signs: [-1] },
  sin: { op: ops.sin, f: Math.sin, exponents: [-37, 4], signs: both },
  cos: { op: ops.cos, f: Math.cos, exponents: [-37, 4], signs: both },
  tanh: { op: ops.tanh, f: Math.tanh, exponents: [-37, 3], signs: both },
  erf: { op: ops.erf, f: erf, exponents: [-37, 3], signs: both },
  atan: { op: ops.atan, f: Math.atan, exponents: [-37, 38], signs: both },
  sqrt: { op: ops.sqrt, f: Math.sqrt, exponents: [-37, 38], signs: [1] },
  tan: { op: elementwise.tan, f: Math.tan, exponents: [-37, 4], signs: both },
  asin: { op: elementwise.asin, f: Math.asin, exponents: [-37, 0], signs: both },
  acos: { op: elementwise.acos, f: Math.acos, exponents: [-37, 0], signs: both },
  sinh: { op: elementwise.sinh, f: Math.sinh, exponents: [-37, 1.95], signs: both },
  cosh: { op: elementwise.cosh, f: Math.cosh, exponents: [-37, 1.95], signs: both },
  log2: { op: elementwise.log2, f: Math.log2, exponents: [-37, 38], signs: [1] },
  log10: { op: elementwise.log10, f: Math.log10, exponents: [-37, 38], signs: [1] },
  rsqrt: { op: elementwise.rsqrt, f: (x) => 1 / Math.sqrt(x), exponents: [-37, 38], signs: [1] },
  reciprocal: { op: elementwise.reciprocal, f: (x) => 1 / x, exponents: [-37, 37], signs: both },
  sigmoid: { op: activation.sigmoid, f: (x) => 1 / (1 + Math.exp(-x)), exponents: [-37, 3], signs: both },
  logSigmoid: { op: activation.logSigmoid, f: (x) => -softplus(-x), exponents: [-37, 3], signs: both },
  softplus: { op: activation.softplus, f: softplus, exponents: [-37, 3], signs: both },
  silu: { op: activation.silu, f: (x) => x / (1 + Math.exp(-x)), exponents: [-37, 3], signs: both },
  elu: { op: activation.elu, f: (x) => (x > 0 ? x : Math.expm1(x)), exponents: [-37, 3], signs: both },
  // Below, 1 + erf cancels: the formula is exact relative to x, not to the result.
  gelu: { op: activation.gelu, f: (x) => 0.5 * x * (1 + erf(x * Math.SQRT1_2)), exponents: [-37, 3], signs: [1] },
};

describe("elementwise functions", () => {
  const count = 20_000;
  const inputs = new Map(
    Object.entries(curves).map(([name, { exponents: [low, high], signs }]) => [
      name,
      rounded("float32", Float64Array.from({ length: count }, (_, i) => (signs[i % signs.length] ?? 1) * 10 ** (low + (high - low) * random.next() ** (i % 4 < 2 ? 1 : 0.2)))),
    ]),
  );
  test.each([reference(), ...compiledDevices()].map((d) => [d.name, d] as const))("on %s are within 1e-5 of float64", async (_, backend) => {
    const feeds = new Map<Value, Float64Array>();
    const names = Object.keys(curves);
    const outputs = names.map((name) => {
      const x = input({ shape: [count], dtype: "float32" });
      feeds.set(x, inputs.get(name) ?? new Float64Array());
      return curves[name]?.op(x) ?? x;
    });
    const results = await runGraph(backend, outputs, feeds);
    const worst = names.flatMap((name, k) => {
      const curve = curves[name];
      const xs = inputs.get(name) ?? new Float64Array();
      let [most, where] = [0, 0];
      xs.forEach((x, i) => {
        const expected = curve?.f(x) ?? NaN;
        const got = results[k]?.[i] ?? NaN;
        if (got === expected || Math.fround(expected) === got) return;
        // A factor that is taken for zero is less than 2⁻¹²⁶.
        if (!hasSubnormals(backend) && Math.abs(got - expected) <= 2 ** -126 * Math.max(1, Math.abs(x))) return;
        // Below the smallest normal number a relative error has no meaning.
        const error = Math.abs(got - expected) / Math.max(Math.abs(expected), 1.2e-38);
        if (!(error <= most)) [most, where] = [Number.isNaN(error) ? Infinity : error, x];
      });
      return most <= 1e-5 ? [] : [`${name}(${where}) is off by ${most}`];
    });
    expect(worst).toEqual([]);
  });
});
