import { describe, expect, it } from "vitest";
import { LoopInterpreter } from "../../../test/loop-interpreter.js";
import { ExprBuilder } from "../expr-builder.js";
import type { Expr } from "../loop.js";
import { erfNumber } from "../../core/erf-number.js";
import { expExpr, expm1Expr, tanhExpr } from "./exponential.js";
import { functionsPart } from "./functions-part.js";
import * as lateFunctions from "./late-functions.js";
import { log1pExpr, logExpr } from "./logarithm.js";

functionsPart.provide(lateFunctions);

type Type = "float32" | "float64";

function compiled(type: Type, build: (b: ExprBuilder, ...args: Expr[]) => Expr, arity: number): (...args: number[]) => number {
  const b = new ExprBuilder();
  const variables = Array.from({ length: arity }, (_, i) => b.variable(`x${i}`, type));
  const machine = new LoopInterpreter([]);
  const body = build(b, ...variables.map((v) => b.ref(v)));
  return (...args) => {
    variables.forEach((v, i) => machine.set(v, args[i] ?? NaN));
    return machine.evaluate(body);
  };
}

/** Distance between neighbouring floats at x. */
function step(type: Type, x: number): number {
  const [digits, least] = type === "float32" ? [24, 2 ** -149] : [53, 2 ** -1074];
  return x === 0 ? least : Math.max(least, 2 ** (Math.floor(Math.log2(Math.abs(x))) + 1 - digits));
}

function nearest(type: Type, x: number): number {
  return type === "float32" ? Math.fround(x) : x;
}

/** `count` numbers between the bounds, as dense near low as their magnitude is small if `logarithmic`. */
function points(low: number, high: number, count: number, logarithmic = false): number[] {
  return Array.from({ length: count }, (_, i) => {
    const part = (i + 0.618) / count;
    return logarithmic ? low * (high / low) ** part : low + (high - low) * part;
  });
}

const both = (list: number[]): number[] => list.flatMap((x) => [x, -x]);

interface Case {
  readonly name: string;
  readonly build: (b: ExprBuilder, x: Expr) => Expr;
  readonly exact: (x: number) => number;
  readonly arguments: (type: Type) => number[];
  /** Largest error in steps between neighbouring floats. */
  readonly steps: Readonly<Record<Type, number>>;
}

const tiny = (type: Type): number => (type === "float32" ? 1e-36 : 1e-300);
const small = (type: Type): number[] => both(points(tiny(type), 1, 300, true));

const cases: readonly Case[] = [
  { name: "exp", build: (b, x) => expExpr(b, x), exact: Math.exp, arguments: (t) => [...small(t), ...points(t === "float32" ? -103 : -744, t === "float32" ? 88.7 : 709.7, 2000)], steps: { float32: 2, float64: 3 } },
  { name: "expm1", build: expm1Expr, exact: Math.expm1, arguments: (t) => [...small(t), ...points(-20, t === "float32" ? 88.7 : 709.7, 2000)], steps: { float32: 3, float64: 4 } },
  { name: "log", build: logExpr, exact: Math.log, arguments: (t) => [...points(tiny(t), 1 / tiny(t), 2000, true), ...points(0.5, 2, 1000), 1e-40], steps: { float32: 2, float64: 3 } },
  { name: "log1p", build: log1pExpr, exact: Math.log1p, arguments: (t) => [...small(t).filter((x) => x > -0.999), ...points(1, 1 / tiny(t), 500, true)], steps: { float32: 4, float64: 5 } },
  { name: "tanh", build: tanhExpr, exact: Math.tanh, arguments: (t) => [...small(t), ...both(points(0.5, 30, 1000))], steps: { float32: 4, float64: 5 } },
  { name: "erf", build: (b, x) => b.erf(x), exact: erfNumber, arguments: (t) => [...small(t), ...both(points(0.5, 7, 1000))], steps: { float32: 4, float64: 16 } },
  { name: "atan", build: (b, x) => b.atan(x), exact: Math.atan, arguments: (t) => [...small(t), ...both(points(0.3, 1 / tiny(t), 1000, true))], steps: { float32: 3, float64: 4 } },
  { name: "sin", build: (b, x) => b.sin(x), exact: Math.sin, arguments: (t) => [...small(t), ...both(points(0.5, t === "float32" ? 6.5e6 : 3.3e9, 3000, true)), ...both(points(0, 10, 1000))], steps: { float32: 4, float64: 5 } },
  { name: "cos", build: (b, x) => b.cos(x), exact: Math.cos, arguments: (t) => [...small(t), ...both(points(0.5, t === "float32" ? 6.5e6 : 3.3e9, 3000, true)), ...both(points(0, 10, 1000))], steps: { float32: 5, float64: 5 } },
];

