import { normalizeAxis, sizeOf } from "../core/shape.js";
import { ShapeError } from "../core/errors.js";
import { applyOne, type Value, type Op, apply } from "../ir/graph.js";
import type { ExprBuilder } from "../ir/expr-builder.js";
import type { Expr, FoldOp } from "../ir/loop.js";
import { div, mul } from "./arithmetic.js";
import { broadcastBack, reduceAddOp, reduction, sum, type ReduceAttrs } from "./broadcast.js";
import { eq, select } from "./compare.js";
import { constantLike } from "./constant.js";
import { convert } from "./convert.js";
import { productBefore } from "./cumulative.js";
import { checkKind, numbers } from "./dtype-rules.js";
import { at, range, unravel } from "./indexing.js";
import { reshape, reverse, transpose } from "./movement.js";

export const reduceMulOp = reduction("mul", (ct, x, _, axes) => {
  // The product of the others is taken from both sides, not by division: x may hold zeros.
  const kept = range(x.shape.length).filter((axis) => !axes.includes(axis));
  const order = [...kept, ...axes];
  const moved = transpose(x, order);
  const last = kept.length;
  const flat = reshape(moved, [...moved.shape.slice(0, last), sizeOf(moved.shape.slice(last))]);
  const after = reverse(productBefore(reverse(flat, [last]), last), [last]);
  const others = reshape(mul(productBefore(flat, last), after), moved.shape);
  return mul(broadcastBack(ct, x.shape, axes), transpose(others, order.map((_v, axis) => order.indexOf(axis))));
});

function extremumVjp(ct: Value, x: Value, y: Value, axes: readonly number[]): Value {
  const isExtreme = eq(x, broadcastBack(y, x.shape, axes));
  const ties = sum(convert(isExtreme, ct.dtype), axes);
  return select(isExtreme, broadcastBack(div(ct, ties), x.shape, axes), constantLike(x, 0));
}

export const reduceMinOp = reduction("min", extremumVjp);
export const reduceMaxOp = reduction("max", extremumVjp);
export const reduceAndOp = reduction("and");
export const reduceOrOp = reduction("or");

const reductions: Readonly<Record<FoldOp, Op<ReduceAttrs>>> = {
  add: reduceAddOp,
  mul: reduceMulOp,
  min: reduceMinOp,
  max: reduceMaxOp,
  and: reduceAndOp,
  or: reduceOrOp,
};

/**
 * Folds the elements along `axes` into one and removes these axes. Minimum and maximum of NaN are NaN, their gradient is
 * shared evenly among ties. Throws ShapeError for the minimum or maximum of nothing, DTypeError for sums and products of
 * 8-bit integers and for and/or of anything but bool.
 */
export function reduce(x: Value, axes: readonly number[], fold: FoldOp): Value {
  return applyOne(reductions[fold], [x], { axes: [...axes].sort((a, b) => a - b) });
}

type ArgReduceAttrs = { readonly axis: number; readonly fold: "min" | "max" };

/** Whether `value` takes the place of `best`: it is more extreme, or the first NaN. */
export function replaces(b: ExprBuilder, fold: "min" | "max", value: Expr, best: Expr): Expr {
  const beyond = fold === "min" ? b.lt(value, best) : b.lt(best, value);
  if (value.type !== "float32" && value.type !== "float64") return beyond;
  return b.or(beyond, b.and(b.ne(value, value), b.eq(best, best)));
}

export const argReduceOp: Op<ArgReduceAttrs> = {
  name: "arg-reduce",
  infer: (inputs, { axis, fold }) => {
    const { shape, dtype } = at(inputs, 0);
    checkKind("arg-reduce", dtype, numbers);
    normalizeAxis("arg-reduce", axis, shape.length);
    if (shape[axis] === 0) throw new ShapeError(`[arg-reduce] axis ${axis} of [${shape.join(", ")}] has no element: the position of the ${fold} of nothing is undefined`);
    return [{ shape: shape.filter((_, i) => i !== axis), dtype: "int32" }];
  },
  batch: ({ inputs, attrs }) => apply(argReduceOp, inputs, { ...attrs, axis: attrs.axis + 1 }),
  lower: {
    kind: "loops",
    build: (b, ctx) => {
      const { axis, fold } = ctx.attrs;
      const { shape } = at(ctx.outputs, 0);
      const length = at(at(ctx.inputs, 0).shape, axis);
      return {
        items: sizeOf(shape),
        body: (item) => {
          const row = unravel(b, item, shape);
          const element = (i: Expr): Expr => ctx.operand(0, [...row.slice(0, axis), i, ...row.slice(axis)]);
          const step = b.counter("i", length);
          const first = element(b.index(0));
          const [best, value] = [b.variable("best", first.type), b.variable("value", first.type)];
          const [place, better] = [b.variable("place", "int32"), b.variable("better", "bool")];
          return [
            { kind: "mutable", variable: best, value: first },
            { kind: "mutable", variable: place, value: b.const(0, "int32") },
            {
              kind: "for",
              variable: step,
              begin: b.index(1),
              end: b.index(length),
              step: 1,
              body: [
                { kind: "let", variable: value, value: element(b.ref(step)) },
                { kind: "let", variable: better, value: replaces(b, fold, b.ref(value), b.ref(best)) },
                { kind: "assign", variable: place, value: b.select(b.ref(better), b.cast(b.ref(step), "int32"), b.ref(place)) },
                { kind: "assign", variable: best, value: b.select(b.ref(better), b.ref(value), b.ref(best)) },
              ],
              vectorize: false,
            },
            ctx.store(0, row, b.ref(place)),
          ];
        },
      };
    },
  },
};

/** The int32 position of the minimum or maximum along an axis, of equal ones the first; the first NaN if there is one. Throws ShapeError when there is nothing. */
export function argReduce(x: Value, axis: number, fold: "min" | "max"): Value {
  return applyOne(argReduceOp, [x], { axis, fold });
}
