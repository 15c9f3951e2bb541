import { ShapeError } from "../core/errors.js";
import { formatShape, sizeOf, stridesOf, type Shape } from "../core/shape.js";
import type { ExprBuilder } from "../ir/expr-builder.js";
import { applyOne, type TensorType, type Value, type Op, type Operand } from "../ir/graph.js";
import type { Expr } from "../ir/loop.js";
import { constant, constantLike, iota } from "./constant.js";
import { checkIndices, checkSameDType } from "./dtype-rules.js";
import type { NoAttrs } from "./elementwise.js";
import { at, clampIndex, isInside } from "./indexing.js";
import { gather, scatter } from "./gather.js";
import { reshape } from "./movement.js";
import { add, max, min, mul } from "./arithmetic.js";
import { broadcast } from "./broadcast.js";

function checkStarts(op: string, x: TensorType, starts: readonly TensorType[]): void {
  if (starts.length !== x.shape.length || starts.some((s) => s.shape.length > 0)) {
    throw new ShapeError(`[${op}] needs one scalar start for each of the ${x.shape.length} axes of ${formatShape(x.shape)}`);
  }
  for (const start of starts) checkIndices(op, "starts", start.dtype);
}

function checkSizes(op: string, shape: Shape, sizes: Shape): void {
  const fits = sizes.length === shape.length && sizes.every((size, i) => Number.isInteger(size) && size >= 0 && size <= at(shape, i));
  if (!fits) throw new ShapeError(`[${op}] a window of ${formatShape(sizes)} does not fit into ${formatShape(shape)}`);
}

/** Starts moved so that the window lies inside; the first one is input number `first`. */
function startExprs(b: ExprBuilder, operand: Operand, first: number, shape: Shape, sizes: Shape): Expr[] {
  return shape.map((d, i) => clampIndex(b, b.cast(operand(first + i, []), "index"), d - at(sizes, i)));
}

/** Row-major positions in a tensor of the elements of one window for each example: [examples, elements]. `starts` are [examples]. */
function windowPlaces(starts: readonly Value[], shape: Shape, sizes: Shape): Value {
  const strides = stridesOf(shape);
  const examples = at(starts, 0).shape;
  const all = [...examples, ...sizes];
  const places = starts.reduce((sum, start, axis) => {
    const clamped = max(min(start, constant(at(shape, axis) - at(sizes, axis), "int32", examples)), constant(0, "int32", examples));
    const along = add(broadcast(clamped, all, [0]), iota(all, axis + 1, "int32"));
    return add(sum, mul(along, constantLike(along, at(strides, axis))));
  }, constant(0, "int32", all));
  return reshape(places, [...examples, sizeOf(sizes)]);
}

type DynamicSliceAttrs = { readonly sizes: Shape };

export const dynamicSliceOp: Op<DynamicSliceAttrs> = {
  name: "dynamic-slice",
  infer: ([x, ...starts], { sizes }) => {
    if (!x) throw new ShapeError("[dynamic-slice] needs a tensor");
    checkStarts("dynamic-slice", x, starts);
    checkSizes("dynamic-slice", x.shape, sizes);
    return [{ shape: sizes, dtype: x.dtype }];
  },
  vjp: (node, [ct]) => {
    const [x, ...starts] = node.inputs;
    return ct && x ? [dynamicUpdateSlice(constantLike(x, 0), ct, starts)] : [];
  },
  batch: ({ inputs, isBatched, size, attrs: { sizes }, all }) => {
    const [x, ...starts] = inputs;
    if (!x) return [];
    if (!isBatched.includes(true, 1)) return [dynamicSlice(x, [constant(0, "int32"), ...starts], [size, ...sizes])];
    const shape = at(isBatched, 0) ? x.shape.slice(1) : x.shape;
    const places = windowPlaces(starts.map((_, k) => all(k + 1)), shape, sizes);
    const flat = at(isBatched, 0) ? reshape(x, [size, sizeOf(shape)]) : reshape(x, [sizeOf(shape)]);
    return [reshape(gather(flat, places, { batch: flat.shape.length - 1 }), [size, ...sizes])];
  },
  lower: {
    kind: "map",
    element: (b, ctx, index) => {
      const starts = startExprs(b, ctx.operand, 1, at(ctx.inputs, 0).shape, ctx.attrs.sizes);
      return ctx.operand(0, index.map((e, i) => b.add(e, at(starts, i))));
    },
  },
};

/** The window of `sizes` at int32 scalar `starts`, which are moved so that it lies inside x. Throws ShapeError, DTypeError. */
export function dynamicSlice(x: Value, starts: readonly Value[], sizes: Shape): Value {
  return applyOne(dynamicSliceOp, [x, ...starts], { sizes });
}

export const dynamicUpdateSliceOp: Op<NoAttrs> = {
  name: "dynamic-update-slice",
  infer: ([x, update, ...starts]) => {
    if (!x || !update) throw new ShapeError("[dynamic-update-slice] needs a tensor and an update");
    checkSameDType("dynamic-update-slice", x.dtype, update.dtype);
    checkStarts("dynamic-update-slice", x, starts);
    checkSizes("dynamic-update-slice", x.shape, update.shape);
    return [{ shape: x.shape, dtype: x.dtype }];
  },
  vjp: (node, [ct]) => {
    const [, update, ...starts] = node.inputs;
    if (!ct || !update) return [];
    const hidden = dynamicUpdateSlice(ct, constant(0, ct.dtype, update.shape), starts);
    return [hidden, dynamicSlice(ct, starts, update.shape)];
  },
  batch: ({ inputs, isBatched, size, all }) => {
    const [x, update, starts] = [all(0), all(1), inputs.slice(2)];
    if (!isBatched.includes(true, 2)) return [dynamicUpdateSlice(x, update, [constant(0, "int32"), ...starts])];
    const places = windowPlaces(starts.map((_, k) => all(k + 2)), x.shape.slice(1), update.shape.slice(1));
    const flat = (v: Value): Value => reshape(v, [size, sizeOf(v.shape.slice(1))]);
    return [reshape(scatter(flat(x), places, flat(update), { batch: 1, mode: "set" }), x.shape)];
  },
  lower: {
    kind: "map",
    element: (b, ctx, index) => {
      const sizes = at(ctx.inputs, 1).shape;
      const starts = startExprs(b, ctx.operand, 2, at(ctx.inputs, 0).shape, sizes);
      const within = index.map((e, i) => b.sub(e, at(starts, i)));
      const inside = within.reduce((all, e, i) => b.and(all, isInside(b, e, at(sizes, i))), b.const(1, "bool"));
      return b.guard(inside, ctx.operand(1, within), ctx.operand(0, index));
    },
  },
};

/** x with a window replaced by `update`, at starts that are moved so that it lies inside. Throws ShapeError, DTypeError. */
export function dynamicUpdateSlice(x: Value, update: Value, starts: readonly Value[]): Value {
  return applyOne(dynamicUpdateSliceOp, [x, update, ...starts], {});
}
