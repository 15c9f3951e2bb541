import type { DType } from "../../core/dtype.js";
import type { ComputeType } from "../../ir/loop.js";
import { selectFunction } from "./c-arithmetic.js";
import type { Prelude, Variant } from "./c-prelude.js";
import { elementTypes, storedTypes } from "./c-types.js";

/** The value of `a` in another type, by the rules of the loop IR's `cast`. */
export function convert(p: Prelude, from: ComputeType, to: ComputeType, lanes: number, a: string): string {
  if (from === to) return a;
  const target = p.type(to, lanes);
  const fromFloat = from === "float32" || from === "float64";
  const toFloat = to === "float32" || to === "float64";
  if (lanes === 1) {
    if (to === "bool") return `(${a} != 0)`;
    return fromFloat && !toFloat ? `${saturate(p, from, to)}(${a})` : `((${target})${a})`;
  }
  const wide = (type: ComputeType): boolean => type === "float64" || type === "index";
  if (to === "bool") {
    const mask = `(${a} != (${p.type(from, lanes)}){0})`;
    return wide(from) ? `__builtin_convertvector(${mask}, ${target})` : `((${target})${mask})`;
  }
  if (from === "bool") {
    if (to === "float32") return `((${target})(${a} & ${p.splat("int32", lanes)}(0x3f800000)))`;
    return wide(to) ? `__builtin_convertvector(-${a}, ${target})` : `((${target})(-${a}))`;
  }
  if (fromFloat && !toFloat) return `${saturate(p, from, to, lanes)}(${a})`;
  return !toFloat && wide(from) === wide(to) ? `((${target})${a})` : `__builtin_convertvector(${a}, ${target})`;
}

/** Float to integer: toward zero, saturating, NaN to 0. */
function saturate(p: Prelude, from: "float32" | "float64", to: ComputeType, lanes = 1): string {
  const source = p.type(from, lanes);
  const target = p.type(to, lanes);
  const name = `${p.suffix(to, lanes)}_from_${p.suffix(from, lanes)}`;
  const f = from === "float32" ? "f" : "";
  const limit = { int32: `2147483648.0${f}`, uint32: `4294967296.0${f}`, index: `9223372036854775808.0${f}` }[to as "int32" | "uint32" | "index"];
  if (lanes === 1) {
    const most = { int32: "INT32_MAX", uint32: "UINT32_MAX", index: "INT64_MAX" }[to as "int32" | "uint32" | "index"];
    const rest = to === "uint32" ? "a >= 1 ? (uint32_t)a : 0" : `a >= -${limit} ? (${target})a : a < 0 ? -${most} - 1 : 0`;
    return p.function(target, name, `${source} a`, [`return a >= ${limit} ? ${most} : ${rest};`]);
  }
  if (from === "float64" || to === "index") {
    const one = saturate(p, from, to);
    return p.function(target, name, `${source} a`, [`${target} r;`, `for (int i = 0; i < ${lanes}; i++) r[i] = ${one}(a[i]);`, "return r;"]);
  }
  // Lanes out of range are set to 0 before they are converted, and to the limit after.
  const splat = p.splat("float32", lanes);
  const mask = p.type("int32", lanes);
  const variants: Variant[] = [];
  const bytes = lanes * 4;
  if (to === "int32" && (bytes === 64 || bytes === 32 || bytes === 16)) {
    // The instruction gives INT32_MIN for everything out of range.
    const call = bytes === 64 ? `512_mask(a, (${target}){0}, -1, 4)` : `${bytes === 32 ? "256" : ""}(a)`;
    const high = `${splat}(${limit})`;
    variants.push({
      when: `defined(GCC_X${bytes * 8})`,
      body: [`${target} r = __builtin_ia32_cvttps2dq${call};`, `return (r ^ (${target})(a >= ${high})) & (${target})(a == a);`],
    });
  }
  const least = to === "int32" ? `-${limit}` : "1.0f";
  const below = to === "int32" ? [`r |= (${mask})(a < low) & ${p.splat("int32", lanes)}(INT32_MIN);`] : [];
  const body = [
    `${source} low = ${splat}(${least}), high = ${splat}(${limit});`,
    `${mask} over = (${mask})(a >= high), inside = (${mask})(a >= low) & ~over;`,
    `${target} r = __builtin_convertvector((${source})(inside & (${mask})a), ${target});`,
    ...below,
    `return r | (${target})(over & ${p.splat("int32", lanes)}(${to === "int32" ? "INT32_MAX" : "-1"}));`,
  ];
  return p.function(target, name, `${source} a`, body, variants);
}

/** The bits of `a` read as another type of the same size. */
export function reinterpret(p: Prelude, from: ComputeType, to: ComputeType, lanes: number, a: string): string {
  const source = p.type(from, lanes);
  const target = p.type(to, lanes);
  if (lanes > 1) return `((${target})${a})`;
  const name = `${p.suffix(to, 1)}_bits_of_${p.suffix(from, 1)}`;
  return `${p.function(target, name, `${source} a`, [`union { ${source} a; ${target} r; } u = {a};`, "return u.r;"])}(${a})`;
}

