import { isFloat } from "../core/dtype.js";
import { normalizeAxis, sizeOf } from "../core/shape.js";
import { applyOne, type Value, type Op, apply } from "../ir/graph.js";
import type { Stmt } from "../ir/loop.js";
import { add, mul } from "./arithmetic.js";
import { or } from "./bitwise.js";
import { eq, ne, select } from "./compare.js";
import { constant, constantLike, iota } from "./constant.js";
import { addCompensated, type CumulativeAttrs, type CumulativeFold } from "./cumulative-sums.js";
import { checkFold } from "./fold.js";
import { at, range, unravel } from "./indexing.js";
import { reverse, transpose } from "./movement.js";
import { scatter } from "./gather.js";
import { pad } from "./slicing.js";

export type { CumulativeFold } from "./cumulative-sums.js";

export const cumulativeOp: Op<CumulativeAttrs> = {
  name: "cumulative",
  infer: (inputs, { axis, fold }) => {
    const { shape, dtype } = at(inputs, 0);
    normalizeAxis("cumulative", axis, shape.length);
    checkFold("cumulative", fold, dtype);
    return [{ shape, dtype }];
  },
  vjp: (node, [ct]) => {
    const x = at(node.inputs, 0);
    if (!ct || !isFloat(x.dtype)) return [];
    const { axis, fold, reverse: backward } = node.attrs;
    if (fold === "add") return [cumulative(ct, axis, "add", !backward)];
    if (fold === "mul") {
      const forward = (v: Value): Value => (backward ? reverse(v, [axis]) : v);
      return [forward(productVjp(forward(ct), forward(x), axis))];
    }
    return [extremumVjp(ct, x, at(node.outputs, 0), node.attrs)];
  },
  batch: ({ inputs, attrs }) => apply(cumulativeOp, inputs, { ...attrs, axis: attrs.axis + 1 }),
  lower: {
    kind: "loops",
    build: (b, ctx) => {
      const { shape, dtype } = at(ctx.inputs, 0);
      const { axis, fold } = ctx.attrs;
      const outer = shape.map((d, i) => (i === axis ? 1 : d));
      const length = at(shape, axis);
      return {
        items: length === 0 ? 0 : sizeOf(outer),
        body: (item) => {
          const row = unravel(b, item, outer);
          const step = b.counter("i", length);
          const place = row.map((e, a) => {
            if (a !== axis) return e;
            return ctx.attrs.reverse ? b.sub(b.index(length - 1), b.ref(step)) : b.ref(step);
          });
          const first = row.map((e, a) => (a === axis ? b.index(ctx.attrs.reverse ? length - 1 : 0) : e));
          const value = ctx.operand(0, place);
          const total = b.variable("total", value.type);
          const compensated = fold === "add" && isFloat(dtype);
          const loop = (body: Stmt[], begin: number): Stmt => ({
            kind: "for",
            variable: step,
            begin: b.index(begin),
            end: b.index(length),
            step: 1,
            body,
            vectorize: false,
          });
          if (!compensated) {
            return [
              { kind: "mutable", variable: total, value: ctx.operand(0, first) },
              ctx.store(0, first, b.ref(total)),
              loop([{ kind: "assign", variable: total, value: b.op(fold, b.ref(total), value) }, ctx.store(0, place, b.ref(total))], 1),
            ];
          }
          const loss = b.variable("loss", value.type);
          const zero = b.const(0, value.type);
          return [
            { kind: "mutable", variable: total, value: zero },
            { kind: "mutable", variable: loss, value: zero },
            loop([...addCompensated(b, total, loss, value), ctx.store(0, place, b.ref(total))], 0),
          ];
        },
      };
    },
  },
};

/** The values of `x` moved along `axis` by `by` places toward its start (negative: toward its end), `fill` moving in. */
function shift(x: Value, axis: number, by: number, fill: number): Value {
  const only = (amount: number): number[] => x.shape.map((_, a) => (a === axis ? amount : 0));
  return pad(x, constant(fill, x.dtype), only(-by), only(by), only(0));
}

/** The product of all others before each element along the axis. */
export function productBefore(x: Value, axis: number): Value {
  return cumulative(shift(x, axis, -1, 1), axis, "mul");
}

/**
 * For yᵢ = Π_{k≤i} x_k the gradient is Π_{k<j} x_k · s_j with s_j = ct_j + x_{j+1}·s_{j+1}, correct with any number of
 * zeros. The recurrence is solved by doubling: log₂ n steps over whole tensors.
 */
function productVjp(ct: Value, x: Value, axis: number): Value {
  let sums = ct;
  let factors = shift(x, axis, 1, 0);
  for (let by = 1; by < at(x.shape, axis); by *= 2) {
    sums = add(sums, mul(factors, shift(sums, axis, by, 0)));
    factors = mul(factors, shift(factors, axis, by, 0));
  }
  return mul(productBefore(x, axis), sums);
}

/** The gradient goes to the element that set the running minimum or maximum, of equal ones the latest. */
function extremumVjp(ct: Value, x: Value, y: Value, { axis, reverse: backward }: CumulativeAttrs): Value {
  const positions = iota(x.shape, axis, "int32");
  const isSet = or(eq(x, y), ne(x, x));
  const none = constantLike(positions, backward ? at(x.shape, axis) - 1 : 0);
  const source = cumulative(select(isSet, positions, none), axis, backward ? "min" : "max", backward);
  return scatterAlong(constantLike(x, 0), axis, source, ct);
}

/** Adds `updates` to x at `indices` along `axis`; the shapes agree but for that axis of x. */
export function scatterAlong(x: Value, axis: number, indices: Value, updates: Value): Value {
  const rank = x.shape.length;
  const last = range(rank).filter((a) => a !== axis).concat(axis);
  const back = range(rank).map((a) => last.indexOf(a));
  const moved = scatter(transpose(x, last), transpose(indices, last), transpose(updates, last), { batch: rank - 1, mode: "add" });
  return transpose(moved, back);
}

/** Running sums, products, minima or maxima along an axis, from its end if `backward`. Throws IndexError, DTypeError. */
export function cumulative(x: Value, axis: number, fold: CumulativeFold, backward = false): Value {
  return applyOne(cumulativeOp, [x], { axis, fold, reverse: backward });
}
