import { ShapeError } from "../core/errors.js";
import { formatShape } from "../core/shape.js";
import { applyOne, type TensorType, type Value, type Op } from "../ir/graph.js";
import { sub } from "./arithmetic.js";
import { sum, broadcast } from "./broadcast.js";
import { constant } from "./constant.js";
import { checkSameDType } from "./dtype-rules.js";
import { at, isInside, range } from "./indexing.js";
import { select } from "./compare.js";

type SliceAttrs = { readonly starts: readonly number[]; readonly limits: readonly number[]; readonly strides: readonly number[] };

export const sliceOp: Op<SliceAttrs> = {
  name: "slice",
  infer: (inputs, { starts, limits, strides }) => {
    const { shape, dtype } = at(inputs, 0);
    const lists = [starts, limits, strides];
    const fits = lists.every((list) => list.length === shape.length && list.every(Number.isInteger));
    const inRange = fits && shape.every((d, i) => at(starts, i) >= 0 && at(starts, i) <= at(limits, i) && at(limits, i) <= d && at(strides, i) > 0);
    if (!inRange) {
      throw new ShapeError(
        `[slice] starts ${formatShape(starts)}, limits ${formatShape(limits)} and strides ${formatShape(strides)} must satisfy 0 ≤ start ≤ limit ≤ size and stride ≥ 1 for each axis of ${formatShape(shape)}`,
      );
    }
    return [{ shape: starts.map((start, i) => Math.ceil((at(limits, i) - start) / at(strides, i))), dtype }];
  },
  vjp: (node, [ct]) => {
    if (!ct) return [];
    const { shape } = at(node.inputs, 0);
    const { starts, strides } = node.attrs;
    // An empty slice covers nothing: its padding must not count a first element.
    const covered = ct.shape.map((d, i) => (d === 0 ? 0 : (d - 1) * at(strides, i) + 1));
    const high = shape.map((d, i) => d - at(starts, i) - at(covered, i));
    return [pad(ct, constant(0, ct.dtype), starts, high, strides.map((s) => s - 1))];
  },
  batch: ({ inputs, size, attrs: { starts, limits, strides } }) => [slice(at(inputs, 0), [0, ...starts], [size, ...limits], [1, ...strides])],
  lower: {
    kind: "map",
    element: (b, ctx, index) => {
      const { starts, strides } = ctx.attrs;
      return ctx.operand(0, index.map((e, i) => b.add(b.mul(e, b.index(at(strides, i))), b.index(at(starts, i)))));
    },
  },
};

/** Elements start, start + stride, … below limit along each axis. Throws ShapeError. */
export function slice(x: Value, starts: readonly number[], limits: readonly number[], strides: readonly number[]): Value {
  return applyOne(sliceOp, [x], { starts, limits, strides });
}

type PadAttrs = { readonly low: readonly number[]; readonly high: readonly number[]; readonly interior: readonly number[] };

/** Size along an axis after putting `interior` elements between neighbours. */
export function dilatedSize(size: number, interior: number): number {
  return size === 0 ? 0 : (size - 1) * (interior + 1) + 1;
}

export const padOp: Op<PadAttrs> = {
  name: "pad",
  infer: (inputs, { low, high, interior }) => {
    const [x, value] = [at(inputs, 0), at(inputs, 1)];
    checkSameDType("pad", x.dtype, value.dtype);
    if (value.shape.length > 0) throw new ShapeError(`[pad] the value must be a scalar, and has shape ${formatShape(value.shape)}`);
    const fits = [low, high, interior].every((list) => list.length === x.shape.length && list.every(Number.isInteger));
    const shape = fits ? x.shape.map((d, i) => dilatedSize(d, at(interior, i)) + at(low, i) + at(high, i)) : [-1];
    if (shape.some((d) => d < 0) || interior.some((d) => d < 0)) {
      throw new ShapeError(`[pad] low ${formatShape(low)}, high ${formatShape(high)} and interior ${formatShape(interior)} do not fit ${formatShape(x.shape)}`);
    }
    return [{ shape, dtype: x.dtype }];
  },
  vjp: (node, [ct]) => {
    if (!ct) return [];
    const { low, high, interior } = node.attrs;
    const x = at(node.inputs, 0);
    // Undo the outer padding, then pick what lies on the input's grid.
    const uncut = pad(ct, constant(0, ct.dtype), low.map((d) => -d), high.map((d) => -d), low.map(() => 0));
    const dx = slice(uncut, low.map(() => 0), uncut.shape, interior.map((d) => d + 1));
    const all = range(x.shape.length);
    return [dx, sub(sum(ct, all), sum(dx, all))];
  },
  batch: ({ inputs, isBatched, attrs, all }) => {
    const widths = [attrs.low, attrs.high, attrs.interior].map((list) => [0, ...list]) as [number[], number[], number[]];
    const [x, value] = [all(0), at(inputs, 1)];
    if (!at(isBatched, 1)) return [pad(x, value, ...widths)];
    const padded = pad(x, constant(0, x.dtype), ...widths);
    const isInner = pad(constant(1, "bool", x.shape), constant(0, "bool"), ...widths);
    return [select(isInner, padded, broadcast(value, padded.shape, [0]))];
  },
  lower: {
    kind: "map",
    element: (b, ctx, index) => {
      const { shape } = at(ctx.inputs, 0);
      const { low, interior } = ctx.attrs;
      let inside = b.const(1, "bool");
      const source = index.map((e, axis) => {
        const step = at(interior, axis) + 1;
        const from = b.sub(e, b.index(at(low, axis)));
        inside = b.and(inside, isInside(b, from, dilatedSize(at(shape, axis), step - 1)));
        if (step === 1) return from;
        inside = b.and(inside, b.eq(b.rem(from, b.index(step)), b.index(0)));
        return b.div(from, b.index(step));
      });
      return b.guard(inside, ctx.operand(0, source), ctx.operand(1, []));
    },
  },
};