/** Reads `lanes` elements at `address`, a pointer to the stored type. */
export function loadFrom(p: Prelude, dtype: DType, lanes: number, address: string): string {
  const element = storedTypes[dtype];
  // The cast drops the lower alignment, which would make another type of it in `?:`.
  const at = lanes === 1 ? `(*(${address}))` : `((${p.vector(element, lanes)})*(const ${p.unaligned(element, lanes)} *)(${address}))`;
  switch (dtype) {
    case "float32":
    case "float64":
    case "int32":
    case "uint32":
      return at;
    case "bool": {
      if (lanes === 1) return `(${at} != 0)`;
      const signed = p.vector("i8", lanes);
      return `__builtin_convertvector((${signed})(${at} != (${p.vector("u8", lanes)}){0}), ${p.type("bool", lanes)})`;
    }
    case "uint8":
    case "int8":
      return lanes === 1 ? `((${dtype === "int8" ? "int32_t" : "uint32_t"})${at})` : `${widen(p, element as "u8" | "i8", lanes)}(${address})`;
    case "bfloat16":
      return reinterpret(p, "uint32", "float32", lanes, lanes === 1 ? `((uint32_t)${at} << 16)` : `(${widen(p, "u16", lanes)}(${address}) << 16)`);
    case "float16":
      return `${fromHalf(p, lanes)}(${address})`;
  }
}

/** Reads small integers into 32-bit lanes; gcc takes a plain conversion of loaded bytes apart into scalars. */
function widen(p: Prelude, element: "u8" | "i8" | "u16", lanes: number): string {
  const target = p.vector(element === "i8" ? "i32" : "u32", lanes);
  const { c, bytes } = elementTypes[element];
  const op = `pmov${element === "i8" ? "s" : "z"}x${bytes === 1 ? "b" : "w"}d`;
  const variants: Variant[] = [];
  const width = lanes * 4;
  if (width === 64 || width === 32 || width === 16) {
    // The instruction's operand is a 16 or 32 byte vector of char or short, of which `lanes` are used.
    const source = `typedef ${bytes === 1 ? "char" : "short"} source __attribute__((vector_size(${Math.max(16, lanes * bytes)})));`;
    const copy = `source s = {0}; __builtin_memcpy(&s, p, ${lanes * bytes});`;
    const call = width === 64 ? `__builtin_ia32_${op}512_mask(s, (${p.vector("i32", lanes)}){0}, -1)` : `__builtin_ia32_${op}${width * 8}(s)`;
    variants.push({ when: `defined(GCC_X${width * 8})`, body: [source, copy, `return (${target})${call};`] });
  }
  const generic = [`return __builtin_convertvector(*(const ${p.unaligned(element, lanes)} *)p, ${target});`];
  return p.function(target, `widen_${element}x${lanes}`, `const ${c} *p`, generic, variants);
}

/** `condition ? a : b` on 32-bit integers, scalar or by lanes. */
function choose(p: Prelude, lanes: number, condition: string, a: string, b: string): string {
  return lanes === 1 ? `(${condition} ? ${a} : ${b})` : `${selectFunction(p, "uint32", lanes)}((${p.type("bool", lanes)})${condition}, ${a}, ${b})`;
}

function constant(p: Prelude, lanes: number, value: string): string {
  return lanes === 1 ? value : `${p.splat("uint32", lanes)}(${value})`;
}

/** binary16 to float32: the exponent is moved by a product, which also normalizes subnormals. */
function fromHalf(p: Prelude, lanes: number): string {
  const f = p.type("float32", lanes);
  const u = p.type("uint32", lanes);
  const k = (value: string): string => constant(p, lanes, value);
  const scale = lanes === 1 ? "0x1p112f" : `${p.splat("float32", lanes)}(0x1p112f)`;
  const body = [
    `${u} h = ${lanes === 1 ? "*p" : `${widen(p, "u16", lanes)}(p)`};`,
    `${u} magnitude = h & ${k("0x7fffu")};`,
    `${f} scaled = ${reinterpret(p, "uint32", "float32", lanes, "(magnitude << 13)")} * ${scale};`,
    `${u} special = ${choose(p, lanes, `(magnitude >= ${k("0x7c00u")})`, k("0x7f800000u"), k("0u"))};`,
    `${u} bits = ${reinterpret(p, "float32", "uint32", lanes, "scaled")} | special | ((h & ${k("0x8000u")}) << 16);`,
    `return ${reinterpret(p, "uint32", "float32", lanes, "bits")};`,
  ];
  return p.function(f, `from_half_${p.suffix("float32", lanes)}`, "const uint16_t *p", body, halfVariants(lanes, "load"));
}

