import { isFloat } from "../../src/core/dtype.js";
import { vjpOf } from "../../src/autodiff/backward.js";
import { input, type Value } from "../../src/ir/graph.js";
import * as ops from "../../src/ops/index.js";
import { Numbers, type Accuracy, type OpInfo, type Operand, type Sample } from "../opinfo/sample.js";

/** A value that is to be compared, and where it comes from. */
export interface Probe {
  readonly name: string;
  readonly value: Value;
  readonly accuracy: Accuracy;
}

/** All samples of one operator in one graph, so that a C compiler runs once. */
export interface Problem {
  readonly feeds: ReadonlyMap<Value, Float64Array>;
  readonly probes: readonly Probe[];
}

function asList(result: Value | readonly Value[]): readonly Value[] {
  return "node" in result ? [result] : result;
}

function leaves(operands: readonly Operand[], feeds: Map<Value, Float64Array>): Value[] {
  return operands.map((operand) => {
    const leaf = input(operand);
    feeds.set(leaf, operand.values);
    return leaf;
  });
}

/** The operator alone. */
export function plainProblem(info: OpInfo): Problem {
  const feeds = new Map<Value, Float64Array>();
  const probes = info.samples.flatMap((s) =>
    asList(s.build(leaves(s.operands, feeds))).map((value, i): Probe => ({ name: `${s.name} → ${i}`, value, accuracy: accuracyOf(info, s, value) })),
  );
  return { feeds, probes };
}

/** The operator between elementwise neighbours. */
export function fusedProblem(info: OpInfo): Problem {
  const feeds = new Map<Value, Float64Array>();
  const probes = info.samples.flatMap((s) => {
    const inputs = leaves(s.operands, feeds).map((leaf) => before(leaf, s.before));
    return asList(s.build(inputs)).map((value, i): Probe => ({ name: `${s.name} → ${i}`, value: negated(value), accuracy: accuracyOf(info, s, value) }));
  });
  return { feeds, probes };
}

/** Derivatives of first and second order of the operator's differentiable samples. */
export function gradientProblem(info: OpInfo): Problem {
  const feeds = new Map<Value, Float64Array>();
  const probes = info.samples.flatMap((s) => derivatives(s, feeds)?.probes ?? []);
  return { feeds, probes };
}

/** What differentiating one sample gives. */
export interface Derivatives {
  /** Float operands, and after them the cotangents of the float outputs. */
  readonly leaves: readonly Value[];
  readonly outputs: readonly Value[];
  readonly cotangents: readonly Value[];
  /** Gradients of the operands; undefined where nothing depends on one. */
  readonly first: readonly (Value | undefined)[];
  readonly firstCotangents: ReadonlyMap<Value, Value>;
  /** Gradients of `first` by `leaves`. */
  readonly second: readonly (Value | undefined)[];
  readonly probes: readonly Probe[];
}

export function derivatives(s: Sample, feeds: Map<Value, Float64Array>): Derivatives | undefined {
  if (s.gradient === "none") return undefined;
  const random = new Numbers(5);
  const all = leaves(s.operands, feeds);
  const wrt = all.filter((v) => isFloat(v.dtype));
  for (const v of wrt) v.requiresGrad = true;
  const outputs = asList(s.build(all)).filter((v) => v.requiresGrad);
  if (outputs.length === 0) return undefined;
  const weight = (v: Value): Value => {
    const leaf = input(v);
    feeds.set(leaf, random.uniform(v.shape, -1, 1, v.dtype).values);
    return leaf;
  };
  const cotangents = outputs.map(weight);
  for (const c of cotangents) c.requiresGrad = true;
  const first = vjpOf(outputs, cotangents, wrt);
  const probes = first.flatMap((value, i): Probe[] => (value ? [{ name: `${s.name} → gradient ${i}`, value, accuracy: "gradient" }] : []));
  const firstCotangents = new Map<Value, Value>();
  const everything = [...wrt, ...cotangents];
  if (s.gradient === "first") return { leaves: everything, outputs, cotangents, first, firstCotangents, second: [], probes };
  const again = [...new Set(first.filter((v) => v !== undefined && v.requiresGrad))].filter((v) => v !== undefined);
  for (const v of again) firstCotangents.set(v, weight(v));
  const second = vjpOf(again, again.map((v) => firstCotangents.get(v)).filter((v) => v !== undefined), everything);
  second.forEach((value, i) => {
    if (value) probes.push({ name: `${s.name} → second order ${i}`, value, accuracy: "gradient" });
  });
  return { leaves: everything, outputs, cotangents, first, firstCotangents, second, probes };
}

function accuracyOf(info: OpInfo, s: Sample, value: Value): Accuracy {
  return isFloat(value.dtype) ? (s.accuracy ?? info.accuracy) : "exact";
}

function before(x: Value, how: Sample["before"]): Value {
  if (x.dtype === "bool") return ops.not(ops.not(x));
  if (!isFloat(x.dtype) || how === "same") return ops.neg(ops.neg(x));
  return ops.mul(x, ops.constant(2, x.dtype, x.shape));
}

function negated(x: Value): Value {
  return x.dtype === "bool" ? ops.not(x) : ops.neg(x);
}

/** Σ a·b. */
export function inner(a: ArrayLike<number>, b: ArrayLike<number>): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += (a[i] ?? 0) * (b[i] ?? 0);
  return sum;
}

