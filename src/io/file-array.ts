import { byteSize, dtypes, type DType } from "../core/dtype.js";
import { FormatError } from "../core/errors.js";
import { formatShape, type Shape } from "../core/shape.js";

/** Element types that files hold: those of tensors, and more that only lie in files. */
export type FileDType = DType | "int16" | "uint16" | "int64" | "uint64" | "complex64" | "complex128" | "float8_e4m3fn" | "float8_e5m2" | "float8_e8m0fnu";

/** An array as it lies in a file: little-endian, row-major. */
export interface FileArray {
  readonly dtype: FileDType;
  readonly shape: Shape;
  /** `itemBytes · Π shape` bytes, not necessarily aligned. */
  readonly data: Uint8Array;
}

/** Bytes of one element. */
export function fileItemBytes(dtype: FileDType): number {
  switch (dtype) {
    case "float8_e4m3fn":
    case "float8_e5m2":
    case "float8_e8m0fnu":
      return 1;
    case "int16":
    case "uint16":
      return 2;
    case "int64":
    case "uint64":
    case "complex64":
      return 8;
    case "complex128":
      return 16;
    default:
      return byteSize(dtype);
  }
}

export function isTensorDType(dtype: FileDType): dtype is DType {
  return dtypes.some((known) => known === dtype);
}

/** Whether `value` is a list of sizes, each a whole number of 0 or more below 2^53. */
export function isSizes(value: unknown): value is number[] {
  return Array.isArray(value) && value.every((size) => Number.isSafeInteger(size) && size >= 0 && !Object.is(size, -0));
}

/**
 * `itemBytes · Π shape`. Throws FormatError where a partial product is not below 2^53, so that no product wraps and no
 * allocation is asked for; `what` begins the message.
 */
export function arrayBytes(what: string, itemBytes: number, shape: Shape): number {
  let bytes = itemBytes;
  for (const size of shape) {
    bytes *= size;
    if (Number.isSafeInteger(bytes) && bytes >= 0) continue;
    throw new FormatError(`${what} has the shape ${formatShape(shape)}; its bytes must be a whole number below 2^53.`);
  }
  return bytes;
}

/** Exchanges the bytes of every number of `size` bytes, in place. */
export function swapBytes(data: Uint8Array, size: number): Uint8Array {
  for (let at = 0; at < data.length; at += size) {
    for (let low = at, high = at + size - 1; low < high; low++, high--) {
      [data[low], data[high]] = [data[high] ?? 0, data[low] ?? 0];
    }
  }
  return data;
}

/** Bytes of the numbers whose byte order counts: half an element for complex ones. */
export function scalarBytes(dtype: FileDType): number {
  return dtype.startsWith("complex") ? fileItemBytes(dtype) / 2 : fileItemBytes(dtype);
}

/**
 * The elements at `offset + Σ index · stride` of `source`, in row-major order; offset and strides count elements. They must
 * lie within `source`. A contiguous piece is returned as a view.
 */
export function gatherStrided(source: Uint8Array, itemBytes: number, shape: Shape, strides: readonly number[], offset = 0): Uint8Array {
  const count = shape.reduce((product, size) => product * size, 1);
  if (count === 0) return new Uint8Array();
  // Inner axes that lie closely together are copied as one run.
  let run = 1;
  let outer = shape.length;
  while (outer > 0 && (shape[outer - 1] === 1 || strides[outer - 1] === run)) run *= shape[--outer] ?? 1;
  const start = offset * itemBytes;
  if (outer === 0) return source.subarray(start, start + count * itemBytes);
  const result = new Uint8Array(count * itemBytes);
  const index = new Array<number>(outer).fill(0);
  const bytes = run * itemBytes;
  for (let to = 0, from = start; to < result.length; to += bytes) {
    if (bytes > 16) result.set(source.subarray(from, from + bytes), to);
    else for (let i = 0; i < bytes; i++) result[to + i] = source[from + i] ?? 0;
    for (let axis = outer - 1; axis >= 0; axis--) {
      const step = (strides[axis] ?? 0) * itemBytes;
      const next = (index[axis] ?? 0) + 1;
      if (next < (shape[axis] ?? 1)) {
        index[axis] = next;
        from += step;
        break;
      }
      from -= step * (next - 1);
      index[axis] = 0;
    }
  }
  return result;
}
