import { applyOne, type Value } from "../ir/graph.js";
import type { ExprBuilder } from "../ir/expr-builder.js";
import type { Expr } from "../ir/loop.js";
import { bits } from "./dtype-rules.js";
import { binary, unary } from "./elementwise.js";

export const notOp = unary({
  name: "not",
  kinds: bits,
  element: (b, x) => b.not(x),
});

/** Logical not of bools, all bits inverted of integers. */
export function not(x: Value): Value {
  return applyOne(notOp, [x], {});
}

export const andOp = binary({ name: "and", kinds: bits, element: (b, x, y) => b.and(x, y) });
export const orOp = binary({ name: "or", kinds: bits, element: (b, x, y) => b.or(x, y) });
export const xorOp = binary({ name: "xor", kinds: bits, element: (b, x, y) => b.op("xor", x, y) });

/** Logical and of bools, bitwise of integers. */
export function and(a: Value, b: Value): Value {
  return applyOne(andOp, [a, b], {});
}

/** Logical or of bools, bitwise of integers. */
export function or(a: Value, b: Value): Value {
  return applyOne(orOp, [a, b], {});
}

/** Logical exclusive or of bools, bitwise of integers. */
export function xor(a: Value, b: Value): Value {
  return applyOne(xorOp, [a, b], {});
}

/** True where a shift amount is not 0 to 31. */
function isBeyond(b: ExprBuilder, amount: Expr): Expr {
  const tooFar = b.lt(b.const(31, amount.type), amount);
  return amount.type === "int32" ? b.or(tooFar, b.lt(amount, b.const(0, amount.type))) : tooFar;
}

export const shlOp = binary({
  name: "shl",
  kinds: ["int", "uint"],
  element: (b, x, y) => {
    const [beyond, zero] = [isBeyond(b, y), b.const(0, x.type)];
    return b.select(beyond, zero, b.op("shl", x, b.select(beyond, zero, y)));
  },
});

/** x · 2ⁿ, keeping the low bits; 0 where n is negative or all bits are shifted out. */
export function shl(x: Value, n: Value): Value {
  return applyOne(shlOp, [x, n], {});
}

export const shrOp = binary({
  name: "shr",
  kinds: ["int", "uint"],
  element: (b, x, y) => {
    const beyond = isBeyond(b, y);
    if (x.type === "int32") return b.op("shr", x, b.select(beyond, b.const(31, "int32"), y));
    const zero = b.const(0, x.type);
    return b.select(beyond, zero, b.op("shr", x, b.select(beyond, zero, y)));
  },
});

/** ⌊x / 2ⁿ⌋; 0, or −1 for negative x, where n is negative or all bits are shifted out. */
export function shr(x: Value, n: Value): Value {
  return applyOne(shrOp, [x, n], {});
}
