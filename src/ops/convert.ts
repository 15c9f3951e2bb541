import { isFloat, type DType } from "../core/dtype.js";
import { applyOne, type Value, type Op, apply } from "../ir/graph.js";
import type { ExprBuilder } from "../ir/expr-builder.js";
import type { Expr } from "../ir/loop.js";
import { integerRange, isSmallInteger, wrapExpr } from "./dtype-rules.js";
import { computeType } from "./elementwise.js";
import { at } from "./indexing.js";

type ConvertAttrs = { readonly dtype: DType };

export const convertOp: Op<ConvertAttrs> = {
  name: "convert",
  infer: (inputs, { dtype }) => [{ shape: at(inputs, 0).shape, dtype }],
  vjp: (node, [ct]) => {
    const x = at(node.inputs, 0);
    return [ct && isFloat(x.dtype) && isFloat(ct.dtype) ? convert(ct, x.dtype) : undefined];
  },
  batch: ({ inputs, attrs }) => apply(convertOp, inputs, attrs),
  lower: {
    kind: "map",
    element: (b, ctx, index) => convertExpr(b, ctx.operand(0, index), at(ctx.inputs, 0).dtype, ctx.attrs.dtype),
  },
};

/**
 * The tensor as another dtype. Floats round to nearest; float to integer truncates and saturates, NaN gives 0; integer
 * to integer wraps; to bool is "≠ 0". Returns `x` itself when it has the dtype.
 */
export function convert(x: Value, dtype: DType): Value {
  return x.dtype === dtype ? x : applyOne(convertOp, [x], { dtype });
}

function convertExpr(b: ExprBuilder, x: Expr, from: DType, to: DType): Expr {
  const type = computeType(to);
  if (to === "float16" || to === "bfloat16") {
    const value = b.cast(x, "float32");
    if (to === "float16" && from !== "float16") return roundToFloat16(b, value);
    return from === "bfloat16" ? value : roundToBfloat16(b, value);
  }
  if (!isSmallInteger(to)) return b.cast(x, type);
  if (!isFloat(from)) return wrapExpr(b, b.cast(x, type), to);
  const [low, high] = integerRange(to);
  const whole = b.cast(x, "int32");
  return b.cast(b.max(b.min(whole, b.const(high, "int32")), b.const(low, "int32")), type);
}

/** Rounds away the lowest `dropped` bits of a float32 by integer arithmetic on its bits, ties to even; NaN must be kept apart. */
function dropBits(b: ExprBuilder, x: Expr, dropped: number): Expr {
  const word = (v: number): Expr => b.const(v, "uint32");
  const pattern = b.bitcast(x, "uint32");
  const odd = b.and(b.op("shr", pattern, word(dropped)), word(1));
  const rounded = b.add(pattern, b.add(odd, word(2 ** (dropped - 1) - 1)));
  return b.bitcast(b.and(rounded, word(2 ** 32 - 2 ** dropped)), "float32");
}

function roundToBfloat16(b: ExprBuilder, x: Expr): Expr {
  return b.select(b.eq(x, x), dropBits(b, x, 16), x);
}

function roundToFloat16(b: ExprBuilder, x: Expr): Expr {
  const k = (v: number): Expr => b.const(v, "float32");
  const size = b.abs(x);
  const normal = dropBits(b, size, 13);
  // Numbers between 1/2 and 1 have float32 steps of 2^-24, which is the step of float16's subnormal numbers.
  const subnormal = b.sub(b.add(size, k(0.5)), k(0.5));
  const rounded = b.select(b.lt(size, k(2 ** -14)), subnormal, b.select(b.le(k(65520), size), k(Infinity), normal));
  const sign = b.and(b.bitcast(x, "uint32"), b.const(0x80000000, "uint32"));
  const signed = b.bitcast(b.or(b.bitcast(rounded, "uint32"), sign), "float32");
  return b.select(b.eq(x, x), signed, x);
}
