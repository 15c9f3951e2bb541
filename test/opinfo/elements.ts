import { byteSize, typedView, type DType } from "../../src/core/dtype.js";
import { fromBfloat16, fromFloat16, toBfloat16, toFloat16 } from "../../src/core/half.js";

/** Numbers as the bytes of a dtype; floats round to nearest, bools are 0 or 1. */
export function encode(dtype: DType, values: ArrayLike<number>): Uint8Array {
  const bytes = new Uint8Array(values.length * byteSize(dtype));
  const view = typedView(dtype, bytes.buffer);
  const toBits = { float16: toFloat16, bfloat16: toBfloat16, bool: (v: number): number => (v === 0 ? 0 : 1) }[dtype as string];
  for (let i = 0; i < values.length; i++) view[i] = toBits ? toBits(values[i] ?? 0) : (values[i] ?? 0);
  return bytes;
}

/** The numbers that the bytes of a dtype stand for. */
export function decode(dtype: DType, bytes: Uint8Array): Float64Array {
  const view = typedView(dtype, bytes.buffer, bytes.byteOffset, Math.floor(bytes.byteLength / byteSize(dtype)));
  const fromBits = dtype === "float16" ? fromFloat16 : dtype === "bfloat16" ? fromBfloat16 : undefined;
  return Float64Array.from(view, (v) => (fromBits ? fromBits(v) : v));
}

/** The nearest numbers that a dtype holds. */
export function rounded(dtype: DType, values: ArrayLike<number>): Float64Array {
  return decode(dtype, encode(dtype, values));
}
