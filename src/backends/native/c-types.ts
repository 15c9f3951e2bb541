import type { DType } from "../../core/dtype.js";
import type { ComputeType } from "../../ir/loop.js";

/** How a compute type is spelled in C. A vector of bools is an int32 mask of −1 and 0; a scalar bool is an int of 1 or 0. */
export const computeTypes: Readonly<Record<ComputeType, { readonly scalar: string; readonly vector: VectorElement }>> = {
  float32: { scalar: "float", vector: "f32" },
  float64: { scalar: "double", vector: "f64" },
  int32: { scalar: "int32_t", vector: "i32" },
  uint32: { scalar: "uint32_t", vector: "u32" },
  bool: { scalar: "int", vector: "i32" },
  index: { scalar: "int64_t", vector: "i64" },
};

/** How a dtype lies in memory. */
export const storedTypes: Readonly<Record<DType, VectorElement>> = {
  float32: "f32",
  float64: "f64",
  int32: "i32",
  uint32: "u32",
  uint8: "u8",
  int8: "i8",
  bool: "u8",
  float16: "u16",
  bfloat16: "u16",
};

export type VectorElement = "f32" | "f64" | "i32" | "u32" | "i64" | "u8" | "i8" | "u16";

/** The C type of one element. */
export const elementTypes: Readonly<Record<VectorElement, { readonly c: string; readonly bytes: number }>> = {
  f32: { c: "float", bytes: 4 },
  f64: { c: "double", bytes: 8 },
  i32: { c: "int32_t", bytes: 4 },
  u32: { c: "uint32_t", bytes: 4 },
  i64: { c: "int64_t", bytes: 8 },
  u8: { c: "uint8_t", bytes: 1 },
  i8: { c: "int8_t", bytes: 1 },
  u16: { c: "uint16_t", bytes: 2 },
};
