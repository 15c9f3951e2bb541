import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { ExprBuilder } from "../../src/ir/expr-builder.js";
import type { Expr, Variable } from "../../src/ir/loop.js";

type IndexOp = "add" | "sub" | "mul" | "div" | "rem" | "min" | "max";
type Comparison = "lt" | "le" | "eq" | "ne";

/** An index computation as it was meant, before the builder sees it. */
type Tree =
  | { readonly kind: "counter"; readonly which: number }
  | { readonly kind: "constant"; readonly value: number }
  | { readonly kind: "op"; readonly op: IndexOp; readonly a: Tree; readonly b: Tree }
  | { readonly kind: "select"; readonly test: Comparison; readonly a: Tree; readonly b: Tree; readonly then: Tree; readonly otherwise: Tree };

const sizes = [1, 2, 3, 4, 6, 7, 12, 28];

const { tree } = fc.letrec<{ tree: Tree }>((tie) => ({
  tree: fc.oneof(
    { depthSize: "small", maxDepth: 5 },
    fc.record({ kind: fc.constant("counter" as const), which: fc.nat(sizes.length - 1) }),
    fc.record({ kind: fc.constant("constant" as const), value: fc.integer({ min: -8, max: 30 }) }),
    fc.record({ kind: fc.constant("op" as const), op: fc.constantFrom<IndexOp>("add", "sub", "mul", "min", "max"), a: tie("tree"), b: tie("tree") }),
    // Mostly what a reshape makes: sums of scaled counters, divided by a size.
    fc.record({
      kind: fc.constant("op" as const),
      op: fc.constantFrom<IndexOp>("mul", "div", "rem", "add"),
      a: tie("tree"),
      b: fc.record({ kind: fc.constant("constant" as const), value: fc.constantFrom(1, 2, 3, 4, 6, 12, 28) }),
    }),
    fc.record({
      kind: fc.constant("select" as const),
      test: fc.constantFrom<Comparison>("lt", "le", "eq", "ne"),
      a: tie("tree"),
      b: tie("tree"),
      then: tie("tree"),
      otherwise: tie("tree"),
    }),
  ),
}));

function compare(test: Comparison, a: number, b: number): boolean {
  return { lt: a < b, le: a <= b, eq: a === b, ne: a !== b }[test];
}

function compute(op: IndexOp, a: number, b: number): number {
  switch (op) {
    case "add":
      return a + b;
    case "sub":
      return a - b;
    case "mul":
      return a * b;
    case "div":
      return Math.trunc(a / b);
    case "rem":
      return a % b;
    case "min":
      return Math.min(a, b);
    case "max":
      return Math.max(a, b);
  }
}

function meaning(t: Tree, at: readonly number[]): number {
  switch (t.kind) {
    case "counter":
      return at[t.which] ?? NaN;
    case "constant":
      return t.value;
    case "op":
      return compute(t.op, meaning(t.a, at), meaning(t.b, at));
    case "select":
      return meaning(compare(t.test, meaning(t.a, at), meaning(t.b, at)) ? t.then : t.otherwise, at);
  }
}

function build(b: ExprBuilder, t: Tree, counters: readonly Expr[]): Expr {
  switch (t.kind) {
    case "counter":
      return counters[t.which] ?? b.index(0);
    case "constant":
      return b.index(t.value);
    case "op":
      return b.op(t.op, build(b, t.a, counters), build(b, t.b, counters));
    case "select":
      return b.select(
        b.op(t.test, build(b, t.a, counters), build(b, t.b, counters)),
        build(b, t.then, counters),
        build(b, t.otherwise, counters),
      );
  }
}