describe.each(["float32", "float64"] as const)("expansions in %s", (type) => {
  it.each(cases)("$name stays within a few units in the last place", ({ build, exact, arguments: list, steps }) => {
    const f = compiled(type, build, 1);
    let [worst, where] = [0, 0];
    for (const raw of list(type)) {
      const x = nearest(type, raw);
      const expected = exact(x);
      const error = Math.abs(f(x) - expected) / step(type, expected);
      if (!(error <= worst)) [worst, where] = [error, x];
    }
    expect(worst, `at ${where}`).toBeLessThanOrEqual(steps[type]);
  });

  const inf = Infinity;
  it.each<[string, Case["build"], readonly (readonly [number, number])[]]>([
    ["exp", (b, x) => expExpr(b, x), [[0, 1], [-0, 1], [inf, inf], [-inf, 0], [NaN, NaN], [1e30, inf], [-1e30, 0]]],
    ["expm1", expm1Expr, [[0, 0], [-0, -0], [inf, inf], [-inf, -1], [NaN, NaN]]],
    ["log", logExpr, [[1, 0], [0, -inf], [-0, -inf], [-1, NaN], [-inf, NaN], [inf, inf], [NaN, NaN]]],
    ["log1p", log1pExpr, [[0, 0], [-0, -0], [-1, -inf], [-2, NaN], [inf, inf], [-inf, NaN], [NaN, NaN]]],
    ["tanh", tanhExpr, [[0, 0], [-0, -0], [inf, 1], [-inf, -1], [NaN, NaN]]],
    ["erf", (b, x) => b.erf(x), [[0, 0], [-0, -0], [inf, 1], [-inf, -1], [NaN, NaN]]],
    ["sin", (b, x) => b.sin(x), [[0, 0], [-0, -0], [inf, NaN], [-inf, NaN], [NaN, NaN]]],
    ["cos", (b, x) => b.cos(x), [[0, 1], [inf, NaN], [-inf, NaN], [NaN, NaN]]],
    ["atan", (b, x) => b.atan(x), [[0, 0], [-0, -0], [inf, nearest(type, Math.PI / 2)], [-inf, nearest(type, -Math.PI / 2)], [NaN, NaN]]],
  ])("%s at special values", (_, build, table) => {
    const f = compiled(type, build, 1);
    for (const [x, y] of table) expect(f(x), `at ${x}`).toBe(y);
  });

  it("sin and cos stay between -1 and 1 where they mean nothing", () => {
    for (const build of [(b: ExprBuilder, x: Expr) => b.sin(x), (b: ExprBuilder, x: Expr) => b.cos(x)]) {
      const f = compiled(type, build, 1);
      for (const x of both(points(1e10, 1e38, 200, true))) expect(Math.abs(f(nearest(type, x)))).toBeLessThanOrEqual(1);
    }
  });

  const edges = [0, -0, 0.5, -0.5, 1, -1, 2, -2, 3, -3, 2.5, -2.5, inf, -inf, NaN, 1e-40, -1e-40, 3e38, -3e38, 16777216];

  it("pow follows IEEE 754 and is exact to 1e-6", () => {
    const f = compiled(type, (b, x, y) => b.pow(x, y), 2);
    const one = (x: number, y: number): boolean => x === 1 || (x === -1 && Math.abs(y) === inf);
    for (const x of edges.map((v) => nearest(type, v))) {
      for (const y of edges.map((v) => nearest(type, v))) {
        const expected = nearest(type, one(x, y) ? 1 : x ** y);
        const got = f(x, y);
        const close = Object.is(got, expected) || Math.abs(got - expected) <= 2e-7 * Math.abs(expected);
        expect(close, `${x} to the ${y} is ${expected}, not ${got}`).toBe(true);
      }
    }
    const limit = type === "float32" ? 1e-6 : 1e-13;
    for (const x of points(1e-3, 50, 60, true).map((v) => nearest(type, v))) {
      for (const y of points(-20, 20, 60).map((v) => nearest(type, v))) {
        const expected = x ** y;
        if (expected > 3e38 || expected < 1e-37) continue;
        expect(Math.abs(f(x, y) / expected - 1), `${x} to the ${y}`).toBeLessThanOrEqual(limit);
      }
    }
  });

  it("atan2 knows all quadrants, zeros and infinities", () => {
    const f = compiled(type, (b, x, y) => b.atan2(x, y), 2);
    for (const y of edges.map((v) => nearest(type, v))) {
      for (const x of edges.map((v) => nearest(type, v))) {
        const expected = nearest(type, Math.atan2(y, x));
        const got = f(y, x);
        const close = Object.is(got, expected) || Math.abs(got - expected) <= 4 * step(type, expected);
        expect(close, `atan2(${y}, ${x}) is ${expected}, not ${got}`).toBe(true);
      }
    }
  });

  it("mod is exact while the quotient has a fraction", () => {
    const f = compiled(type, (b, x, y) => b.mod(x, y), 2);
    const limit = type === "float32" ? 2 ** 23 : 2 ** 52;
    const values = [...edges, ...both(points(1e-3, 1e6, 40, true))].map((v) => nearest(type, v));
    for (const x of values) {
      for (const y of values) {
        if (Math.abs(x / y) >= limit && y !== 0 && Number.isFinite(x)) continue;
        const rest = x % y;
        const expected = rest !== 0 && rest < 0 !== y < 0 ? rest + y : rest;
        const got = f(x, y);
        const close = got === expected || Object.is(got, expected) || Math.abs(got - expected) <= step(type, expected);
        expect(close, `${x} mod ${y} is ${expected}, not ${got}`).toBe(true);
      }
    }
  });
});

describe("erfNumber", () => {
  // Abramowitz and Stegun, table 7.1 and 7.3.
  it.each([[0.5, 0.5204998778], [1, 0.8427007929], [2, 0.995322265], [3, 0.9999779095]])("of %d is %d", (x, y) => {
    expect(erfNumber(x)).toBeCloseTo(y, 10);
    expect(erfNumber(-x)).toBe(-erfNumber(x));
  });
});
