import { sizeOf } from "../core/shape.js";
import type { ExprBuilder } from "../ir/expr-builder.js";
import type { ComputeType, Expr, Stmt } from "../ir/loop.js";
import { axesOf, startOf, type Block, type Box } from "./box.js";
import { counters, stridesIn } from "./reader.js";
import type { Argument, Draft } from "./draft.js";
import { factorOf, loopNest, loopsAround, nestLoops } from "./loops.js";

/** How far an index of the source moves with each axis of the contraction. */
interface Coordinate {
  readonly batch: readonly number[];
  readonly own: readonly number[];
  readonly steps: readonly number[];
  readonly constant: number;
}

/** A bound on a coordinate, outside of which the operand is zero: sign · coordinate + add < 0. */
interface Bound {
  readonly dim: number;
  readonly sign: number;
  readonly add: number;
}

/**
 * An operand whose elements are those of one source, at indexes that are sums of multiples of the contraction's indexes, and
 * zero beyond the source's edges: a convolution's input. Neighbouring results use the same elements, so a block of the source
 * is copied once with its zeros and read from there, instead of once for every element of the kernel (im2col).
 */
export interface Window {
  readonly argument: Argument;
  /** Axes of the source as they lie in memory. */
  readonly order: readonly number[];
  readonly coordinates: readonly Coordinate[];
  readonly bounds: readonly Bound[];
  /** Whether it has borders of zeros, or neighbours that share elements. */
  readonly overlaps: boolean;
}

export type OperandRule = (batch: readonly Expr[], own: readonly Expr[], steps: readonly Expr[]) => Expr;

/** The operand as a window onto a source, or undefined where it is none. */
export function windowOf(draft: Draft, rule: OperandRule, sizes: { readonly batch: readonly number[]; readonly own: readonly number[]; readonly steps: readonly number[] }): Window | undefined {
  const { b } = draft;
  const [batch, own, steps] = [counters(b, "b", sizes.batch), counters(b, "o", sizes.own), counters(b, "k", sizes.steps)];
  const conditions: Expr[] = [];
  let at = rule(batch, own, steps);
  for (;;) {
    if (at.kind === "cast") at = at.arg;
    else if (at.kind === "guard" && at.other.kind === "const" && at.other.value === 0) {
      conditions.push(at.condition);
      at = at.value;
    } else break;
  }
  const origin = draft.origins.get(at.id);
  if (at.kind !== "load" || !origin) return undefined;
  const coordinates: Coordinate[] = [];
  for (const index of origin.index) {
    const factors = (list: readonly Expr[]): (number | undefined)[] => list.map((v) => (v.kind === "var" ? factorOf(b, index, v.variable) : 0));
    const [ofBatch, ofOwn, ofSteps] = [factors(batch), factors(own), factors(steps)];
    const all = [...ofBatch, ...ofOwn, ...ofSteps];
    if (all.some((f) => f === undefined) || [...ofOwn, ...ofSteps].some((f) => (f ?? 0) < 0)) return undefined;
    let rest = index;
    [...batch, ...own, ...steps].forEach((v, k) => (rest = b.sub(rest, b.mul(v, b.index(all[k] ?? 0)))));
    if (rest.kind !== "const") return undefined;
    coordinates.push({ batch: ofBatch.map(Number), own: ofOwn.map(Number), steps: ofSteps.map(Number), constant: rest.value });
  }
  const bounds: Bound[] = [];
  const take = (e: Expr): boolean => {
    if (e.kind !== "op") return false;
    if (e.op === "and") return e.args.every(take);
    const [left, right] = e.args;
    if ((e.op !== "lt" && e.op !== "le") || !left || !right || left.type !== "index") return false;
    const difference = b.add(b.sub(left, right), b.index(e.op === "le" ? -1 : 0));
    for (const sign of [1, -1]) {
      const dim = origin.index.findIndex((index) => index.kind !== "const" && b.sub(difference, b.mul(index, b.index(sign))).kind === "const");
      const add = dim < 0 ? undefined : b.sub(difference, b.mul(origin.index[dim] ?? b.index(0), b.index(sign)));
      if (add?.kind === "const") {
        bounds.push({ dim, sign, add: add.value });
        return true;
      }
    }
    return false;
  };
  if (!conditions.every(take)) return undefined;
  const overlaps = bounds.length > 0 || coordinates.some((c) => c.own.some((f) => f > 0) && c.steps.some((f) => f > 0));
  return { argument: origin.argument, order: draft.orderOf(origin.argument), coordinates, bounds, overlaps };
}

