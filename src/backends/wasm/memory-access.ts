import { byteSize, type DType } from "../../core/dtype.js";
import { CompileError } from "../../core/errors.js";
import * as wasm from "./opcodes.js";
import type { Emission } from "./scalar-ops.js";
import { constant, indexed, memory, plain, type Instruction } from "./wasm-module.js";

const get = (local: number): Instruction => indexed(wasm.localGet, local);
const tee = (local: number): Instruction => indexed(wasm.localTee, local);
const i32 = (value: number): Instruction => constant(wasm.i32Const, value);

/** A vector constant with the same 32 bits in every lane. */
function bits32(value: number): Instruction {
  const bytes = [0, 8, 16, 24].map((shift) => (value >>> shift) & 255);
  return constant(wasm.v128Const, ...bytes, ...bytes, ...bytes, ...bytes);
}

/** Moves the named bytes of a register to its front; the rest repeats the first. */
function gather(e: Emission, bytes: readonly number[]): void {
  const x = e.temporary("v128");
  e.emit(tee(x), get(x), indexed(wasm.i8x16Shuffle, ...Array.from({ length: 16 }, (_, i) => bytes[i] ?? 0)));
}

/** binary16 in the low half of each 32-bit lane to float32, exactly: the exponent is rebased by a multiplication. */
function halfToFloat(e: Emission): void {
  const [h, m] = [e.temporary("v128"), e.temporary("v128")];
  e.emit(tee(h), bits32(0x7fff), plain(wasm.v128And), i32(13), plain(wasm.i32x4Shl), tee(m));
  e.emit(bits32(0x77800000), plain(wasm.f32x4Mul));
  e.emit(get(m), bits32(0x0f800000), plain(wasm.i32x4GeS), bits32(0x7f800000), plain(wasm.v128And), plain(wasm.v128Or));
  e.emit(get(h), bits32(0x8000), plain(wasm.v128And), i32(16), plain(wasm.i32x4Shl), plain(wasm.v128Or));
}

/**
 * float32 to binary16 in the low half of each lane, ties to even. Adding 0.5 lets the hardware round what becomes
 * subnormal; the rest is rounded by integer addition, which carries into the exponent and so into infinity. NaN is 0x7e00.
 */
function floatToHalf(e: Emission): void {
  const [x, a, small] = [e.temporary("v128"), e.temporary("v128"), e.temporary("v128")];
  e.emit(tee(x), bits32(0x7fffffff), plain(wasm.v128And), tee(a));
  e.emit(bits32(0x3f000000), plain(wasm.f32x4Add), bits32(0x3f000000), plain(wasm.i32x4Sub), indexed(wasm.localSet, small));
  e.emit(get(small), get(a), bits32(0xc8000fff), plain(wasm.i32x4Add));
  e.emit(
    get(a),
    i32(13),
    plain(wasm.i32x4ShrU),
    bits32(1),
    plain(wasm.v128And),
    plain(wasm.i32x4Add),
    i32(13),
    plain(wasm.i32x4ShrU),
  );
  e.emit(get(a), bits32(0x38800000), plain(wasm.i32x4LtS), plain(wasm.v128Bitselect), indexed(wasm.localSet, small));
  e.emit(bits32(0x7c00), get(small), get(a), bits32(0x477fffff), plain(wasm.i32x4GtS), plain(wasm.v128Bitselect));
  e.emit(
    get(x),
    i32(16),
    plain(wasm.i32x4ShrU),
    bits32(0x8000),
    plain(wasm.v128And),
    plain(wasm.v128Or),
    indexed(wasm.localSet, small),
  );
  e.emit(bits32(0x7e00), get(small), get(x), get(x), plain(wasm.f32x4Ne), plain(wasm.v128Bitselect));
}

/** float32 to bfloat16 in the low half of each lane, ties to even; a NaN keeps its upper bits and becomes quiet. */
function floatToBfloat(e: Emission): void {
  const [x, upper] = [e.temporary("v128"), e.temporary("v128")];
  e.emit(tee(x), i32(16), plain(wasm.i32x4ShrU), tee(upper), bits32(0x40), plain(wasm.v128Or));
  e.emit(get(x), bits32(0x7fff), plain(wasm.i32x4Add), get(upper), bits32(1), plain(wasm.v128And), plain(wasm.i32x4Add));
  e.emit(i32(16), plain(wasm.i32x4ShrU), get(x), get(x), plain(wasm.f32x4Ne), plain(wasm.v128Bitselect));
}

