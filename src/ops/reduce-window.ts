import { ShapeError } from "../core/errors.js";
import { formatShape, maxRank, sizeOf, type Shape } from "../core/shape.js";
import { applyOne, type TensorType, type Value, type Op, apply } from "../ir/graph.js";
import type { ExprBuilder } from "../ir/expr-builder.js";
import type { Expr, Stmt } from "../ir/loop.js";
import { add, mul } from "./arithmetic.js";
import { broadcast } from "./broadcast.js";
import { constant, constantLike } from "./constant.js";
import { checkFold, foldIdentity } from "./fold.js";
import { checkKind, numbers } from "./dtype-rules.js";
import { at, isInside, range, ravel, unravel } from "./indexing.js";
import { reshape } from "./movement.js";
import { replaces } from "./reduce.js";
import { scatter } from "./gather.js";
import { pad, slice } from "./slicing.js";

/** Windows over all axes of a tensor; strides and dilation are 1 and padding 0 if not given. */
export interface WindowOptions {
  readonly window: Shape;
  readonly strides?: Shape;
  readonly padding?: readonly (readonly [number, number])[];
  readonly dilation?: Shape;
}

type WindowFold = "add" | "mul" | "min" | "max";

export type WindowAttrs = {
  readonly window: Shape;
  readonly strides: Shape;
  readonly padding: readonly (readonly [number, number])[];
  readonly dilation: Shape;
  readonly fold: WindowFold;
};

function attrsOf({ window, strides, padding, dilation }: WindowOptions, fold: WindowFold): WindowAttrs {
  const ones = window.map(() => 1);
  return {
    window,
    strides: strides ?? ones,
    padding: padding ?? window.map(() => [0, 0] as const),
    dilation: dilation ?? ones,
    fold,
  };
}

/** The same windows behind an axis of examples. */
function behindExamples({ window, strides, padding, dilation, fold }: WindowAttrs): WindowAttrs {
  return { window: [1, ...window], strides: [1, ...strides], padding: [[0, 0], ...padding], dilation: [1, ...dilation], fold };
}

function windowShape(op: string, shape: Shape, { window, strides, padding, dilation }: WindowAttrs): number[] {
  const positive = [window, strides, dilation].every((list) => list.length === shape.length && list.every((d) => Number.isInteger(d) && d > 0));
  const whole = padding.length === shape.length && padding.every((pair) => pair.length === 2 && pair.every(Number.isInteger));
  if (!positive || !whole) {
    throw new ShapeError(`[${op}] window, strides, dilation (whole, at least 1) and padding (pairs of whole numbers) need one entry for each axis of ${formatShape(shape)}`);
  }
  return shape.map((d, i) => {
    const [low, high] = at(padding, i);
    const span = (at(window, i) - 1) * at(dilation, i) + 1;
    return Math.max(0, Math.floor((d + low + high - span) / at(strides, i)) + 1);
  });
}

/** Where the element `within` of the window of output `index` lies in the input. */
function sourceExprs(b: ExprBuilder, attrs: WindowAttrs, index: readonly Expr[], within: readonly Expr[]): Expr[] {
  return index.map((e, i) => {
    const start = b.sub(b.mul(e, b.index(at(attrs.strides, i))), b.index(at(attrs.padding, i)[0]));
    return b.add(start, b.mul(at(within, i), b.index(at(attrs.dilation, i))));
  });
}

function allInside(b: ExprBuilder, source: readonly Expr[], shape: Shape): Expr {
  return source.reduce((all, e, i) => b.and(all, isInside(b, e, at(shape, i))), b.const(1, "bool"));
}

export const reduceWindowOp: Op<WindowAttrs> = {
  name: "reduce-window",
  infer: (inputs, attrs) => {
    const { shape, dtype } = at(inputs, 0);
    checkFold("reduce-window", attrs.fold, dtype);
    return [{ shape: windowShape("reduce-window", shape, attrs), dtype }];
  },
  vjp: (node, [ct]) => {
    if (!ct) return [];
    const x = at(node.inputs, 0);
    const { attrs } = node;
    if (attrs.fold === "add") return [sumVjp(ct, x, attrs)];
    return [attrs.fold === "mul" ? productVjp(ct, x, attrs) : extremumVjp(ct, x, attrs, attrs.fold)];
  },
  batch: ({ inputs, attrs }) => apply(reduceWindowOp, inputs, behindExamples(attrs)),
  lower: {
    kind: "reduce",
    fold: ({ fold }) => fold,
    extents: (_, { window }) => window,
    element: (b, ctx, index, reduced) => {
      const { shape, dtype } = at(ctx.inputs, 0);
      const source = sourceExprs(b, ctx.attrs, index, reduced);
      const value = ctx.operand(0, source);
      return b.guard(allInside(b, source, shape), value, b.const(foldIdentity(ctx.attrs.fold, dtype), value.type));
    },
  },
};

