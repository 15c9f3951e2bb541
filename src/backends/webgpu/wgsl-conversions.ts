import { byteSize, dtypeInfo, type DType } from "../../core/dtype.js";
import type { ComputeType, KernelBuffer } from "../../ir/loop.js";
import { bitsOf, fromBits, laneOf, type Prelude, scalarType, splatted, suffix, vectorType, wgslType } from "./wgsl-prelude.js";

/** The value of `a` in another type, by the rules of the loop IR's `cast`. */
export function convert(p: Prelude, from: ComputeType, to: ComputeType, lanes: number, a: string): string {
  const [source, target] = [scalarType(from), scalarType(to)];
  if (source === target) return a;
  if (target === "f32" && (source === "i32" || source === "u32")) return `${toFloatFunction(p, source, lanes)}(${a})`;
  if (source !== "f32") return target === "bool" ? `(${a} != ${splatted(source, lanes, source === "u32" ? "0u" : "0i")})` : `${vectorType(target, lanes)}(${a})`;
  if (target === "bool") return `((${bitsOf(a, lanes)} & ${splatted("u32", lanes, "0x7fffffffu")}) != ${splatted("u32", lanes, "0u")})`;
  return `${truncateFunction(p, target === "u32" ? "u32" : "i32", lanes)}(${a})`;
}

/** Integer to the nearest float: both halves are exact, and their sum is rounded once. WGSL's own may round either way. */
function toFloatFunction(p: Prelude, from: "i32" | "u32", lanes: number): string {
  const f = vectorType("f32", lanes);
  const high = `${f}(a >> ${splatted("u32", lanes, "16u")})`;
  const low = `${f}(a & ${splatted(from, lanes, from === "i32" ? "0xffffi" : "0xffffu")})`;
  return p.function(`f32_of_${from}${suffix(lanes)}`, `a: ${vectorType(from, lanes)}`, f, [`return ${high} * 65536.0f + ${low};`]);
}

/** Float to integer: toward zero, saturating, NaN to 0. */
function truncateFunction(p: Prelude, to: "i32" | "u32", lanes: number): string {
  const f = vectorType("f32", lanes);
  const target = vectorType(to, lanes);
  const u = (v: string): string => splatted("u32", lanes, v);
  const isNegative = `(bits >> ${u("31u")}) != ${u("0u")}`;
  // What is out of range is replaced by 0 before it is converted.
  const [limit, beyond] =
    to === "i32"
      ? ["0x4f000000u", `select(${splatted("i32", lanes, "0x7fffffffi")}, ${splatted("i32", lanes, "-2147483648")}, ${isNegative})`]
      : ["0x4f800000u", `select(${u("0xffffffffu")}, ${u("0u")}, ${isNegative})`];
  const inside = to === "i32" ? "select(bits, zero, size >= limit)" : `select(bits, zero, (size >= limit) | (${isNegative}))`;
  return p.function(`${to}_of_f32${suffix(lanes)}`, `a: ${f}`, target, [
    `let bits = ${bitsOf("a", lanes)};`,
    `let size = bits & ${u("0x7fffffffu")};`,
    `let zero = ${u("0u")};`,
    `let limit = ${u(limit)};`,
    `let inside = ${target}(${fromBits(inside, lanes)});`,
    `return select(select(inside, ${beyond}, size >= limit), ${splatted(to, lanes, to === "i32" ? "0i" : "0u")}, size > ${u("0x7f800000u")});`,
  ]);
}

/** The bits of `a` read as another type of 32 bits. */
export function reinterpret(to: ComputeType, lanes: number, a: string): string {
  return `bitcast<${wgslType(to, lanes)}>(${a})`;
}

/** The number that the lowest bits of a word stand for, as it is stored. */
function unpacked(p: Prelude, dtype: DType, word: string): string {
  switch (dtype) {
    case "bool":
      return `((${word} & 0xffu) != 0u)`;
    case "uint8":
      return `(${word} & 0xffu)`;
    case "int8":
      return `extractBits(bitcast<i32>(${word}), 0u, 8u)`;
    case "bfloat16":
      return fromBits(`(${word} << 16u)`);
    case "float16":
      return `${fromHalfFunction(p)}(${word})`;
    default:
      return dtypeInfo[dtype].compute === "uint32" ? word : reinterpret(dtypeInfo[dtype].compute, 1, word);
  }
}

/** The bits in which a value is stored, in a word with nothing above them. */
function packed(p: Prelude, dtype: DType, value: string): string {
  switch (dtype) {
    case "bool":
      return `u32(${value})`;
    case "uint8":
      return `(${value} & 0xffu)`;
    case "int8":
      return `(bitcast<u32>(${value}) & 0xffu)`;
    case "bfloat16":
      return `${toBfloatFunction(p)}(${value})`;
    case "float16":
      return `${toHalfFunction(p)}(${value})`;
    default:
      return dtypeInfo[dtype].compute === "uint32" ? value : bitsOf(value);
  }
}