/**
 * x with `low` and `high` elements of the scalar `value` added at the ends of each axis and `interior` ones between
 * neighbours; negative `low` and `high` cut off. Throws ShapeError.
 */
export function pad(x: Value, value: Value, low: readonly number[], high: readonly number[], interior: readonly number[]): Value {
  return applyOne(padOp, [x, value], { low, high, interior });
}

type ConcatAttrs = { readonly axis: number };

export const concatOp: Op<ConcatAttrs> = {
  name: "concat",
  infer: (inputs, { axis }) => {
    const [first] = inputs;
    if (!first) throw new ShapeError("[concat] needs at least one tensor");
    const fits = (t: TensorType): boolean => t.shape.length === first.shape.length && t.shape.every((d, i) => i === axis || d === first.shape[i]);
    if (axis < 0 || axis >= first.shape.length || !inputs.every(fits)) {
      throw new ShapeError(`[concat] shapes ${inputs.map((t) => formatShape(t.shape)).join(", ")} must be alike except along axis ${axis}`);
    }
    for (const t of inputs) checkSameDType("concat", first.dtype, t.dtype);
    const size = inputs.reduce((total, t) => total + at(t.shape, axis), 0);
    return [{ shape: first.shape.map((d, i) => (i === axis ? size : d)), dtype: first.dtype }];
  },
  vjp: (node, [ct]) => {
    if (!ct) return [];
    const { axis } = node.attrs;
    const starts = startsAlong(node.inputs, axis);
    return node.inputs.map((x, i) => {
      const from = ct.shape.map((_, a) => (a === axis ? at(starts, i) : 0));
      return slice(ct, from, x.shape.map((d, a) => at(from, a) + d), from.map(() => 1));
    });
  },
  batch: ({ inputs, attrs, all }) => [concat(inputs.map((_, k) => all(k)), attrs.axis + 1)],
  lower: {
    kind: "map",
    element: (b, ctx, index) => {
      const { axis } = ctx.attrs;
      const starts = startsAlong(ctx.inputs, axis);
      const own = at(index, axis);
      const part = (k: number): ReturnType<typeof ctx.operand> =>
        ctx.operand(k, index.map((e, a) => (a === axis ? b.sub(e, b.index(at(starts, k))) : e)));
      // A balanced tree of choices, so that many parts do not make a long chain.
      const choose = (from: number, to: number): ReturnType<typeof ctx.operand> => {
        if (to - from === 1) return part(from);
        const middle = (from + to) >> 1;
        return b.guard(b.lt(own, b.index(at(starts, middle))), choose(from, middle), choose(middle, to));
      };
      return choose(0, ctx.inputs.length);
    },
  },
};

/** Where each input begins along the axis. */
export function startsAlong(inputs: readonly TensorType[], axis: number): number[] {
  let next = 0;
  return inputs.map((t) => {
    const start = next;
    next += at(t.shape, axis);
    return start;
  });
}

/** Tensors one after the other along an axis. Throws ShapeError, DTypeError. */
export function concat(xs: readonly Value[], axis: number): Value {
  return applyOne(concatOp, xs, { axis });
}
