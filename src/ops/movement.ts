import { IndexError, ShapeError } from "../core/errors.js";
import { checkShape, formatShape, normalizeAxis, sizeOf, type Shape } from "../core/shape.js";
import { applyOne, type Value, type Op, apply } from "../ir/graph.js";
import type { NoAttrs } from "./elementwise.js";
import { at, range, ravel, unravel } from "./indexing.js";

type ReshapeAttrs = { readonly shape: Shape };

export const reshapeOp: Op<ReshapeAttrs> = {
  name: "reshape",
  infer: (inputs, { shape }) => {
    const x = at(inputs, 0);
    checkShape("reshape", shape);
    if (sizeOf(shape) !== sizeOf(x.shape)) {
      throw new ShapeError(`[reshape] ${formatShape(x.shape)} has ${sizeOf(x.shape)} elements and ${formatShape(shape)} has ${sizeOf(shape)}: they must be equal`);
    }
    return [{ shape, dtype: x.dtype }];
  },
  vjp: (node, [ct]) => [ct && reshape(ct, at(node.inputs, 0).shape)],
  batch: ({ inputs, size, attrs }) => [reshape(at(inputs, 0), [size, ...attrs.shape])],
  lower: {
    kind: "map",
    view: true,
    element: (b, ctx, index) => ctx.operand(0, unravel(b, ravel(b, index, ctx.attrs.shape), at(ctx.inputs, 0).shape)),
  },
};

/** The same elements in row-major order under another shape. Throws ShapeError when the sizes differ. */
export function reshape(x: Value, shape: Shape): Value {
  return applyOne(reshapeOp, [x], { shape });
}

export const stopGradientOp: Op<NoAttrs> = {
  name: "stop-gradient",
  infer: (inputs) => [{ shape: at(inputs, 0).shape, dtype: at(inputs, 0).dtype }],
  batch: ({ inputs, attrs }) => apply(stopGradientOp, inputs, attrs),
  lower: { kind: "map", view: true, element: (_, ctx, index) => ctx.operand(0, index) },
};

/** The same numbers as a value of its own, through which no gradient flows. */
export function stopGradient(x: Value): Value {
  return applyOne(stopGradientOp, [x], {});
}

type TransposeAttrs = { readonly perm: readonly number[] };

export const transposeOp: Op<TransposeAttrs> = {
  name: "transpose",
  infer: (inputs, { perm }) => {
    const { shape, dtype } = at(inputs, 0);
    const isPermutation = perm.length === shape.length && range(shape.length).every((axis) => perm.includes(axis));
    if (!isPermutation) throw new IndexError(`[transpose] ${formatShape(perm)} must name each axis of ${formatShape(shape)} once`);
    return [{ shape: perm.map((axis) => at(shape, axis)), dtype }];
  },
  vjp: (node, [ct]) => [ct && transpose(ct, inverse(node.attrs.perm))],
  batch: ({ inputs, attrs }) => [transpose(at(inputs, 0), [0, ...attrs.perm.map((axis) => axis + 1)])],
  lower: { kind: "map", element: (_, ctx, index) => ctx.operand(0, inverse(ctx.attrs.perm).map((axis) => at(index, axis))) },
};

export function inverse(perm: readonly number[]): number[] {
  return perm.map((_, axis) => perm.indexOf(axis));
}

/** Axes in another order: axis i of the result is axis perm[i] of x. Throws IndexError. */
export function transpose(x: Value, perm: readonly number[]): Value {
  return applyOne(transposeOp, [x], { perm });
}

type ReverseAttrs = { readonly axes: readonly number[] };

export const reverseOp: Op<ReverseAttrs> = {
  name: "reverse",
  infer: (inputs, { axes }) => {
    const { shape, dtype } = at(inputs, 0);
    axes.forEach((axis) => normalizeAxis("reverse", axis, shape.length));
    return [{ shape, dtype }];
  },
  vjp: (node, [ct]) => [ct && reverse(ct, node.attrs.axes)],
  batch: ({ inputs, attrs }) => [reverse(at(inputs, 0), attrs.axes.map((axis) => axis + 1))],
  lower: {
    kind: "map",
    element: (b, ctx, index) => {
      const { shape } = at(ctx.inputs, 0);
      return ctx.operand(0, index.map((e, axis) => (ctx.attrs.axes.includes(axis) ? b.sub(b.index(at(shape, axis) - 1), e) : e)));
    },
  },
};

/** Elements in opposite order along each of the axes. Throws IndexError. */
export function reverse(x: Value, axes: readonly number[]): Value {
  return applyOne(reverseOp, [x], { axes });
}
