import type { ComputeType } from "../../ir/loop.js";
import { elementBytes, type Prelude, type Variant } from "./c-prelude.js";

export type FloatType = "float32" | "float64";
export type Comparison = "lt" | "le" | "eq" | "ne";
type RegisterBytes = 64 | 32 | 16;

/** x86 instructions on float vectors by gcc's names for them; `s` is ps or pd. */
const instructions = {
  floor: (bytes: RegisterBytes, s: string) => roundInstruction(bytes, s, 9),
  ceil: (bytes: RegisterBytes, s: string) => roundInstruction(bytes, s, 10),
  trunc: (bytes: RegisterBytes, s: string) => roundInstruction(bytes, s, 11),
  sqrt: (bytes: RegisterBytes, s: string) =>
    bytes === 64 ? `__builtin_ia32_sqrt${s}512_mask(a, a, -1, 4)` : `__builtin_ia32_sqrt${s}${bytes === 32 ? "256" : ""}(a)`,
  fma: (bytes: RegisterBytes, s: string) =>
    bytes === 64 ? `__builtin_ia32_vfmadd${s}512_mask(a, b, c, -1, 4)` : `__builtin_ia32_vfmadd${s}${bytes === 32 ? "256" : ""}(a, b, c)`,
  min: (bytes: RegisterBytes, s: string) => extremeInstruction(bytes, s, "min"),
  max: (bytes: RegisterBytes, s: string) => extremeInstruction(bytes, s, "max"),
};

function roundInstruction(bytes: RegisterBytes, s: string, mode: number): string {
  return bytes === 64 ? `__builtin_ia32_rndscale${s}_mask(a, ${mode}, a, -1, 4)` : `__builtin_ia32_round${s}${bytes === 32 ? "256" : ""}(a, ${mode})`;
}

function extremeInstruction(bytes: RegisterBytes, s: string, op: "min" | "max"): string {
  return bytes === 64 ? `__builtin_ia32_${op}${s}512_mask(a, b, a, -1, 4)` : `__builtin_ia32_${op}${s}${bytes === 32 ? "256" : ""}(a, b)`;
}

function onX86(op: keyof typeof instructions, type: FloatType, lanes: number): Variant[] {
  const bytes = elementBytes(type) * lanes;
  if (bytes !== 64 && bytes !== 32 && bytes !== 16) return [];
  return [{ when: `defined(GCC_X${bytes * 8})`, body: [`return ${instructions[op](bytes, type === "float32" ? "ps" : "pd")};`] }];
}

/** For vectors that have no instruction: both halves while they are longer than 16 bytes, then lane by lane. */
function inPieces(
  p: Prelude,
  type: FloatType,
  lanes: number,
  args: readonly string[],
  half: (lanes: number) => string,
  scalar: (args: readonly string[]) => string,
): string[] {
  const v = p.type(type, lanes);
  if (elementBytes(type) * lanes <= 16) return [`${v} r;`, `for (int i = 0; i < ${lanes}; i++) r[i] = ${scalar(args.map((a) => `${a}[i]`))};`, "return r;"];
  const call = half(lanes / 2);
  return [
    `union { ${v} v; ${p.type(type, lanes / 2)} h[2]; } r, ${args.map((a) => `${a}_ = {${a}}`).join(", ")};`,
    ...[0, 1].map((i) => `r.h[${i}] = ${call}(${args.map((a) => `${a}_.h[${i}]`).join(", ")});`),
    "return r.v;",
  ];
}

export function roundFunction(p: Prelude, op: "floor" | "ceil" | "trunc" | "sqrt", type: FloatType, lanes: number): string {
  const v = p.type(type, lanes);
  const scalar = ([a]: readonly string[]): string => `__builtin_${op}${type === "float32" ? "f" : ""}(${a})`;
  const name = `${op}_${p.suffix(type, lanes)}`;
  if (lanes === 1) return p.function(v, name, `${v} a`, [`return ${scalar(["a"])};`]);
  const elementwise = { when: `__has_builtin(__builtin_elementwise_${op})`, body: [`return __builtin_elementwise_${op}(a);`] };
  const pieces = inPieces(p, type, lanes, ["a"], (half) => roundFunction(p, op, type, half), scalar);
  return p.function(v, name, `${v} a`, pieces, [...onX86(op, type, lanes), elementwise]);
}

