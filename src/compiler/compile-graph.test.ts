import { describe, expect, it } from "vitest";
import { OutOfMemoryError } from "../core/errors.js";
import { input, type Value } from "../ir/graph.js";
import { add, broadcast, concat, constant, div, dot, exp, max, mul, neg, reduce, sub } from "../ops/index.js";
import { compileGraph } from "../../test/compile-graph.js";
import type { Stmt } from "../ir/loop.js";
import type { Program } from "./program.js";
import type { Target } from "./target.js";

const target: Target = {
  name: "test",
  vectorBytes: 32,
  vectorRegisters: 16,
  l1Bytes: 32 * 1024,
  l2Bytes: 1024 * 1024,
  float64: true,
  memoryBytes: 2 ** 32,
};

const f32 = (...shape: number[]): Value => input({ shape, dtype: "float32" });
const spread = (x: Value, shape: readonly number[], ...axes: number[]): Value => broadcast(x, shape, axes);
const compile = (inputs: Value[], outputs: Value[], donate?: number[]): Program =>
  compileGraph(donate ? { inputs, outputs, donate } : { inputs, outputs }, target);

function softmax(x: Value): Value {
  const shape = x.shape;
  const e = exp(sub(x, spread(reduce(x, [1], "max"), shape, 0)));
  return div(e, spread(reduce(e, [1], "add"), shape, 0));
}

describe("fusion", () => {
  it("makes one kernel of a softmax", () => {
    const x = f32(64, 100);
    expect(compile([x], [softmax(x)]).kernels.length).toBe(1);
  });

  it("makes one kernel of a linear layer with its activation", () => {
    const [x, w, bias] = [f32(64, 100), f32(30, 100), f32(30)];
    const z = add(dot(x, w, { batchA: [], batchB: [], contractA: [1], contractB: [1] }), spread(bias, [64, 30], 1));
    expect(compile([x, w, bias], [max(z, constant(0, "float32", [64, 30]))]).kernels.length).toBe(1);
  });

  it("computes the updates of a parameter and its moments in one kernel", () => {
    const [p, m, g] = [f32(1000), f32(1000), f32(1000)];
    const moment = add(mul(m, constant(0.9, "float32", [1000])), g);
    const program = compile([p, m, g], [sub(p, moment), moment], [0, 1]);
    expect(program.kernels.length).toBe(1);
    expect(program.inPlace).toEqual([0, 1]);
  });

  it("computes equal things once", () => {
    const x = f32(10);
    expect(compile([x], [neg(x), neg(x)]).steps.map((s) => s.kind)).toEqual(["launch", "copy"]);
  });

  it("stores what is costly before it is read behind a guard", () => {
    const x = f32(10);
    const once = (v: Value): Value => concat([exp(v), exp(v)], 0);
    // exp(x), then exp of its pieces, then the pieces of that.
    expect(compile([x], [once(once(x))]).kernels.length).toBe(3);
  });
});

describe("work for several threads", () => {
  it("divides a long sum into parts that follow from its length alone", () => {
    const x = f32(10_000_000);
    const program = compile([x], [reduce(x, [0], "add")]);
    expect(program.steps.map((s) => (s.kind === "launch" ? s.items : 0))).toEqual([16, 1]);
  });

  it("divides a large product into pieces", () => {
    const [a, b] = [f32(1024, 1024), f32(1024, 1024)];
    const [step] = compile([a, b], [dot(a, b, { batchA: [], batchB: [], contractA: [1], contractB: [0] })]).steps;
    expect(step?.kind === "launch" && step.items).toBeGreaterThanOrEqual(8);
  });
});

describe("sums of columns", () => {
  const innermost = (stmts: readonly Stmt[]): readonly Stmt[] => {
    const loop = stmts.find((s) => s.kind === "for");
    return loop ? innermost(loop.body) : stmts;
  };

  it("take several vectors of neighbours in one pass over the rows", () => {
    const x = f32(100, 256);
    const [kernel] = compile([x], [reduce(x, [0], "add")]).kernels;
    const folds = innermost(kernel?.body ?? []).filter((s) => s.kind === "accumulate");
    expect(new Set(folds.map((s) => s.variable)).size).toBe(4);
    expect(folds.map((s) => s.variable.lanes)).toEqual([8, 8, 8, 8]);
  });
});

describe("memory of inputs", () => {
  it("is not taken over while a later kernel reads it", () => {
    const [w, x] = [f32(8, 8), f32(8, 8)];
    const next = sub(w, x);
    const product = dot(next, w, { batchA: [], batchB: [], contractA: [1], contractB: [0] });
    expect(compile([w, x], [next, product], [0, -1]).inPlace[0]).toBe(-1);
  });

  it("is not taken over by something read elsewhere than it is written", () => {
    const x = f32(8, 8);
    expect(compile([x], [add(x, spread(reduce(x, [1], "add"), [8, 8], 0))], [0]).inPlace).toEqual([-1]);
  });

  it("shares the arena between values that do not live together", () => {
    const [x, w] = [f32(64, 64), f32(64, 64)];
    let h = x;
    for (let i = 0; i < 6; i++) h = dot(h, w, { batchA: [], batchB: [], contractA: [1], contractB: [0] });
    expect(compile([x, w], [h]).arenaBytes).toBe(2 * 64 * 64 * 4);
  });

  it("is refused before it runs when a program needs more than the target has", () => {
    const x = f32(2 ** 15, 2 ** 15);
    expect(() => compile([x], [neg(x)])).toThrow(OutOfMemoryError);
  });
});
