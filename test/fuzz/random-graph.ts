import fc from "fast-check";
import { vjpOf } from "../../src/autodiff/backward.js";
import { sizeOf, type Shape } from "../../src/core/shape.js";
import { input, type Value } from "../../src/ir/graph.js";
import * as ops from "../../src/ops/index.js";
import { Numbers } from "../opinfo/sample.js";

/** One step of a random program: which operation, on which values so far, with which parameters. */
export type Choice = readonly [op: number, first: number, second: number, parameter: number];

export interface RandomGraph {
  readonly feeds: ReadonlyMap<Value, Float64Array>;
  readonly outputs: readonly Value[];
}

export const choices: fc.Arbitrary<Choice[]> = fc.array(fc.tuple(fc.nat(999), fc.nat(99), fc.nat(99), fc.nat(999)), { minLength: 3, maxLength: 15 });

interface Style {
  /** What the first value's shape may be. */
  readonly shapes: readonly Shape[];
  readonly mostElements: number;
  readonly steps: readonly Step[];
  readonly differentiable: boolean;
}

const shapes: readonly Shape[] = [[4, 6], [17], [3, 1, 5], [2, 3, 4], [33, 2], []];
/** Enough work for several threads, at sizes that no vector or block divides. */
const largeShapes: readonly Shape[] = [[130, 67], [20011], [7, 40, 33], [513, 31], [4, 6]];

/** A program of bounded values. A choice that does not fit its operand becomes tanh, so that every list of choices is a program. */
function program(list: readonly Choice[], seed: number, { shapes, mostElements, steps, differentiable }: Style): RandomGraph {
  const random = new Numbers(seed);
  const feeds = new Map<Value, Float64Array>();
  const fresh = (shape: Shape): Value => {
    const leaf = input({ shape, dtype: "float32" });
    leaf.requiresGrad = differentiable;
    feeds.set(leaf, random.uniform(shape, -1.5, 1.5).values);
    return leaf;
  };
  const positions = (shape: Shape, size: number): Value => {
    const leaf = input({ shape, dtype: "int32" });
    feeds.set(leaf, random.integers(shape, 0, size).values);
    return leaf;
  };
  const values = [fresh(shapes[seed % shapes.length] ?? []), fresh([4, 6])];
  const pick = (k: number): Value => values[Math.floor((k * values.length) / 100)] ?? fresh([2]);
  for (const [op, first, second, parameter] of list) {
    const x = pick(first);
    const partners = values.filter((v) => v.shape.join() === x.shape.join());
    const y = partners[second % partners.length] ?? x;
    const step = steps[op % steps.length];
    const made = step?.(x, y, parameter, { fresh, positions });
    const fits = made && sizeOf(made.shape) <= mostElements && made.shape.length <= 5;
    values.push(fits ? made : ops.tanh(x));
  }
  const last = values.slice(-3);
  return { feeds, outputs: [...new Set([...last, pick(list[0]?.[3] ?? 0)])].filter((v) => v.node.inputs.length > 0) };
}

/** Values over small shapes. */
export function randomGraph(list: readonly Choice[], seed: number): RandomGraph {
  return program(list, seed, { shapes, mostElements: 3000, steps: allSteps, differentiable: false });
}

/** Values over shapes that keep several threads busy. */
export function largeGraph(list: readonly Choice[], seed: number): RandomGraph {
  return program(list.slice(0, 8), seed, { shapes: largeShapes, mostElements: 60_000, steps: allSteps, differentiable: false });
}

interface Source {
  fresh(shape: Shape): Value;
  positions(shape: Shape, size: number): Value;
}

type Step = (x: Value, y: Value, parameter: number, source: Source) => Value | undefined;

function constant(x: Value, value: number): Value {
  return ops.constant(value, x.dtype, x.shape);
}

function axisOf(x: Value, parameter: number): number | undefined {
  return x.shape.length === 0 ? undefined : parameter % x.shape.length;
}

function others(x: Value, axis: number): number[] {
  return x.shape.map((_, i) => i).filter((i) => i !== axis);
}

function reduced(fold: "add" | "max" | "min"): Step {
  return (x, _, parameter) => {
    const axis = axisOf(x, parameter);
    if (axis === undefined || x.shape[axis] === 0) return undefined;
    const result = ops.reduce(x, [axis], fold);
    return fold === "add" ? ops.mul(result, constant(result, 1 / (x.shape[axis] ?? 1))) : result;
  };
}