/** Remainder with the dividend's sign. */
export function remainderFunction(p: Prelude, type: FloatType, lanes: number): string {
  const v = p.type(type, lanes);
  const scalar = (args: readonly string[]): string => `__builtin_fmod${type === "float32" ? "f" : ""}(${args.join(", ")})`;
  const pieces = lanes === 1 ? [`return ${scalar(["a", "b"])};`] : inPieces(p, type, lanes, ["a", "b"], (half) => remainderFunction(p, type, half), scalar);
  return p.function(v, `rem_${p.suffix(type, lanes)}`, `${v} a, ${v} b`, pieces);
}

/** a·b + c, fused where the machine has an instruction for it: a call into libm would be far slower than rounding twice. */
export function fmaFunction(p: Prelude, type: FloatType, lanes: number): string {
  const v = p.type(type, lanes);
  const f = type === "float32" ? "f" : "";
  const scalar = (args: readonly string[]): string => `__builtin_fma${f}(${args.join(", ")})`;
  const variants: Variant[] = [{ when: "!defined(FAST_FMA)", body: ["return a * b + c;"] }];
  let body = [`return ${scalar(["a", "b", "c"])};`];
  if (lanes > 1) {
    variants.push({ when: "defined(__clang__)", body: ['_Pragma("clang fp contract(fast)")', "return a * b + c;"] }, ...onX86("fma", type, lanes));
    body = inPieces(p, type, lanes, ["a", "b", "c"], (half) => fmaFunction(p, type, half), scalar);
  }
  return p.function(v, `fma_${p.suffix(type, lanes)}`, `${v} a, ${v} b, ${v} c`, body, variants);
}

export function absFunction(p: Prelude, type: ComputeType, lanes: number): string {
  const v = p.type(type, lanes);
  const name = `abs_${p.suffix(type, lanes)}`;
  if (type === "float32" || type === "float64") {
    if (lanes === 1) return p.function(v, name, `${v} a`, [`return __builtin_fabs${type === "float32" ? "f" : ""}(a);`]);
    const bits = type === "float32" ? "int32" : "index";
    const mask = `${p.splat(bits, lanes)}(${type === "float32" ? "0x7fffffff" : "0x7fffffffffffffff"})`;
    return p.function(v, name, `${v} a`, [`return (${v})((${p.type(bits, lanes)})a & ${mask});`]);
  }
  return p.function(v, name, `${v} a`, [`${v} s = a >> ${type === "index" ? 63 : 31};`, "return (a ^ s) - s;"]);
}

/** `mask ? a : b` in each lane. */
export function selectFunction(p: Prelude, type: ComputeType, lanes: number): string {
  const v = p.type(type, lanes);
  const bytes = elementBytes(type) * lanes;
  const wide = elementBytes(type) === 8;
  const bits = p.type(wide ? "index" : "int32", lanes);
  const float = p.type(wide ? "float64" : "float32", lanes);
  const s = wide ? "pd" : "ps";
  const mask = `${bits} w = ${wide ? `__builtin_convertvector(m, ${bits})` : "m"};`;
  const variants: Variant[] = [];
  if (bytes === 64) {
    const k = `__builtin_ia32_cvtd2mask${wide ? 256 : 512}(m)`;
    variants.push({ when: "defined(GCC_X512)", body: [`return (${v})__builtin_ia32_blendm${s}_512_mask((${float})b, (${float})a, ${k});`] });
  } else if (bytes === 32 || bytes === 16) {
    const call = `__builtin_ia32_blendv${s}${bytes === 32 ? "256" : ""}((${float})b, (${float})a, (${float})w)`;
    variants.push({ when: `defined(GCC_X${bytes * 8})`, body: [mask, `return (${v})${call};`] });
  }
  const generic = [mask, `return (${v})((w & (${bits})a) | (~w & (${bits})b));`];
  return p.function(v, `select_${v}`, `${p.type("bool", lanes)} m, ${v} a, ${v} b`, generic, variants);
}