/** float32 to the nearest binary16 (ties to even), in the low 16 bits of each lane. */
function toHalf(p: Prelude, lanes: number): string {
  const f = p.type("float32", lanes);
  const u = p.type("uint32", lanes);
  const k = (value: string): string => constant(p, lanes, value);
  const half = lanes === 1 ? "0.5f" : `${p.splat("float32", lanes)}(0.5f)`;
  const body = [
    `${u} x = ${reinterpret(p, "float32", "uint32", lanes, "a")};`,
    `${u} sign = (x >> 16) & ${k("0x8000u")};`,
    `${u} m = x & ${k("0x7fffffffu")};`,
    `${u} normal = (m + ${k("0xfffu")} + ((m >> 13) & ${k("1u")}) - ${k("0x38000000u")}) >> 13;`,
    "// Adding a half puts the last bit of a subnormal half where the float's last bit is.",
    `${u} small = ${reinterpret(p, "float32", "uint32", lanes, `(${reinterpret(p, "uint32", "float32", lanes, "m")} + ${half})`)} - ${k("0x3f000000u")};`,
    `${u} r = ${choose(p, lanes, `(m < ${k("0x38800000u")})`, "small", "normal")};`,
    `r = ${choose(p, lanes, `(m >= ${k("0x477ff000u")})`, k("0x7c00u"), "r")};`,
    `return ${choose(p, lanes, `(m > ${k("0x7f800000u")})`, k("0x7e00u"), "r")} | sign;`,
  ];
  return p.function(u, `to_half_${p.suffix("float32", lanes)}`, `${f} a`, body);
}

/** float32 to the nearest bfloat16 (ties to even), in the low 16 bits of each lane. */
function toBfloat(p: Prelude, lanes: number): string {
  const u = p.type("uint32", lanes);
  const k = (value: string): string => constant(p, lanes, value);
  const body = [
    `${u} x = ${reinterpret(p, "float32", "uint32", lanes, "a")};`,
    `${u} rounded = (x + ${k("0x7fffu")} + ((x >> 16) & ${k("1u")})) >> 16;`,
    `return ${choose(p, lanes, `((x & ${k("0x7fffffffu")}) > ${k("0x7f800000u")})`, `((x >> 16) | ${k("0x40u")})`, "rounded")};`,
  ];
  return p.function(u, `to_bfloat_${p.suffix("float32", lanes)}`, `${p.type("float32", lanes)} a`, body);
}

function halfVariants(lanes: number, direction: "load" | "store"): Variant[] {
  if (lanes !== 8 && lanes !== 16) return [];
  const bytes = lanes * 2;
  const when = lanes === 16 ? "defined(GCC_X512)" : "defined(GCC_X256) && defined(__F16C__)";
  const source = `typedef short halves __attribute__((vector_size(${bytes})));`;
  const last = lanes === 16 ? "512_mask" : "256";
  if (direction === "load") {
    const extra = lanes === 16 ? ", (f32x16){0}, -1, 4" : "";
    return [{ when, body: [source, `halves h; __builtin_memcpy(&h, p, ${bytes});`, `return __builtin_ia32_vcvtph2ps${last}(h${extra});`] }];
  }
  const extra = lanes === 16 ? ", (halves){0}, -1" : "";
  return [{ when, body: [source, `halves h = __builtin_ia32_vcvtps2ph${last}(a, 0${extra});`, `__builtin_memcpy(p, &h, ${bytes});`] }];
}

/** A statement that writes `value`, of the dtype's compute type, at `address`. */
export function storeTo(p: Prelude, dtype: DType, lanes: number, address: string, value: string): string {
  const element = storedTypes[dtype];
  const { c } = elementTypes[element];
  const at = lanes === 1 ? `*(${address})` : `*(${p.unaligned(element, lanes)} *)(${address})`;
  const narrow = (v: string): string => (lanes === 1 ? `(${c})${v}` : `__builtin_convertvector(${v}, ${p.vector(element, lanes)})`);
  switch (dtype) {
    case "float32":
    case "float64":
    case "int32":
    case "uint32":
      return `${at} = ${value};`;
    case "bool":
      return `${at} = ${narrow(lanes === 1 ? value : `(-${value})`)};`;
    case "uint8":
    case "int8":
      return `${at} = ${narrow(value)};`;
    case "bfloat16":
      return `${at} = ${narrow(`${toBfloat(p, lanes)}(${value})`)};`;
    case "float16": {
      if (lanes === 1) return `${at} = ${narrow(`${toHalf(p, lanes)}(${value})`)};`;
      const f = p.type("float32", lanes);
      const generic = [`*(${p.unaligned(element, lanes)} *)p = ${narrow(`${toHalf(p, lanes)}(a)`)};`];
      return `${p.function("void", `store_half_${f}`, `uint16_t *p, ${f} a`, generic, halfVariants(lanes, "store"))}(${address}, ${value});`;
    }
  }
}