const scalarLoads: Readonly<Record<DType, wasm.Opcode>> = {
  float32: wasm.f32Load,
  float64: wasm.f64Load,
  int32: wasm.i32Load,
  uint32: wasm.i32Load,
  uint8: wasm.i32Load8U,
  int8: wasm.i32Load8S,
  bool: wasm.i32Load8U,
  float16: wasm.i32Load16U,
  bfloat16: wasm.i32Load16U,
};

/** Loads one element in its compute type; the address lies on the stack. */
export function loadScalar(e: Emission, dtype: DType, offset: number): void {
  e.emit(memory(scalarLoads[dtype], offset));
  if (dtype === "bool") e.emit(i32(0), plain(wasm.i32Ne));
  if (dtype === "bfloat16") e.emit(i32(16), plain(wasm.i32Shl), plain(wasm.f32ReinterpretI32));
  if (dtype === "float16") {
    e.emit(plain(wasm.i32x4Splat));
    halfToFloat(e);
    e.emit(indexed(wasm.f32x4ExtractLane, 0));
  }
}

/** Loads `e.lanes` elements into one register of their compute type; the address lies on the stack. */
export function loadVector(e: Emission, dtype: DType, offset: number): void {
  const bytes = e.lanes * byteSize(dtype);
  if (bytes === 16) e.emit(memory(wasm.v128Load, offset));
  else if (bytes === 8) e.emit(memory(wasm.v128Load64Zero, offset));
  else if (bytes === 4) e.emit(memory(wasm.v128Load32Zero, offset));
  else if (bytes === 2) e.emit(memory(wasm.i32Load16U, offset), plain(wasm.i32x4Splat));
  else throw badLanes(e.lanes, dtype);
  switch (dtype) {
    case "float32":
    case "float64":
    case "int32":
    case "uint32":
      return;
    case "int8":
      e.emit(plain(wasm.i16x8ExtendLowI8x16S), plain(wasm.i32x4ExtendLowI16x8S));
      return;
    case "uint8":
      e.emit(plain(wasm.i16x8ExtendLowI8x16U), plain(wasm.i32x4ExtendLowI16x8U));
      return;
    case "bool":
      e.emit(plain(wasm.i16x8ExtendLowI8x16U), plain(wasm.i32x4ExtendLowI16x8U), bits32(0), plain(wasm.i32x4Ne));
      return;
    case "bfloat16":
      e.emit(plain(wasm.i32x4ExtendLowI16x8U), i32(16), plain(wasm.i32x4Shl));
      return;
    case "float16":
      e.emit(plain(wasm.i32x4ExtendLowI16x8U));
      halfToFloat(e);
  }
}

const scalarStores: Readonly<Record<DType, wasm.Opcode>> = {
  float32: wasm.f32Store,
  float64: wasm.f64Store,
  int32: wasm.i32Store,
  uint32: wasm.i32Store,
  uint8: wasm.i32Store8,
  int8: wasm.i32Store8,
  bool: wasm.i32Store8,
  float16: wasm.i32Store16,
  bfloat16: wasm.i32Store16,
};

/** Stores one element; the address and the value in its compute type lie on the stack. Integers wrap. */
export function storeScalar(e: Emission, dtype: DType, offset: number): void {
  if (dtype === "float16" || dtype === "bfloat16") {
    e.emit(plain(wasm.f32x4Splat));
    if (dtype === "float16") floatToHalf(e);
    else floatToBfloat(e);
    e.emit(indexed(wasm.i32x4ExtractLane, 0));
  }
  e.emit(memory(scalarStores[dtype], offset));
}

const wordBytes = [0, 1, 4, 5, 8, 9, 12, 13];
const byteOfWords = [0, 4, 8, 12];

/** Stores the `e.lanes` elements of one register; the address and the register lie on the stack. Integers wrap. */
export function storeVector(e: Emission, dtype: DType, offset: number): void {
  if (dtype === "float16") floatToHalf(e);
  if (dtype === "bfloat16") floatToBfloat(e);
  if (dtype === "bool") e.emit(bits32(1), plain(wasm.v128And));
  const size = byteSize(dtype);
  if (size === 2) gather(e, wordBytes);
  if (size === 1) gather(e, byteOfWords);
  const bytes = e.lanes * size;
  if (bytes === 16) e.emit(memory(wasm.v128Store, offset));
  else if (bytes === 8) e.emit(memory(wasm.v128Store64Lane, offset, 0));
  else if (bytes === 4) e.emit(memory(wasm.v128Store32Lane, offset, 0));
  else if (bytes === 2) e.emit(memory(wasm.v128Store16Lane, offset, 0));
  else throw badLanes(e.lanes, dtype);
}

function badLanes(lanes: number, dtype: DType): CompileError {
  return new CompileError(`[wasm] ${lanes} lanes of ${dtype} do not fill part of a register: expected a power of two`);
}
