import { applyOne, type Value, type Op } from "../ir/graph.js";
import type { ExprBuilder } from "../ir/expr-builder.js";
import type { Expr } from "../ir/loop.js";
import { mul } from "./arithmetic.js";
import { numbers } from "./dtype-rules.js";
import { computeType, unary, type NoAttrs } from "./elementwise.js";

/** A step function of floats that leaves integers as they are; its derivative is 0. */
function step(name: string, element: (b: ExprBuilder, x: Expr) => Expr): Op<NoAttrs> {
  return unary({
    name,
    kinds: numbers,
    element: (b, x) => (x.type === "float32" || x.type === "float64" ? element(b, x) : x),
  });
}

export const floorOp = step("floor", (b, x) => b.op("floor", x));
export const ceilOp = step("ceil", (b, x) => b.op("ceil", x));
export const truncOp = step("trunc", (b, x) => b.op("trunc", x));
export const roundOp = step("round", roundExpr);

/** The largest whole number ≤ x. */
export function floor(x: Value): Value {
  return applyOne(floorOp, [x], {});
}

/** The smallest whole number ≥ x. */
export function ceil(x: Value): Value {
  return applyOne(ceilOp, [x], {});
}

/** x without its fraction. */
export function trunc(x: Value): Value {
  return applyOne(truncOp, [x], {});
}

/** The nearest whole number, of two equally near ones the even one. */
export function round(x: Value): Value {
  return applyOne(roundOp, [x], {});
}

function roundExpr(b: ExprBuilder, x: Expr): Expr {
  const k = (v: number): Expr => b.const(v, x.type);
  // From here on floats are whole numbers, so that adding it rounds.
  const whole = k(x.type === "float32" ? 2 ** 23 : 2 ** 52);
  const size = b.abs(x);
  const rounded = b.sub(b.add(size, whole), whole);
  const hasFraction = b.and(b.lt(size, whole), b.lt(k(0), size));
  return b.select(hasFraction, b.select(b.lt(x, k(0)), b.neg(rounded), rounded), x);
}

export const signOp = unary({
  name: "sign",
  kinds: numbers,
  element: (b, x, dtype) => {
    const k = (v: number): Expr => b.const(v, computeType(dtype));
    const negative = x.type === "uint32" ? x : b.select(b.lt(x, k(0)), k(-1), x);
    return b.select(b.lt(k(0), x), k(1), negative);
  },
});

/** −1, 0 or 1; NaN stays NaN. The derivative is 0. */
export function sign(x: Value): Value {
  return applyOne(signOp, [x], {});
}

export const absOp = unary({
  name: "abs",
  kinds: numbers,
  element: (b, x) => {
    if (x.type === "uint32") return x;
    if (x.type === "int32") return b.select(b.lt(x, b.const(0, "int32")), b.neg(x), x);
    return b.abs(x);
  },
  vjp: (ct, x) => mul(ct, sign(x)),
});

/** |x|; its derivative at 0 is 0. */
export function abs(x: Value): Value {
  return applyOne(absOp, [x], {});
}
