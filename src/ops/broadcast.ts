import { ShapeError } from "../core/errors.js";
import { checkShape, formatShape, normalizeAxes, sameShape, type Shape } from "../core/shape.js";
import { apply, applyOne, type Value, type Op } from "../ir/graph.js";
import type { FoldOp } from "../ir/loop.js";
import { checkFold, checkNotEmpty } from "./fold.js";
import { at, range } from "./indexing.js";
import { reshape } from "./movement.js";

type BroadcastAttrs = { readonly shape: Shape; readonly axes: readonly number[] };

export const broadcastOp: Op<BroadcastAttrs> = {
  name: "broadcast",
  infer: (inputs, { shape, axes }) => {
    const x = at(inputs, 0);
    checkShape("broadcast", shape);
    normalizeAxes("broadcast", axes, shape.length);
    if (axes.some((axis, i) => i > 0 && axis <= at(axes, i - 1))) {
      throw new ShapeError(`[broadcast] axes ${formatShape(axes)} must ascend: transpose first`);
    }
    const fits = axes.length === x.shape.length && x.shape.every((d, i) => d === 1 || d === shape[at(axes, i)]);
    if (!fits) {
      throw new ShapeError(`[broadcast] ${formatShape(x.shape)} does not fit into axes ${formatShape(axes)} of ${formatShape(shape)}: sizes must be equal or 1`);
    }
    return [{ shape, dtype: x.dtype }];
  },
  vjp: (node, [ct]) => {
    if (!ct) return [];
    const { shape } = at(node.inputs, 0);
    const { axes } = node.attrs;
    const kept = (axis: number): boolean => axes.includes(axis) && at(shape, axes.indexOf(axis)) === ct.shape[axis];
    const summed = sum(ct, range(ct.shape.length).filter((axis) => !kept(axis)));
    return [sameShape(summed.shape, shape) ? summed : reshape(summed, shape)];
  },
  batch: ({ inputs, size, attrs: { shape, axes } }) => [broadcast(at(inputs, 0), [size, ...shape], [0, ...axes.map((axis) => axis + 1)])],
  lower: {
    kind: "map",
    element: (b, ctx, index) => {
      const { shape } = at(ctx.inputs, 0);
      return ctx.operand(0, ctx.attrs.axes.map((axis, i) => (shape[i] === 1 ? b.index(0) : at(index, axis))));
    },
  },
};

/**
 * x copied along new axes and axes of size 1: `axes[i]` is the axis of the result that axis i of x becomes.
 * Axes ascend. Throws ShapeError, IndexError.
 */
export function broadcast(x: Value, shape: Shape, axes: readonly number[]): Value {
  return applyOne(broadcastOp, [x], { shape, axes });
}

/** A tensor with axes of size 1 put back where a reduction removed `axes`, copied to `shape`. */
export function broadcastBack(reduced: Value, shape: Shape, axes: readonly number[]): Value {
  return broadcast(reduced, shape, range(shape.length).filter((axis) => !axes.includes(axis)));
}

export type ReduceAttrs = { readonly axes: readonly number[] };

/** The record of a reduction with one fold; each has a gradient of its own. */
export function reduction(fold: FoldOp, vjp?: (ct: Value, x: Value, y: Value, axes: readonly number[]) => Value): Op<ReduceAttrs> {
  const name = `reduce-${fold}`;
  const op: Op<ReduceAttrs> = {
    name,
    infer: (inputs, { axes }) => {
      const { shape, dtype } = at(inputs, 0);
      const sorted = normalizeAxes(name, axes, shape.length);
      checkFold(name, fold, dtype);
      checkNotEmpty(name, fold, shape, sorted);
      return [{ shape: shape.filter((_, axis) => !sorted.includes(axis)), dtype }];
    },
    ...(vjp && { vjp: (node, [ct]) => [ct && vjp(ct, at(node.inputs, 0), at(node.outputs, 0), node.attrs.axes)] }),
    batch: ({ inputs, attrs }) => apply(op, inputs, { axes: attrs.axes.map((axis) => axis + 1) }),
    lower: {
      kind: "reduce",
      fold: () => fold,
      extents: (inputs, { axes }) => axes.map((axis) => at(at(inputs, 0).shape, axis)),
      element: (_, ctx, index, reduced) => {
        const { axes } = ctx.attrs;
        let kept = 0;
        const whole = at(ctx.inputs, 0).shape.map((__, axis) => (axes.includes(axis) ? at(reduced, axes.indexOf(axis)) : at(index, kept++)));
        return ctx.operand(0, whole);
      },
    },
  };
  return op;
}

export const reduceAddOp = reduction("add", (ct, x, _, axes) => broadcastBack(ct, x.shape, axes));

/** The sum over axes, which are removed; `x` itself without axes. */
export function sum(x: Value, axes: readonly number[]): Value {
  return axes.length === 0 ? x : applyOne(reduceAddOp, [x], { axes: [...axes].sort((a, b) => a - b) });
}
