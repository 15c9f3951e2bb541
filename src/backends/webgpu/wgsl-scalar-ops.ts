import type { ComputeType, FoldOp } from "../../ir/loop.js";
import type { ScalarOp } from "../../ir/scalar.js";
import {
  absFunction, compareFunction, divideFunction, extremeFunction, kept, negateFunction, remainderFunction, rootFunction, roundFunction, selectFunction, type Comparison,
} from "./wgsl-arithmetic.js";
import { laneOf, type Prelude, splatted, suffix, vectorType, wgslType } from "./wgsl-prelude.js";

/** Spells `op(a, b, c)` on operands of `type` (of `select`: the type of a and b), all with the same lanes. */
type Spelling = (p: Prelude, type: ComputeType, lanes: number, a: string, b: string, c: string) => string;

const infix =
  (sign: string): Spelling =>
  (_p, _type, _lanes, a, b) =>
    `(${a} ${sign} ${b})`;

const round =
  (op: "floor" | "ceil" | "trunc"): Spelling =>
  (p, type, lanes, a) =>
    type === "float32" ? `${roundFunction(p, op, lanes)}(${a})` : a;

const extreme =
  (op: "min" | "max"): Spelling =>
  (p, type, lanes, a, b) => {
    if (type === "bool") return `(${a} ${op === "min" ? "&" : "|"} ${b})`;
    return type === "float32" ? `${extremeFunction(p, op, lanes)}(${a}, ${b})` : `${op}(${a}, ${b})`;
  };

const boolComparisons: Readonly<Record<Comparison, (a: string, b: string) => string>> = {
  lt: (a, b) => `(!${a} & ${b})`,
  le: (a, b) => `(!${a} | ${b})`,
  eq: (a, b) => `(${a} == ${b})`,
  ne: (a, b) => `(${a} != ${b})`,
};

const comparison =
  (op: Comparison, sign: string): Spelling =>
  (p, type, lanes, a, b) => {
    if (type === "bool") return boolComparisons[op](a, b);
    return type === "float32" ? `${compareFunction(p, op, lanes)}(${a}, ${b})` : `(${a} ${sign} ${b})`;
  };

const shift =
  (sign: "<<" | ">>"): Spelling =>
  (_p, _type, lanes, a, b) =>
    `(${a} ${sign} ${vectorType("u32", lanes)}(${b}))`;

/** How each scalar operation is spelled in WGSL. */
export const scalarSpellings: Readonly<Record<ScalarOp, Spelling>> = {
  neg: (p, type, lanes, a) => {
    if (type === "float32") return `${negateFunction(p, lanes)}(${a})`;
    return type === "uint32" ? `(${splatted("u32", lanes, "0u")} - ${a})` : `(-${a})`;
  },
  abs: (p, type, lanes, a) => {
    if (type === "float32") return `${absFunction(p, lanes)}(${a})`;
    return type === "uint32" ? a : `abs(${a})`;
  },
  floor: round("floor"),
  ceil: round("ceil"),
  trunc: round("trunc"),
  sqrt: (p, _type, lanes, a) => `${rootFunction(p, lanes)}(${a})`,
  not: (_p, type, _lanes, a) => (type === "bool" ? `(!${a})` : `(~${a})`),
  add: infix("+"),
  sub: infix("-"),
  mul: infix("*"),
  div: (p, type, lanes, a, b) => (type === "float32" ? `${divideFunction(p, lanes)}(${a}, ${b})` : `(${a} / ${b})`),
  rem: (p, type, lanes, a, b) => (type === "float32" ? `${remainderFunction(p, lanes)}(${a}, ${b})` : `(${a} % ${b})`),
  min: extreme("min"),
  max: extreme("max"),
  and: infix("&"),
  or: infix("|"),
  xor: (_p, type, _lanes, a, b) => (type === "bool" ? `(${a} != ${b})` : `(${a} ^ ${b})`),
  shl: shift("<<"),
  shr: shift(">>"),
  lt: comparison("lt", "<"),
  le: comparison("le", "<="),
  eq: comparison("eq", "=="),
  ne: comparison("ne", "!="),
  select: (p, type, lanes, a, b, c) => (type === "float32" ? `${selectFunction(p, lanes)}(${a}, ${b}, ${c})` : `select(${c}, ${b}, ${a})`),
  fma: (_p, type, _lanes, a, b, c) => (type === "float32" ? `fma(${a}, ${b}, ${c})` : `(${a} * ${b} + ${c})`),
};