/** Steps that have a derivative everywhere. */
const smoothSteps: readonly Step[] = [
  (x) => ops.neg(x),
  (x) => ops.exp(ops.tanh(x)),
  (x) => ops.sqrt(ops.add(ops.mul(x, x), constant(x, 0.5))),
  (x) => ops.sin(x),
  (x, y) => ops.add(x, y),
  (x, y) => ops.tanh(ops.mul(x, y)),
  (x, y) => ops.sub(x, y),
  (x, y) => ops.div(x, ops.add(ops.mul(y, y), constant(y, 1))),
  (x, _, parameter) => ops.broadcast(x, [(parameter % 4) + 1, ...x.shape], x.shape.map((__, i) => i + 1)),
  (x, _, parameter) => ops.broadcast(x, [...x.shape, (parameter % 5) + 1], x.shape.map((__, i) => i)),
  (x) => ops.reshape(x, [sizeOf(x.shape)]),
  (x) => {
    const size = sizeOf(x.shape);
    const divisor = [6, 5, 4, 3, 2].find((d) => size % d === 0);
    return divisor === undefined ? undefined : ops.reshape(x, [divisor, size / divisor]);
  },
  (x) => ops.transpose(x, x.shape.map((_, i) => x.shape.length - 1 - i)),
  (x) => (x.shape.length < 2 ? undefined : ops.transpose(x, [...x.shape.keys()].map((i) => (i + 1) % x.shape.length))),
  (x, _, parameter) => {
    const start = x.shape.map((d) => (d === 0 ? 0 : parameter % d));
    return ops.slice(x, start, x.shape, x.shape.map((__, i) => ((parameter + i) % 3) + 1));
  },
  (x, _, parameter) => {
    const at = (k: number): number[] => x.shape.map((d, i) => ((parameter + i * k) % 4) - (d > 3 ? 1 : 0));
    return ops.pad(x, ops.constant(0.25, x.dtype), at(1), at(2), x.shape.map((_d, i) => (parameter + i) % 2));
  },
  (x, y, parameter) => {
    const axis = axisOf(x, parameter);
    return axis === undefined ? undefined : ops.concat([x, y, x].slice(0, 2 + (parameter % 2)), axis);
  },
  (x, _, parameter) => {
    const axis = axisOf(x, parameter);
    return axis === undefined ? undefined : ops.reverse(x, [axis]);
  },
  reduced("add"),
  (x) => (x.shape.length === 0 || sizeOf(x.shape) === 0 ? undefined : ops.mul(ops.reduce(x, [...x.shape.keys()], "add"), ops.constant(1 / sizeOf(x.shape), x.dtype))),
  // Softmax along the last axis.
  (x) => {
    const last = x.shape.length - 1;
    if (last < 0 || x.shape[last] === 0) return undefined;
    const spread = (v: Value): Value => ops.broadcast(v, x.shape, others(x, last));
    const e = ops.exp(ops.sub(x, spread(ops.reduce(x, [last], "max"))));
    return ops.div(e, spread(ops.reduce(e, [last], "add")));
  },
  // A product with a fresh matrix, scaled back.
  (x, _, parameter, { fresh }) => {
    const last = x.shape.length - 1;
    if (last < 0) return undefined;
    const inner = x.shape[last] ?? 0;
    const product = ops.dot(x, fresh([inner, (parameter % 20) + 1]), { batchA: [], batchB: [], contractA: [last], contractB: [0] });
    return ops.tanh(product);
  },
  // A product with itself over the first axis.
  (x, y) => {
    if (x.shape.length < 2) return undefined;
    return ops.tanh(ops.dot(x, y, { batchA: [1], batchB: [1], contractA: [0], contractB: [0] }));
  },
  (x, _, parameter, { positions }) => {
    const [size] = x.shape;
    return size ? ops.gather(x, positions([(parameter % 6) + 1], size)) : undefined;
  },
  (x, _, parameter, { fresh, positions }) => {
    const [size, ...rest] = x.shape;
    if (!size) return undefined;
    const count = (parameter % 6) + 1;
    return ops.scatter(x, positions([count], size), fresh([count, ...rest]), { mode: "add" });
  },
  (x, _, parameter) => {
    const axis = axisOf(x, parameter);
    return axis === undefined ? undefined : ops.tanh(ops.cumulative(x, axis, "add", parameter % 2 === 1));
  },
];

const allSteps: readonly Step[] = [
  ...smoothSteps,
  (x) => ops.abs(x),
  (x) => ops.exp(ops.min(x, constant(x, 1))),
  (x, y) => ops.max(x, y),
  (x, y) => ops.select(ops.lt(x, y), x, y),
  reduced("max"),
  reduced("min"),
  (x, _, parameter) => {
    const axis = axisOf(x, parameter);
    return axis === undefined ? undefined : ops.sort(x, axis).values;
  },
  (x, _, parameter) => {
    const last = x.shape.length - 1;
    const window = (parameter % 3) + 1;
    if (last < 0 || (x.shape[last] ?? 0) < window) return undefined;
    return ops.reduceWindow(x, { window: x.shape.map((__, i) => (i === last ? window : 1)), fold: "max" });
  },
];

/** A program of smooth steps, and its derivatives by all float leaves. */
export function randomGradients(list: readonly Choice[], seed: number): RandomGraph {
  const { feeds, outputs } = program(list, seed, { shapes, mostElements: 3000, steps: smoothSteps, differentiable: true });
  const leaves = [...feeds.keys()].filter((v) => v.requiresGrad);
  const gradients = vjpOf(outputs, outputs.map((v) => constant(v, 0.5)), leaves).filter((v) => v !== undefined);
  return { feeds, outputs: [...new Set([...outputs, ...gradients])] };
}
