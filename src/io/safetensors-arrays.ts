import { FormatError } from "../core/errors.js";
import type { FileArray, FileDType } from "./file-array.js";
import { decodeSafetensors, encodeSafetensors, type SafetensorsDType, type SafetensorsTensor } from "./safetensors.js";

/** The element types of safetensors files by their tags. */
export const safetensorsDTypes: Readonly<Record<SafetensorsDType, FileDType>> = {
  BOOL: "bool",
  U8: "uint8",
  I8: "int8",
  F8_E4M3: "float8_e4m3fn",
  F8_E5M2: "float8_e5m2",
  F8_E8M0: "float8_e8m0fnu",
  U16: "uint16",
  I16: "int16",
  F16: "float16",
  BF16: "bfloat16",
  U32: "uint32",
  I32: "int32",
  F32: "float32",
  U64: "uint64",
  I64: "int64",
  F64: "float64",
  C64: "complex64",
};

export function fromSafetensors({ dtype, shape, data }: SafetensorsTensor): FileArray {
  return { dtype: safetensorsDTypes[dtype], shape, data };
}

/** Throws FormatError for complex128, which the format lacks. */
export function toSafetensors({ dtype, shape, data }: FileArray): SafetensorsTensor {
  for (const [tag, known] of Object.entries(safetensorsDTypes)) {
    if (known === dtype) return { dtype: tag as SafetensorsDType, shape, data };
  }
  throw new FormatError(`safetensors: the format has no ${dtype}; write .npy.`);
}

/** The arrays of a safetensors file by name. Throws as `decodeSafetensors`. */
export function decodeSafetensorsArrays(bytes: Uint8Array): Map<string, FileArray> {
  return new Map([...decodeSafetensors(bytes).tensors].map(([name, tensor]) => [name, fromSafetensors(tensor)]));
}

/** A safetensors file of the arrays. Throws as `encodeSafetensors`. */
export function encodeSafetensorsArrays(arrays: ReadonlyMap<string, FileArray>, metadata?: ReadonlyMap<string, string>): Uint8Array {
  return encodeSafetensors(new Map([...arrays].map(([name, array]) => [name, toSafetensors(array)])), metadata);
}
