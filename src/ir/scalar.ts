/**
 * The closed set of scalar operations. Everything that a kernel computes is written in these, and a backend is one
 * exhaustive row: how each of them is spelled there. Transcendental functions are not in it: they are expanded once,
 * in loop IR, so that every backend gives the same numbers.
 */
export type UnaryScalarOp = "neg" | "abs" | "floor" | "ceil" | "trunc" | "sqrt" | "not";
export type BinaryScalarOp =
  | "add"
  | "sub"
  | "mul"
  | "div"
  | "rem"
  | "min"
  | "max"
  | "and"
  | "or"
  | "xor"
  | "shl"
  | "shr"
  | "lt"
  | "le"
  | "eq"
  | "ne";
export type TernaryScalarOp = "select" | "fma";
export type ScalarOp = UnaryScalarOp | BinaryScalarOp | TernaryScalarOp;

/**
 * Exact meaning, the same on every backend:
 * - `min` `max` on floats: NaN if either is NaN.
 * - `div` `rem` on integers truncate toward zero; the divisor is never 0 and the quotient never overflows (lowerings guard it).
 * - `add` `sub` `mul` `neg` on integers wrap. `shl` `shr` take amounts of 0 to 31; `shr` keeps the sign on int32 and index.
 * - `not` `and` `or` `xor`: bitwise on integers, logical on bool.
 * - `lt` `le` `eq` `ne` give bool; with NaN only `ne` is true.
 * - `select(condition, a, b)`: both sides may be computed.
 * - `fma(a, b, c)` = a·b + c with one rounding or two, whichever the target does fast. Only contractions use it.
 */
export const scalarArity: Readonly<Record<ScalarOp, 1 | 2 | 3>> = {
  neg: 1,
  abs: 1,
  floor: 1,
  ceil: 1,
  trunc: 1,
  sqrt: 1,
  not: 1,
  add: 2,
  sub: 2,
  mul: 2,
  div: 2,
  rem: 2,
  min: 2,
  max: 2,
  and: 2,
  or: 2,
  xor: 2,
  shl: 2,
  shr: 2,
  lt: 2,
  le: 2,
  eq: 2,
  ne: 2,
  select: 3,
  fma: 3,
};

export function isComparison(op: ScalarOp): boolean {
  return op === "lt" || op === "le" || op === "eq" || op === "ne";
}