/**
 * The fold of each window of x; what lies outside x counts as the fold's identity. Result size along an axis:
 * ⌊(size + low + high − (window − 1)·dilation − 1) / stride⌋ + 1. The gradient of min and max goes to the first of equal
 * elements. Throws ShapeError, DTypeError.
 */
export function reduceWindow(x: Value, options: WindowOptions & { readonly fold: WindowFold }): Value {
  return applyOne(reduceWindowOp, [x], attrsOf(options, options.fold));
}

/** The sum of windows is linear: its transpose sums, for each input element, the windows that it was in. */
function sumVjp(ct: Value, x: Value, attrs: WindowAttrs): Value {
  const { window, strides, padding, dilation } = attrs;
  const isApart = window.every((w, i) => w === 1 || (at(dilation, i) === 1 && w <= at(strides, i)));
  if (isApart && ct.shape.length + strides.filter((s) => s > 1).length <= maxRank) return repeatedVjp(ct, x, attrs);
  const low = window.map((w, i) => (w - 1) * at(dilation, i) - at(padding, i)[0]);
  const spread = ct.shape.map((d, i) => (d === 0 ? 0 : (d - 1) * at(strides, i) + 1));
  const high = window.map((w, i) => at(x.shape, i) + (w - 1) * at(dilation, i) - at(low, i) - at(spread, i));
  const padded = pad(ct, constant(0, ct.dtype), low, high, strides.map((s) => s - 1));
  return reduceWindow(padded, { window, dilation, fold: "add" });
}

/** The same where windows do not overlap: each element takes the cotangent of its window, those between windows 0. */
function repeatedVjp(ct: Value, x: Value, { window, strides, padding }: WindowAttrs): Value {
  const zero = constant(0, ct.dtype);
  const none = window.map(() => 0);
  // An axis is followed by one for the elements of its windows, where these have more than one.
  const split = (whole: Shape, within: Shape): number[] => whole.flatMap((d, i) => (at(strides, i) > 1 ? [d, at(within, i)] : [d]));
  const isWithin = split(none, none.map(() => 1));
  const repeated = broadcast(ct, split(ct.shape, window), range(isWithin.length).filter((k) => isWithin[k] === 0));
  const gaps = split(none, window.map((w, i) => at(strides, i) - w));
  const apart = gaps.some((g) => g > 0) ? pad(repeated, zero, gaps.map(() => 0), gaps, gaps.map(() => 0)) : repeated;
  const flat = reshape(apart, ct.shape.map((d, i) => d * at(strides, i)));
  const low = padding.map(([first]) => -first);
  const high = flat.shape.map((d, i) => at(x.shape, i) - d - at(low, i));
  return [...low, ...high].some((d) => d !== 0) ? pad(flat, zero, low, high, none) : flat;
}

/** The product of the other elements, window place by window place: zeros make a division wrong. */
function productVjp(ct: Value, x: Value, attrs: WindowAttrs): Value {
  const { window, strides, padding, dilation } = attrs;
  const low = padding.map(([first]) => first);
  const spans = ct.shape.map((d, i) => (d === 0 ? 0 : (d - 1) * at(strides, i) + 1));
  const size = x.shape.map((d, i) => Math.max(d + at(low, i) + at(padding, i)[1], 0));
  const high = size.map((d, i) => d - at(x.shape, i) - at(low, i));
  const padded = pad(x, constant(1, x.dtype), low, high, low.map(() => 0));
  const starts = range(sizeOf(window)).map((k) => {
    let rest = k;
    return [...window].reverse().map((w, i) => {
      const place = (rest % w) * at(dilation, window.length - 1 - i);
      rest = Math.floor(rest / w);
      return place;
    }).reverse();
  });
  const parts = starts.map((start) => slice(padded, start, start.map((s, i) => s + at(spans, i)), strides));
  const before: Value[] = [];
  parts.reduce((product, part) => (before.push(product), mul(product, part)), constantLike(ct, 1));
  let after = ct;
  let total: Value | undefined;
  for (let k = parts.length - 1; k >= 0; k--) {
    const start = at(starts, k);
    const share = mul(after, at(before, k));
    const end = size.map((d, i) => d - at(start, i) - at(spans, i));
    const placed = pad(share, constant(0, ct.dtype), start, end, strides.map((s) => s - 1));
    total = total ? add(total, placed) : placed;
    after = mul(after, at(parts, k));
  }
  return pad(total ?? constantLike(padded, 0), constant(0, ct.dtype), low.map((d) => -d), high.map((d) => -d), low.map(() => 0));
}