/** binary16 to float32 on the bits; a subnormal half is a whole number of 2^-24. */
function fromHalfFunction(p: Prelude): string {
  return p.function("from_half", "word: u32", "f32", [
    "let size = word & 0x7fffu;",
    "let sign = (word & 0x8000u) << 16u;",
    `let small = ${bitsOf("f32(size) * 5.9604644775390625e-8f")};`,
    "let number = select((size << 13u) + 0x38000000u, small, size < 0x400u);",
    `return ${fromBits("sign | select(number, (size << 13u) | 0x7f800000u, size >= 0x7c00u)")};`,
  ]);
}

/** float32 to the nearest binary16, ties to even. */
function toHalfFunction(p: Prelude): string {
  return p.function("to_half", "a: f32", "u32", [
    `let size = ${bitsOf("a")} & 0x7fffffffu;`,
    `let sign = (${bitsOf("a")} >> 16u) & 0x8000u;`,
    "if (size > 0x7f800000u) { return sign | 0x7e00u; }",
    "if (size >= 0x477ff000u) { return sign | 0x7c00u; }",
    "if (size >= 0x38800000u) { return sign | ((size + 0xfffu + ((size >> 13u) & 1u) - 0x38000000u) >> 13u); }",
    // A subnormal half is a whole number of 2^-24; the product is exact.
    `return sign | u32(round(${fromBits("size")} * 16777216.0f));`,
  ]);
}

/** float32 to the nearest bfloat16, ties to even. */
function toBfloatFunction(p: Prelude): string {
  return p.function("to_bfloat", "a: f32", "u32", [
    `let bits = ${bitsOf("a")};`,
    "let rounded = (bits + 0x7fffu + ((bits >> 16u) & 1u)) >> 16u;",
    "return select(rounded, (bits >> 16u) | 0x40u, (bits & 0x7fffffffu) > 0x7f800000u);",
  ]);
}

/** An array in storage: of 32-bit words that hold elements of several dtypes, or of float16 alone. */
export interface StorageArray {
  readonly name: string;
  readonly element: "u32" | "atomic<u32>" | "f16";
}

/** What the array of some buffers holds: words, atomic where elements of less than a word are stored in them, or halves. */
export function storageElement(p: Prelude, buffers: readonly KernelBuffer[]): StorageArray["element"] {
  if (buffers.every(({ dtype }) => dtype === "float16") && p.uses("f16")) return "f16";
  return buffers.some(({ access, dtype }) => access !== "read" && byteSize(dtype) < 4) ? "atomic<u32>" : "u32";
}

/** A value as f16: rounded as everywhere, which WGSL's own conversion need not do, unless it `isHalf` already. */
function asHalf(p: Prelude, value: string, isHalf: boolean): string {
  return isHalf ? `f16(${value})` : `bitcast<vec2<f16>>(${toHalfFunction(p)}(${value})).x`;
}

function word({ name, element }: StorageArray, index: string): string {
  return element === "atomic<u32>" ? `atomicLoad(&${name}[${index}])` : `${name}[${index}]`;
}

/** Where in its word an element of less than 32 bits begins: the number of the lowest bit. */
function bitOffset(dtype: DType, index: string): string {
  return byteSize(dtype) === 1 ? `(u32(${index} & 3i) * 8u)` : `(u32(${index} & 1i) * 16u)`;
}

function wordIndex(dtype: DType, index: string): string {
  return byteSize(dtype) === 1 ? `(${index} >> 2u)` : `(${index} >> 1u)`;
}

/** Reads `lanes` elements of a storage array from element `index` on. */
export function loadFrom(p: Prelude, array: StorageArray, dtype: DType, lanes: number, index: string): string {
  const { compute } = dtypeInfo[dtype];
  const isHalf = array.element === "f16";
  const element = (i: string): string => {
    if (isHalf) return `f32(${array.name}[${i}])`;
    return byteSize(dtype) === 4 ? unpacked(p, dtype, word(array, i)) : unpacked(p, dtype, `(${word(array, wordIndex(dtype, i))} >> ${bitOffset(dtype, i)})`);
  };
  if (lanes === 1 && (byteSize(dtype) === 4 || isHalf)) return element(index);
  const elements = Array.from({ length: lanes }, (_, lane) => element(lane === 0 ? "i" : `(i + ${lane}i)`));
  const type = wgslType(compute, lanes);
  const name = p.function(`load_${dtype}${suffix(lanes)}_${array.name}`, "i: i32", type, [lanes === 1 ? `return ${elements.join("")};` : `return ${type}(${elements.join(", ")});`]);
  return `${name}(${index})`;
}

