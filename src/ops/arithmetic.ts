import { isFloat } from "../core/dtype.js";
import { applyOne, type Value } from "../ir/graph.js";
import type { ExprBuilder } from "../ir/expr-builder.js";
import type { Expr } from "../ir/loop.js";
import { constantLike } from "./constant.js";
import { eq, lt, select } from "./compare.js";
import { numbers } from "./dtype-rules.js";
import { binary, unary } from "./elementwise.js";

export const addOp = binary({
  name: "add",
  kinds: numbers,
  element: (b, x, y) => b.add(x, y),
  vjp: (ct) => [ct, ct],
});

/** a + b, for equal shapes and dtypes. */
export function add(a: Value, b: Value): Value {
  return applyOne(addOp, [a, b], {});
}

export const subOp = binary({
  name: "sub",
  kinds: numbers,
  element: (b, x, y) => b.sub(x, y),
  vjp: (ct) => [ct, neg(ct)],
});

/** a − b, for equal shapes and dtypes. */
export function sub(a: Value, b: Value): Value {
  return applyOne(subOp, [a, b], {});
}

export const negOp = unary({
  name: "neg",
  kinds: numbers,
  element: (b, x) => b.neg(x),
  vjp: (ct) => neg(ct),
});

/** −x. */
export function neg(x: Value): Value {
  return applyOne(negOp, [x], {});
}

export const mulOp = binary({
  name: "mul",
  kinds: numbers,
  element: (b, x, y) => b.mul(x, y),
  vjp: (ct, x, y) => [mul(ct, y), mul(ct, x)],
});

/** a · b, for equal shapes and dtypes. */
export function mul(a: Value, b: Value): Value {
  return applyOne(mulOp, [a, b], {});
}

/**
 * Quotient toward zero and remainder with the dividend's sign; for divisors of 0 (and −1, whose quotient may overflow)
 * those of a division by 1, which the caller replaces.
 */
export function truncatedDivision(b: ExprBuilder, x: Expr, y: Expr): { quotient: Expr; remainder: Expr } {
  const k = (v: number): Expr => b.const(v, y.type);
  const signed = y.type === "int32";
  const unsafe = signed ? b.or(b.eq(y, k(0)), b.eq(y, k(-1))) : b.eq(y, k(0));
  const divisor = b.select(unsafe, k(1), y);
  return { quotient: b.div(x, divisor), remainder: b.rem(x, divisor) };
}

function floorDivision(b: ExprBuilder, x: Expr, y: Expr): Expr {
  const k = (v: number): Expr => b.const(v, y.type);
  const { quotient, remainder } = truncatedDivision(b, x, y);
  if (y.type === "uint32") return b.select(b.eq(y, k(0)), k(0), quotient);
  const down = b.and(b.ne(remainder, k(0)), b.op("xor", b.lt(remainder, k(0)), b.lt(y, k(0))));
  const floor = b.sub(quotient, b.cast(down, "int32"));
  return b.select(b.eq(y, k(0)), k(0), b.select(b.eq(y, k(-1)), b.neg(x), floor));
}

export const divOp = binary({
  name: "div",
  kinds: numbers,
  element: (b, x, y, dtype) => (isFloat(dtype) ? b.div(x, y) : floorDivision(b, x, y)),
  vjp: (ct, _, y, z) => {
    const dx = div(ct, y);
    return [dx, neg(mul(dx, z))];
  },
});

/** a / b; for integers the floor of the quotient, 0 where b is 0. */
export function div(a: Value, b: Value): Value {
  return applyOne(divOp, [a, b], {});
}

function extremum(name: "min" | "max"): ReturnType<typeof binary> {
  return binary({
    name,
    kinds: numbers,
    element: (b, x, y) => b.op(name, x, y),
    vjp: (ct, x, y) => {
      const first = name === "min" ? lt(x, y) : lt(y, x);
      const half = select(eq(x, y), constantLike(ct, 0.5), constantLike(ct, 0));
      const share = select(first, constantLike(ct, 1), half);
      const other = select(name === "min" ? lt(y, x) : lt(x, y), constantLike(ct, 1), half);
      return [mul(ct, share), mul(ct, other)];
    },
  });
}

export const minOp = extremum("min");
export const maxOp = extremum("max");

/** The smaller of a and b; NaN if either is NaN. At ties each gets half of the gradient. */
export function min(a: Value, b: Value): Value {
  return applyOne(minOp, [a, b], {});
}

/** The larger of a and b; NaN if either is NaN. At ties each gets half of the gradient. */
export function max(a: Value, b: Value): Value {
  return applyOne(maxOp, [a, b], {});
}