function extremumVjp(ct: Value, x: Value, attrs: WindowAttrs, fold: "min" | "max"): Value {
  const batch = batchAxes(attrs);
  const head = x.shape.slice(0, batch);
  const flat = (v: Value): Value => reshape(v, [...head, sizeOf(v.shape.slice(batch))]);
  const positions = argReduceWindow(x, { ...attrs, fold });
  const scattered = scatter(flat(constantLike(x, 0)), flat(positions), flat(ct), { batch, mode: "add" });
  return reshape(scattered, x.shape);
}

/** Leading axes along which the windows are single elements, one each. */
export function batchAxes({ window, strides, padding }: WindowAttrs): number {
  const spans = window.findIndex((w, i) => w !== 1 || strides[i] !== 1 || at(padding, i).some((p) => p !== 0));
  return spans < 0 ? window.length - 1 : spans;
}

export const argReduceWindowOp: Op<WindowAttrs> = {
  name: "arg-reduce-window",
  infer: (inputs, attrs) => {
    const { shape, dtype } = at(inputs, 0);
    checkKind("arg-reduce-window", dtype, numbers);
    return [{ shape: windowShape("arg-reduce-window", shape, attrs), dtype: "int32" }];
  },
  batch: ({ inputs, size, attrs }) => {
    // A window of a scalar has one place.
    if (attrs.window.length === 0) return [constant(0, "int32", [size])];
    return apply(argReduceWindowOp, inputs, behindExamples(attrs));
  },
  lower: {
    kind: "loops",
    build: (b, ctx) => {
      const { attrs } = ctx;
      const { shape } = at(ctx.outputs, 0);
      const input: TensorType = at(ctx.inputs, 0);
      const fold = attrs.fold === "min" ? "min" : "max";
      const batch = batchAxes(attrs);
      return {
        items: sizeOf(shape),
        body: (item) => {
          const index = unravel(b, item, shape);
          const steps = attrs.window.map((w, i) => b.counter(`w${i}`, w));
          const within = steps.map((step, i) => (attrs.window[i] === 1 ? b.index(0) : b.ref(step)));
          const source = sourceExprs(b, attrs, index, within);
          const element = ctx.operand(0, source);
          const [best, value] = [b.variable("best", element.type), b.variable("value", element.type)];
          const [place, better] = [b.variable("place", "int32"), b.variable("better", "bool")];
          const none = b.const(-1, "int32");
          const flat = ravel(b, source.slice(batch), input.shape.slice(batch));
          const isBetter = b.or(b.eq(b.ref(place), none), replaces(b, fold, b.ref(value), b.ref(best)));
          const compare: Stmt[] = [
            { kind: "let", variable: value, value: element },
            { kind: "let", variable: better, value: isBetter },
            { kind: "assign", variable: place, value: b.select(b.ref(better), b.cast(flat, "int32"), b.ref(place)) },
            { kind: "assign", variable: best, value: b.select(b.ref(better), b.ref(value), b.ref(best)) },
          ];
          const inside: Stmt = { kind: "if", condition: allInside(b, source, input.shape), then: compare, otherwise: [] };
          const loops = steps.reduceRight<Stmt>(
            (body, variable, i) =>
              attrs.window[i] === 1
                ? body
                : { kind: "for", variable, begin: b.index(0), end: b.index(at(attrs.window, i)), step: 1, body: [body], vectorize: false },
            inside,
          );
          return [
            { kind: "mutable", variable: best, value: b.const(0, element.type) },
            { kind: "mutable", variable: place, value: none },
            loops,
            ctx.store(0, index, b.ref(place)),
          ];
        },
      };
    },
  },
};

/**
 * Where the minimum or maximum of each window of x lies, as int32: the row-major position within the axes of x that
 * follow the batch axes, −1 for a window wholly outside. Batch axes are the leading ones with window and stride 1 and no
 * padding (all but the last if every axis is so). Of equal elements the first counts; NaN counts as the extreme.
 * Throws ShapeError, DTypeError.
 */
export function argReduceWindow(x: Value, options: WindowOptions & { readonly fold: "min" | "max" }): Value {
  return applyOne(argReduceWindowOp, [x], attrsOf(options, options.fold));
}