/** Name of a function that folds the lanes of a vector by halves: lane i with lane i + lanes/2. */
export function foldFunction(p: Prelude, op: FoldOp, type: ComputeType, lanes: number): string {
  const half = lanes / 2;
  const parts = half === 1 ? [laneOf("a", lanes, 0), laneOf("a", lanes, 1)] : ["a.xy", "a.zw"];
  const folded = scalarSpellings[op](p, type, half, parts[0] ?? "", parts[1] ?? "", "");
  const rest = half === 1 ? folded : `${foldFunction(p, op, type, half)}(${type === "float32" ? kept(p, half, folded) : folded})`;
  return p.function(`fold_${op}_${type}${suffix(lanes)}`, `a: ${wgslType(type, lanes)}`, wgslType(type, 1), [`return ${rest};`]);
}

/** Name of a function that folds one value of each of the `size` invocations of a group. */
export function combineFunction(p: Prelude, op: FoldOp, type: ComputeType, size: number): string {
  const inAnyOrder = op !== "mul" && (op !== "add" || type !== "float32") && p.uses("subgroups");
  const body = inAnyOrder ? combineBySubgroups(p, op, type) : combineByHalves(p, op, type, size);
  return p.function(`combine_${op}_${type}`, `lane: u32, value: ${wgslType(type, 1)}`, wgslType(type, 1), body);
}

/** In whatever order, which makes no difference to these: within each subgroup, then a word of each. */
function combineBySubgroups(p: Prelude, op: Exclude<FoldOp, "mul">, type: ComputeType): string[] {
  const [joined, result] = [p.sharedCounter("joined"), p.shared("result", "u32")];
  const [ones, sign] = ["0xffffffffu", "0x80000000u"];
  // The smallest is the complement of the largest complement.
  const flipped = op === "min" || op === "and";
  const flip = (v: string): string => (flipped ? `~(${v})` : v);
  const name = op === "add" ? "Add" : op === "and" || op === "or" ? "Or" : "Max";
  const isSigned = name === "Max" && (type === "int32" || type === "index");
  const bits = type === "bool" ? "u32(value)" : `bitcast<u32>(value)${isSigned ? ` ^ ${sign}` : ""}`;
  const word = flip(`workgroupUniformLoad(&${result})${isSigned ? ` ^ ${sign}` : ""}`);
  // Floats are words in the order of the numbers, -0 before 0, and a NaN where it wins.
  const part = type === "float32" ? `select(${flip(`bits ^ select(${sign}, ${ones}, bits >= ${sign})`)}, ${ones}, (bits & 0x7fffffffu) > 0x7f800000u)` : flip("bits");
  const back = type === "bool" ? "word != 0u" : `bitcast<${wgslType(type, 1)}>(${type === "float32" ? `word ^ select(${ones}, ${sign}, word >= ${sign})` : "word"})`;
  return [
    `let bits = ${bits};`,
    `let part = subgroup${name}(${part});`,
    `if (subgroupElect()) { atomic${name}(&${joined}, part); }`,
    "workgroupBarrier();",
    `if (lane == 0u) { ${result} = atomicExchange(&${joined}, 0u); }`,
    `let word = ${word};`,
    `return ${back};`,
  ];
}

/** Value i with value i + ⌈n/2⌉ while there is more than one. */
function combineByHalves(p: Prelude, op: FoldOp, type: ComputeType, size: number): string[] {
  const combined = p.shared("combined", `array<u32, ${size}>`);
  const toWord = (v: string): string => (type === "bool" ? `u32(${v})` : `bitcast<u32>(${v})`);
  const fromWord = (v: string): string => (type === "bool" ? `(${v} != 0u)` : `bitcast<${wgslType(type, 1)}>(${v})`);
  const body = [`${combined}[lane] = ${toWord("value")};`, "workgroupBarrier();"];
  for (let count = size; count > 1; ) {
    const half = Math.ceil(count / 2);
    const folded = scalarSpellings[op](p, type, 1, fromWord(`${combined}[lane]`), fromWord(`${combined}[lane + ${half}u]`), "");
    body.push(`if (lane < ${count - half}u) { ${combined}[lane] = ${toWord(folded)}; }`, "workgroupBarrier();");
    count = half;
  }
  body.push(`return ${fromWord(`workgroupUniformLoad(&${combined}[0])`)};`);
  return body;
}
