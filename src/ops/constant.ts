import type { DType } from "../core/dtype.js";
import { checkShape, normalizeAxis, type Shape } from "../core/shape.js";
import { applyOne, type Value, type Op } from "../ir/graph.js";
import { checkKind, numbers, wrapExpr, wrapNumber } from "./dtype-rules.js";
import { computeType } from "./elementwise.js";
import { at } from "./indexing.js";

type ConstantAttrs = { readonly value: number; readonly dtype: DType; readonly shape: Shape };

export const constantOp: Op<ConstantAttrs> = {
  name: "constant",
  infer: (_, { dtype, shape }) => {
    checkShape("constant", shape);
    return [{ shape, dtype }];
  },
  lower: { kind: "map", element: (b, { attrs }) => b.const(attrs.value, computeType(attrs.dtype)) },
};

/** A tensor with `value` everywhere, wrapped to the dtype. */
export function constant(value: number, dtype: DType, shape: Shape = []): Value {
  return applyOne(constantOp, [], { value: wrapNumber(value, dtype), dtype, shape });
}

/** A constant of the shape and dtype of `x`. */
export function constantLike(x: Value, value: number): Value {
  return constant(value, x.dtype, x.shape);
}

type IotaAttrs = { readonly shape: Shape; readonly axis: number; readonly dtype: DType };

export const iotaOp: Op<IotaAttrs> = {
  name: "iota",
  infer: (_, { shape, axis, dtype }) => {
    checkShape("iota", shape);
    checkKind("iota", dtype, numbers);
    normalizeAxis("iota", axis, shape.length);
    return [{ shape, dtype }];
  },
  lower: {
    kind: "map",
    element: (b, { attrs }, index) => wrapExpr(b, b.cast(at(index, attrs.axis), computeType(attrs.dtype)), attrs.dtype),
  },
};

/** The position along `axis`: 0, 1, 2, …, repeated along the other axes. Throws IndexError, DTypeError for bool. */
export function iota(shape: Shape, axis: number, dtype: DType): Value {
  return applyOne(iotaOp, [], { shape, axis, dtype });
}