/** A statement that writes a value to a storage array at element `index`; `isHalf` says that float16 can hold it. */
export function storeTo(p: Prelude, array: StorageArray, dtype: DType, lanes: number, index: string, value: string, isHalf = false): string {
  if (array.element === "f16") return storeElements(p, array.name, lanes, index, value, (v) => asHalf(p, v, isHalf));
  const store = (i: string, bits: string): string => (array.element === "u32" ? `${array.name}[${i}] = ${bits};` : `atomicStore(&${array.name}[${i}], ${bits});`);
  if (byteSize(dtype) === 4 && lanes === 1) return store(index, packed(p, dtype, value));
  const type = wgslType(dtypeInfo[dtype].compute, lanes);
  const define = (name: string, body: readonly string[]): string => `${p.function(name, `i: i32, value: ${type}`, "", body)}(${index}, ${value});`;
  const at = (lane: number): string => (lane === 0 ? "i" : `(i + ${lane}i)`);
  const values = Array.from({ length: lanes }, (_, lane) => laneOf("value", lanes, lane));
  const name = `store_${dtype}${suffix(lanes)}_${array.name}`;
  if (byteSize(dtype) === 4) return define(name, values.map((v, lane) => store(at(lane), packed(p, dtype, v))));
  const bits = 8 * byteSize(dtype);
  if (lanes === 1) {
    // Other invocations own the rest of the word.
    return define(name, [
      `let lowest = ${bitOffset(dtype, "i")};`,
      `atomicAnd(&${array.name}[${wordIndex(dtype, "i")}], ~(${bits === 8 ? "0xffu" : "0xffffu"} << lowest));`,
      `atomicOr(&${array.name}[${wordIndex(dtype, "i")}], ${packed(p, dtype, "value")} << lowest);`,
    ]);
  }
  const perWord = 32 / bits;
  const single = values.map((v, lane) => storeTo(p, array, dtype, 1, at(lane), v));
  if (lanes % perWord !== 0) return define(name, single);
  const words = Array.from({ length: lanes / perWord }, (_, k) => {
    const parts = values.slice(k * perWord, (k + 1) * perWord).map((v, lane) => (lane === 0 ? packed(p, dtype, v) : `(${packed(p, dtype, v)} << ${lane * bits}u)`));
    return store(`${wordIndex(dtype, "i")}${k === 0 ? "" : ` + ${k}i`}`, parts.join(" | "));
  });
  return define(name, [`if ((i & ${perWord - 1}i) == 0i) {`, ...words.map((w) => `  ${w}`), "} else {", ...single.map((s) => `  ${s}`), "}"]);
}

/** What an element of the kernel's own memory is: a value of the compute type, or a half. */
export function ownType(p: Prelude, dtype: DType): string {
  return dtype === "float16" && p.uses("f16") ? "f16" : wgslType(dtypeInfo[dtype].compute, 1);
}

/** Reads from memory of the kernel's own. */
export function loadOwn(p: Prelude, name: string, dtype: DType, lanes: number, index: string): string {
  const element = (i: string): string => (ownType(p, dtype) === "f16" ? `f32(${name}[${i}])` : `${name}[${i}]`);
  if (lanes === 1) return element(index);
  const type = wgslType(dtypeInfo[dtype].compute, lanes);
  const elements = Array.from({ length: lanes }, (_, lane) => element(lane === 0 ? "i" : `i + ${lane}i`));
  return `${p.function(`load${suffix(lanes)}_${name}`, "i: i32", type, [`return ${type}(${elements.join(", ")});`])}(${index})`;
}

/** Writes to memory of the kernel's own, what the dtype can hold of the value; `isHalf` says that float16 can hold it. */
export function storeOwn(p: Prelude, name: string, dtype: DType, lanes: number, index: string, value: string, isHalf = false): string {
  const narrow = (v: string): string => {
    if (ownType(p, dtype) === "f16") return asHalf(p, v, isHalf);
    return byteSize(dtype) === 4 || dtype === "bool" ? v : unpacked(p, dtype, packed(p, dtype, v));
  };
  return storeElements(p, name, lanes, index, value, narrow, wgslType(dtypeInfo[dtype].compute, lanes));
}

function storeElements(p: Prelude, name: string, lanes: number, index: string, value: string, change: (v: string) => string, type = wgslType("float32", lanes)): string {
  if (lanes === 1) return `${name}[${index}] = ${change(value)};`;
  const body = Array.from({ length: lanes }, (_, lane) => `${name}[${lane === 0 ? "i" : `i + ${lane}i`}] = ${change(laneOf("value", lanes, lane))};`);
  return `${p.function(`store${suffix(lanes)}_${name}`, `i: i32, value: ${type}`, "", body)}(${index}, ${value});`;
}