/** Runs what the builder made, checking on the way that every value lies within the bounds that its expression claims. */
function run(e: Expr, values: ReadonlyMap<Variable, number>): number {
  const value = ((): number => {
    switch (e.kind) {
      case "const":
        return e.value;
      case "var":
        return values.get(e.variable) ?? NaN;
      case "op": {
        const [a = NaN, b = NaN, c = NaN] = e.args.map((arg) => run(arg, values));
        if (e.op === "select") return a ? b : c;
        if (e.op === "lt" || e.op === "le" || e.op === "eq" || e.op === "ne") return compare(e.op, a, b) ? 1 : 0;
        return compute(e.op as IndexOp, a, b);
      }
      default:
        throw new Error(`an index expression became ${e.kind}`);
    }
  })();
  if (e.type === "index" && !(value >= e.min && value <= e.max)) {
    throw new Error(`${e.kind === "op" ? e.op : e.kind} is ${value}, outside its bounds ${e.min} to ${e.max}`);
  }
  return value;
}

/** Corners and random points of the counters' ranges. */
const points = fc.array(fc.tuple(...sizes.map((size) => fc.oneof(fc.constantFrom(0, size - 1), fc.nat(size - 1)))), { minLength: 4, maxLength: 12 });

describe("expression builder", () => {
  test("keeps the meaning of index computations, and values within their bounds", () => {
    fc.assert(
      fc.property(tree, points, (t, places) => {
        const b = new ExprBuilder();
        const variables = sizes.map((size, i) => b.counter(`i${i}`, size));
        const made = build(b, t, variables.map((v) => b.ref(v)));
        for (const place of places) {
          const expected = meaning(t, place);
          if (!Number.isSafeInteger(expected)) continue;
          expect(run(made, new Map(variables.map((v, i) => [v, place[i] ?? 0]))) + 0).toBe(expected + 0);
        }
      }),
      { numRuns: 3000, seed: 11 },
    );
  });

  test("takes apart and rejoins what reshapes do to an index", () => {
    const factors = fc.array(fc.integer({ min: 2, max: 6 }), { minLength: 2, maxLength: 4 });
    fc.assert(
      fc.property(factors, (shape) => {
        const b = new ExprBuilder();
        const counters = shape.map((size, i) => b.ref(b.counter(`i${i}`, size)));
        const flat = counters.reduce((sum, c, i) => b.add(b.mul(sum, b.index(shape[i] ?? 1)), c), b.index(0));
        let rest = flat;
        const parts = [...shape].reverse().map((size) => {
          const part = b.rem(rest, b.index(size));
          rest = b.div(rest, b.index(size));
          return part;
        });
        parts.reverse().forEach((part, i) => expect(part).toBe(counters[i]));
        const again = parts.reduce((sum, c, i) => b.add(b.mul(sum, b.index(shape[i] ?? 1)), c), b.index(0));
        expect(again).toBe(flat);
      }),
      { numRuns: 300, seed: 11 },
    );
  });

  test("puts one counter that was taken apart into axes together again", () => {
    const factors = fc.array(fc.integer({ min: 2, max: 6 }), { minLength: 2, maxLength: 5 });
    fc.assert(
      fc.property(factors, fc.boolean(), (shape, nests) => {
        const b = new ExprBuilder();
        const size = shape.reduce((product, d) => product * d, 1);
        const counter = b.ref(b.counter("i", size));
        let [rest, below] = [counter, 1];
        const terms = [...shape].reverse().map((d, i) => {
          const outer = nests ? rest : b.div(counter, b.index(below));
          const term = b.mul(i === shape.length - 1 ? outer : b.rem(outer, b.index(d)), b.index(below));
          [rest, below] = [b.div(rest, b.index(d)), below * d];
          return term;
        });
        const sum = (list: readonly Expr[]): Expr => list.reduce((total, term) => b.add(total, term), b.index(0));
        expect(sum(terms)).toBe(counter);
        expect(sum([...terms].reverse())).toBe(counter);
        expect(sum(terms.slice(0, -1))).toBe(b.rem(counter, b.index(size / (shape[0] ?? 1))));
      }),
      { numRuns: 300, seed: 11 },
    );
  });

  test("gives equal expressions one identity", () => {
    fc.assert(
      fc.property(tree, (t) => {
        const b = new ExprBuilder();
        const counters = sizes.map((size, i) => b.ref(b.counter(`i${i}`, size)));
        expect(build(b, t, counters)).toBe(build(b, t, counters));
      }),
      { numRuns: 500, seed: 11 },
    );
  });
});
