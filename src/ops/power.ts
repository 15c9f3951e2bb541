import { isFloat, byteSize } from "../core/dtype.js";
import { applyOne, type Value } from "../ir/graph.js";
import { functionsPart } from "../ir/math/functions-part.js";
import { add, div, mul, neg, sub, truncatedDivision } from "./arithmetic.js";
import { and } from "./bitwise.js";
import { eq, ge, select } from "./compare.js";
import { constantLike } from "./constant.js";
import { floats, numbers } from "./dtype-rules.js";
import { binary } from "./elementwise.js";
import { floor } from "./rounding.js";
import { log } from "./transcendental.js";

export const powOp = binary({
  name: "pow",
  kinds: numbers,
  cost: 120,
  part: functionsPart,
  element: (b, x, y, dtype) => (isFloat(dtype) ? b.pow(x, y) : b.integerPow(x, y, 8 * byteSize(dtype))),
  vjp: (ct, x, y, z) => {
    const [zero, one] = [constantLike(x, 0), constantLike(x, 1)];
    // Where y = 0 the factor y makes the product 0, whatever the power; y = 1 keeps that power finite.
    const lower = sub(select(eq(y, zero), one, y), one);
    const isZeroPower = and(eq(x, zero), ge(y, zero));
    return [mul(ct, mul(y, pow(x, lower))), mul(ct, mul(z, log(select(isZeroPower, one, x))))];
  },
});

/**
 * aᵇ. Floats follow IEEE 754: a⁰ = 1ᵇ = 1, NaN for negative a with a fractional b. Integers wrap; a negative b gives the
 * quotient 1 / a⁻ᵇ rounded toward zero. The derivative in b is 0 where a = 0 and b ≥ 0.
 */
export function pow(a: Value, b: Value): Value {
  return applyOne(powOp, [a, b], {});
}

export const modOp = binary({
  name: "mod",
  kinds: numbers,
  cost: 20,
  part: functionsPart,
  element: (b, x, y, dtype) => {
    if (isFloat(dtype)) return b.mod(x, y);
    const zero = b.const(0, y.type);
    const { remainder } = truncatedDivision(b, x, y);
    if (y.type === "uint32") return b.select(b.eq(y, zero), zero, remainder);
    const opposite = b.and(b.ne(remainder, zero), b.op("xor", b.lt(remainder, zero), b.lt(y, zero)));
    return b.select(b.eq(y, zero), zero, b.select(opposite, b.add(remainder, y), remainder));
  },
  vjp: (ct, x, y) => [ct, neg(mul(ct, floor(div(x, y))))],
});

/**
 * The remainder a − b·⌊a / b⌋, with the sign of b; for integers 0 where b is 0. Floats: 0 where
 * |a / b| reaches 2²³ (float32) or 2⁵² (float64).
 */
export function mod(a: Value, b: Value): Value {
  return applyOne(modOp, [a, b], {});
}

export const atan2Op = binary({
  name: "atan2",
  kinds: floats,
  cost: 60,
  part: functionsPart,
  element: (b, y, x) => b.atan2(y, x),
  vjp: (ct, y, x) => {
    const share = div(ct, add(mul(x, x), mul(y, y)));
    return [mul(share, x), neg(mul(share, y))];
  },
});

/** The angle of the point (x, y) in −π … π, the first argument being y. */
export function atan2(y: Value, x: Value): Value {
  return applyOne(atan2Op, [y, x], {});
}
