import { byteSize, type DType } from "../../core/dtype.js";
import { CompileError } from "../../core/errors.js";
import type { MemoryOp } from "./opcodes.js";
import type { Emission } from "./scalar-ops.js";
import { constant, indexed, memory, plain, type Instruction } from "./wasm-module.js";

const get = (local: number): Instruction => indexed("local.get", local);
const tee = (local: number): Instruction => indexed("local.tee", local);
const i32 = (value: number): Instruction => constant("i32.const", value);

/** A vector constant with the same 32 bits in every lane. */
function bits32(value: number): Instruction {
  const bytes = [0, 8, 16, 24].map((shift) => (value >>> shift) & 255);
  return constant("v128.const", ...bytes, ...bytes, ...bytes, ...bytes);
}

/** Moves the named bytes of a register to its front; the rest repeats the first. */
function gather(e: Emission, bytes: readonly number[]): void {
  const x = e.temporary("v128");
  e.emit(tee(x), get(x), indexed("i8x16.shuffle", ...Array.from({ length: 16 }, (_, i) => bytes[i] ?? 0)));
}

/** binary16 in the low half of each 32-bit lane to float32, exactly: the exponent is rebased by a multiplication. */
function halfToFloat(e: Emission): void {
  const [h, m] = [e.temporary("v128"), e.temporary("v128")];
  e.emit(tee(h), bits32(0x7fff), plain("v128.and"), i32(13), plain("i32x4.shl"), tee(m));
  e.emit(bits32(0x77800000), plain("f32x4.mul"));
  e.emit(get(m), bits32(0x0f800000), plain("i32x4.ge_s"), bits32(0x7f800000), plain("v128.and"), plain("v128.or"));
  e.emit(get(h), bits32(0x8000), plain("v128.and"), i32(16), plain("i32x4.shl"), plain("v128.or"));
}

/**
 * float32 to binary16 in the low half of each lane, ties to even. Adding 0.5 lets the hardware round what becomes
 * subnormal; the rest is rounded by integer addition, which carries into the exponent and so into infinity. NaN is 0x7e00.
 */
function floatToHalf(e: Emission): void {
  const [x, a, small] = [e.temporary("v128"), e.temporary("v128"), e.temporary("v128")];
  e.emit(tee(x), bits32(0x7fffffff), plain("v128.and"), tee(a));
  e.emit(bits32(0x3f000000), plain("f32x4.add"), bits32(0x3f000000), plain("i32x4.sub"), indexed("local.set", small));
  e.emit(get(small), get(a), bits32(0xc8000fff), plain("i32x4.add"));
  e.emit(
    get(a),
    i32(13),
    plain("i32x4.shr_u"),
    bits32(1),
    plain("v128.and"),
    plain("i32x4.add"),
    i32(13),
    plain("i32x4.shr_u"),
  );
  e.emit(get(a), bits32(0x38800000), plain("i32x4.lt_s"), plain("v128.bitselect"), indexed("local.set", small));
  e.emit(bits32(0x7c00), get(small), get(a), bits32(0x477fffff), plain("i32x4.gt_s"), plain("v128.bitselect"));
  e.emit(
    get(x),
    i32(16),
    plain("i32x4.shr_u"),
    bits32(0x8000),
    plain("v128.and"),
    plain("v128.or"),
    indexed("local.set", small),
  );
  e.emit(bits32(0x7e00), get(small), get(x), get(x), plain("f32x4.ne"), plain("v128.bitselect"));
}

/** float32 to bfloat16 in the low half of each lane, ties to even; a NaN keeps its upper bits and becomes quiet. */
function floatToBfloat(e: Emission): void {
  const [x, upper] = [e.temporary("v128"), e.temporary("v128")];
  e.emit(tee(x), i32(16), plain("i32x4.shr_u"), tee(upper), bits32(0x40), plain("v128.or"));
  e.emit(get(x), bits32(0x7fff), plain("i32x4.add"), get(upper), bits32(1), plain("v128.and"), plain("i32x4.add"));
  e.emit(i32(16), plain("i32x4.shr_u"), get(x), get(x), plain("f32x4.ne"), plain("v128.bitselect"));
}

const scalarLoads: Readonly<Record<DType, MemoryOp>> = {
  float32: "f32.load",
  float64: "f64.load",
  int32: "i32.load",
  uint32: "i32.load",
  uint8: "i32.load8_u",
  int8: "i32.load8_s",
  bool: "i32.load8_u",
  float16: "i32.load16_u",
  bfloat16: "i32.load16_u",
};