const comparisonSigns: Readonly<Record<Comparison, string>> = { lt: "<", le: "<=", eq: "==", ne: "!=" };

/** A comparison: 1 or 0, or a mask for vectors. */
export function compare(p: Prelude, op: Comparison, type: ComputeType, lanes: number, a: string, b: string): string {
  const text = `(${a} ${comparisonSigns[op]} ${b})`;
  if (lanes === 1) return text;
  const mask = p.type("bool", lanes);
  // Masks are negative, so "less" among bools is the other way round.
  if (type === "bool" && op !== "eq" && op !== "ne") return `(${b} ${comparisonSigns[op]} ${a})`;
  return elementBytes(type) === 8 ? `__builtin_convertvector(${text}, ${mask})` : `((${mask})${text})`;
}

/** `x op y ? a : b` in each lane, without a mask in between that gcc would move to a vector register and back. */
export function compareSelectFunction(p: Prelude, op: Comparison, compared: ComputeType, type: ComputeType, lanes: number): string {
  const c = p.type(compared, lanes);
  const v = p.type(type, lanes);
  const variants: Variant[] = [];
  if (elementBytes(type) * lanes === 64 && elementBytes(compared) * lanes === 64 && compared !== "index" && compared !== "bool") {
    const wide = elementBytes(type) === 8;
    const s = wide ? "pd" : "ps";
    const float = p.type(wide ? "float64" : "float32", lanes);
    const predicate = { eq: 0, lt: 1, le: 2, ne: 4 }[op];
    const ints = p.vector("i32", lanes);
    const k =
      compared === "int32" || compared === "uint32"
        ? `__builtin_ia32_${compared === "uint32" ? "u" : ""}cmpd512_mask((${ints})x, (${ints})y, ${predicate}, -1)`
        : `__builtin_ia32_cmp${s}512_mask(x, y, ${predicate}, -1, 4)`;
    const call = `__builtin_ia32_blendm${s}_512_mask((${float})b, (${float})a, ${k})`;
    variants.push({ when: "defined(GCC_X512)", body: [`return (${v})${call};`] });
  }
  const body = [`return ${selectFunction(p, type, lanes)}(${compare(p, op, compared, lanes, "x", "y")}, a, b);`];
  return p.function(v, `select_${op}_${compared === "bool" ? "bool_" : ""}${c}_${v}`, `${c} x, ${c} y, ${v} a, ${v} b`, body, variants);
}

/** Minimum or maximum; on floats NaN if either is NaN. */
export function extremeFunction(p: Prelude, op: "min" | "max", type: ComputeType, lanes: number): string {
  const v = p.type(type, lanes);
  const name = `${op}_${p.suffix(type, lanes)}`;
  const parameters = `${v} a, ${v} b`;
  const float = type === "float32" || type === "float64";
  if (lanes === 1) return p.function(v, name, parameters, [`return a ${op === "min" ? "<" : ">"} b${float ? " || a != a" : ""} ? a : b;`]);
  if (!float) return p.function(v, name, parameters, [`return ${compareSelectFunction(p, "lt", type, type, lanes)}(${op === "min" ? "a, b" : "b, a"}, a, b);`]);
  // A comparison with NaN is false and gives b: only a NaN in a is left to mend.
  const mend = compareSelectFunction(p, "ne", type, type, lanes);
  return p.function(v, name, parameters, [`return ${mend}(a, a, a, ${secondExtremeFunction(p, op, type, lanes)}(a, b));`]);
}

/** Minimum or maximum of floats where `a` is known not to be NaN: b where b is NaN, which is one instruction on x86. */
export function secondExtremeFunction(p: Prelude, op: "min" | "max", type: FloatType, lanes: number): string {
  const v = p.type(type, lanes);
  const name = `${op}_second_${p.suffix(type, lanes)}`;
  const parameters = `${v} a, ${v} b`;
  if (lanes === 1) return p.function(v, name, parameters, [`return a ${op === "min" ? "<" : ">"} b ? a : b;`]);
  const chosen = `${compareSelectFunction(p, "lt", type, type, lanes)}(${op === "min" ? "a, b" : "b, a"}, a, b)`;
  return p.function(v, name, parameters, [`return ${chosen};`], onX86(op, type, lanes));
}