/** Indexes along each axis of the source that the block of a window spans at most. */
export function spansOf(window: Window, own: Box, steps: Box): number[] {
  const reach = (factors: readonly number[], box: Box): number =>
    factors.reduce((sum, f, axis) => sum + f * (axis < box.axis ? 0 : (axis === box.axis ? box.chunk : (box.sizes[axis] ?? 1)) - 1), 0);
  return window.coordinates.map((c) => 1 + reachOf(c));
  function reachOf(c: Coordinate): number {
    return Math.max(0, reach(c.own, own)) + Math.max(0, reach(c.steps, steps));
  }
}

/** Steps through the source, or through a copy of the given spans, along each axis of the contraction. */
export function windowStrides(window: Window, shape: readonly number[]): { readonly own: number[]; readonly steps: number[] } {
  const strides = stridesIn(shape, window.order);
  const through = (pick: (c: Coordinate) => readonly number[]): number[] => {
    const first = window.coordinates[0];
    return (first ? pick(first) : []).map((_, axis) => window.coordinates.reduce((sum, c, dim) => sum + (pick(c)[axis] ?? 0) * (strides[dim] ?? 0), 0));
  };
  return { own: through((c) => c.own), steps: through((c) => c.steps) };
}

/** A block of a contraction, for which a part of the window's source is copied. */
export interface WindowBlock {
  readonly batch: readonly Expr[];
  readonly own: Box;
  readonly ownBlock: Block;
  readonly steps: Box;
  readonly stepBlock: Block;
}

/** The first index of the source along each axis that a block meets, and how many follow. */
export function placeOf(b: ExprBuilder, window: Window, at: WindowBlock): { readonly first: readonly Expr[]; readonly lengths: readonly Expr[] } {
  const [ownStart, stepStart] = [startOf(b, at.own, at.ownBlock), startOf(b, at.steps, at.stepBlock)];
  const sum = (factors: readonly number[], list: readonly Expr[]): Expr => factors.reduce((e, f, k) => b.add(e, b.mul(list[k] ?? b.index(0), b.index(f))), b.index(0));
  const first = window.coordinates.map((c) => b.add(b.add(sum(c.batch, at.batch), b.add(sum(c.own, ownStart), sum(c.steps, stepStart))), b.index(c.constant)));
  // A block at the end may be shorter; what it does not need must not be read.
  const lengths = window.coordinates.map((c) => {
    let span = b.index(1);
    for (const [factors, box, block] of [[c.own, at.own, at.ownBlock], [c.steps, at.steps, at.stepBlock]] as const) {
      for (const { axis, count } of axesOf(b, box, block)) span = b.add(span, b.mul(b.sub(count, b.index(1)), b.index(factors[axis] ?? 0)));
    }
    return span;
  });
  return { first, lengths };
}

/** Copies what a block needs of the source into scratch memory, zeros where there is nothing. */
export function copyWindow(draft: Draft, window: Window, type: ComputeType, scratch: number, at: WindowBlock): readonly Stmt[] {
  const { b } = draft;
  const spans = spansOf(window, at.own, at.steps);
  const strides = stridesIn(spans, window.order);
  const { first, lengths: lengthsOf } = placeOf(b, window, at);
  const read = draft.memory(window.argument);
  const order = window.order;
  const element = (index: readonly Expr[]): { readonly value: Expr; readonly to: Expr } => {
    const local = spans.map((_, dim) => index[order.indexOf(dim)] ?? b.index(0));
    const from = first.map((start, dim) => b.add(start, local[dim] ?? b.index(0)));
    let inside = b.const(1, "bool");
    for (const { dim, sign, add } of window.bounds) {
      inside = b.and(inside, b.lt(b.add(b.mul(from[dim] ?? b.index(0), b.index(sign)), b.index(add)), b.index(0)));
    }
    const value = b.guard(inside, b.cast(read(from), type), b.const(0, type));
    return { value, to: local.reduce((e, l, dim) => b.add(e, b.mul(l, b.index(strides[dim] ?? 0))), b.index(0)) };
  };
  const sizes = order.map((dim) => spans[dim] ?? 1);
  const lengths = order.map((dim) => lengthsOf[dim] ?? b.index(1));
  if (lengths.every((length) => length.kind === "const")) {
    const nest = loopNest(b, "s", sizes, (index) => {
      const { value, to } = element(index);
      return [value, to];
    });
    const { value, to } = element(nest.index);
    return nestLoops(b, nest, [{ kind: "store", buffer: scratch, index: to, value }], true);
  }
  const variables = sizes.map((size, k) => (size === 1 ? undefined : b.counter(`s${k}`, size)));
  const { value, to } = element(variables.map((v) => (v ? b.ref(v) : b.index(0))));
  const loops = variables.flatMap((variable, k) => (variable ? [{ variable, end: lengths[k] ?? b.index(1) }] : []));
  return loopsAround(b, loops, [{ kind: "store", buffer: scratch, index: to, value }], true);
}

/** Elements of the largest copy. */
export function windowSize(window: Window, own: Box, steps: Box): number {
  return sizeOf(spansOf(window, own, steps));
}