/** Loads one element in its compute type; the address lies on the stack. */
export function loadScalar(e: Emission, dtype: DType, offset: number): void {
  e.emit(memory(scalarLoads[dtype], offset));
  if (dtype === "bool") e.emit(i32(0), plain("i32.ne"));
  if (dtype === "bfloat16") e.emit(i32(16), plain("i32.shl"), plain("f32.reinterpret_i32"));
  if (dtype === "float16") {
    e.emit(plain("i32x4.splat"));
    halfToFloat(e);
    e.emit(indexed("f32x4.extract_lane", 0));
  }
}

/** Loads `e.lanes` elements into one register of their compute type; the address lies on the stack. */
export function loadVector(e: Emission, dtype: DType, offset: number): void {
  const bytes = e.lanes * byteSize(dtype);
  if (bytes === 16) e.emit(memory("v128.load", offset));
  else if (bytes === 8) e.emit(memory("v128.load64_zero", offset));
  else if (bytes === 4) e.emit(memory("v128.load32_zero", offset));
  else if (bytes === 2) e.emit(memory("i32.load16_u", offset), plain("i32x4.splat"));
  else throw badLanes(e.lanes, dtype);
  switch (dtype) {
    case "float32":
    case "float64":
    case "int32":
    case "uint32":
      return;
    case "int8":
      e.emit(plain("i16x8.extend_low_i8x16_s"), plain("i32x4.extend_low_i16x8_s"));
      return;
    case "uint8":
      e.emit(plain("i16x8.extend_low_i8x16_u"), plain("i32x4.extend_low_i16x8_u"));
      return;
    case "bool":
      e.emit(plain("i16x8.extend_low_i8x16_u"), plain("i32x4.extend_low_i16x8_u"), bits32(0), plain("i32x4.ne"));
      return;
    case "bfloat16":
      e.emit(plain("i32x4.extend_low_i16x8_u"), i32(16), plain("i32x4.shl"));
      return;
    case "float16":
      e.emit(plain("i32x4.extend_low_i16x8_u"));
      halfToFloat(e);
  }
}

const scalarStores: Readonly<Record<DType, MemoryOp>> = {
  float32: "f32.store",
  float64: "f64.store",
  int32: "i32.store",
  uint32: "i32.store",
  uint8: "i32.store8",
  int8: "i32.store8",
  bool: "i32.store8",
  float16: "i32.store16",
  bfloat16: "i32.store16",
};

/** Stores one element; the address and the value in its compute type lie on the stack. Integers wrap. */
export function storeScalar(e: Emission, dtype: DType, offset: number): void {
  if (dtype === "float16" || dtype === "bfloat16") {
    e.emit(plain("f32x4.splat"));
    if (dtype === "float16") floatToHalf(e);
    else floatToBfloat(e);
    e.emit(indexed("i32x4.extract_lane", 0));
  }
  e.emit(memory(scalarStores[dtype], offset));
}

const wordBytes = [0, 1, 4, 5, 8, 9, 12, 13];
const byteOfWords = [0, 4, 8, 12];

/** Stores the `e.lanes` elements of one register; the address and the register lie on the stack. Integers wrap. */
export function storeVector(e: Emission, dtype: DType, offset: number): void {
  if (dtype === "float16") floatToHalf(e);
  if (dtype === "bfloat16") floatToBfloat(e);
  if (dtype === "bool") e.emit(bits32(1), plain("v128.and"));
  const size = byteSize(dtype);
  if (size === 2) gather(e, wordBytes);
  if (size === 1) gather(e, byteOfWords);
  const bytes = e.lanes * size;
  if (bytes === 16) e.emit(memory("v128.store", offset));
  else if (bytes === 8) e.emit(memory("v128.store64_lane", offset, 0));
  else if (bytes === 4) e.emit(memory("v128.store32_lane", offset, 0));
  else if (bytes === 2) e.emit(memory("v128.store16_lane", offset, 0));
  else throw badLanes(e.lanes, dtype);
}

function badLanes(lanes: number, dtype: DType): CompileError {
  return new CompileError(`[wasm] ${lanes} lanes of ${dtype} do not fill part of a register: expected a power of two`);
}
