import type { ComputeType, FoldOp } from "../../ir/loop.js";
import type { ScalarOp } from "../../ir/scalar.js";
import { absFunction, compare, extremeFunction, fmaFunction, remainderFunction, roundFunction, selectFunction, type Comparison, type FloatType } from "./c-arithmetic.js";
import type { Prelude } from "./c-prelude.js";

/** Spells `op(a, b, c)` on operands of `type` (of `select`: the type of a and b), all with the same lanes. */
type Spelling = (p: Prelude, type: ComputeType, lanes: number, a: string, b: string, c: string) => string;

const infix =
  (sign: string): Spelling =>
  (_p, _type, _lanes, a, b) =>
    `(${a} ${sign} ${b})`;

const round =
  (op: "floor" | "ceil" | "trunc"): Spelling =>
  (p, type, lanes, a) =>
    isFloat(type) ? `${roundFunction(p, op, type, lanes)}(${a})` : a;

const extreme =
  (op: "min" | "max"): Spelling =>
  (p, type, lanes, a, b) =>
    type === "bool" ? `(${a} ${op === "min" ? "&" : "|"} ${b})` : `${extremeFunction(p, op, type, lanes)}(${a}, ${b})`;

const comparison =
  (op: Comparison): Spelling =>
  (p, type, lanes, a, b) =>
    compare(p, op, type, lanes, a, b);

/** How each scalar operation is spelled in C. */
export const scalarSpellings: Readonly<Record<ScalarOp, Spelling>> = {
  neg: (_p, _type, _lanes, a) => `(-${a})`,
  abs: (p, type, lanes, a) => (type === "uint32" ? a : `${absFunction(p, type, lanes)}(${a})`),
  floor: round("floor"),
  ceil: round("ceil"),
  trunc: round("trunc"),
  sqrt: (p, type, lanes, a) => `${roundFunction(p, "sqrt", type === "float64" ? type : "float32", lanes)}(${a})`,
  not: (_p, type, lanes, a) => (type === "bool" && lanes === 1 ? `(!${a})` : `(~${a})`),
  add: infix("+"),
  sub: infix("-"),
  mul: infix("*"),
  div: infix("/"),
  rem: (p, type, lanes, a, b) => (isFloat(type) ? `${remainderFunction(p, type, lanes)}(${a}, ${b})` : `(${a} % ${b})`),
  min: extreme("min"),
  max: extreme("max"),
  and: infix("&"),
  or: infix("|"),
  xor: infix("^"),
  shl: infix("<<"),
  shr: infix(">>"),
  lt: comparison("lt"),
  le: comparison("le"),
  eq: comparison("eq"),
  ne: comparison("ne"),
  select: (p, type, lanes, a, b, c) => (lanes === 1 ? `(${a} ? ${b} : ${c})` : `${selectFunction(p, type, lanes)}(${a}, ${b}, ${c})`),
  fma: (p, type, lanes, a, b, c) => (isFloat(type) ? `${fmaFunction(p, type, lanes)}(${a}, ${b}, ${c})` : `(${a} * ${b} + ${c})`),
};

function isFloat(type: ComputeType): type is FloatType {
  return type === "float32" || type === "float64";
}

/** Name of a function that folds the lanes of a vector by halves: lane i with lane i + lanes/2. */
export function foldFunction(p: Prelude, op: FoldOp, type: ComputeType, lanes: number): string {
  const v = p.type(type, lanes);
  const half = lanes / 2;
  const parts = half === 1 ? ["a[0]", "a[1]"] : ["u.h[0]", "u.h[1]"];
  const folded = scalarSpellings[op](p, type, half, parts[0] ?? "", parts[1] ?? "", "");
  const scalar = p.type(type, 1);
  const name = `fold_${op}_${type === "bool" ? "bool_" : ""}${v}`;
  // The lanes of a bool vector are masks; as a scalar it is 1 or 0.
  if (half === 1) return p.function(scalar, name, `${v} a`, [type === "bool" ? `return ${folded} & 1;` : `return ${folded};`]);
  const rest = foldFunction(p, op, type, half);
  return p.function(scalar, name, `${v} a`, [`union { ${v} a; ${p.type(type, half)} h[2]; } u = {a};`, `return ${rest}(${folded});`]);
}
