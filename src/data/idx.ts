import { FormatError } from "../core/errors.js";

/** An IDX file's array: elements in row-major order, the last axis fastest. */
export type IdxArray = { readonly shape: readonly number[] } & (
  | { readonly dtype: "uint8"; readonly data: Uint8Array }
  | { readonly dtype: "int8"; readonly data: Int8Array }
  | { readonly dtype: "int16"; readonly data: Int16Array }
  | { readonly dtype: "int32"; readonly data: Int32Array }
  | { readonly dtype: "float32"; readonly data: Float32Array }
  | { readonly dtype: "float64"; readonly data: Float64Array }
);

const typeCodes = new Map<number, readonly [dtype: IdxArray["dtype"], itemBytes: number]>([
  [0x08, ["uint8", 1]],
  [0x09, ["int8", 1]],
  [0x0b, ["int16", 2]],
  [0x0c, ["int32", 4]],
  [0x0d, ["float32", 4]],
  [0x0e, ["float64", 8]],
]);

/**
 * Parses the IDX format: two zero bytes, a type code, the rank, big-endian 32-bit sizes, big-endian elements.
 * One-byte elements are returned as a view of `bytes`, others as a copy. `source` names the bytes in errors.
 * Throws FormatError for a wrong magic number, and for fewer or more bytes than the header announces.
 *
 * Source: "The MNIST database of handwritten digits", section "File formats" (LeCun, Cortes, Burges).
 */
export function parseIdx(bytes: Uint8Array, source = "IDX data"): IdxArray {
  const [zero0, zero1, typeCode, rank] = bytes;
  if (typeCode === undefined || rank === undefined) {
    throw new FormatError(`${source}: ${bytes.length} bytes, too short for IDX, whose magic number alone takes 4.`);
  }
  const type = typeCodes.get(typeCode);
  if (zero0 !== 0 || zero1 !== 0 || type === undefined) {
    const magic = Array.from(bytes.subarray(0, 4), (byte) => byte.toString(16).padStart(2, "0")).join(" ");
    throw new FormatError(
      `${source}: begins with ${magic}; IDX begins with 00 00, a type code (08, 09, 0b, 0c, 0d or 0e) and the rank. ` +
        "If the file is compressed, decompress it first.",
    );
  }
  const headerBytes = 4 + 4 * rank;
  if (bytes.length < headerBytes) {
    throw new FormatError(`${source}: ends within its header: ${bytes.length} of ${headerBytes} bytes.`);
  }
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const shape = Array.from({ length: rank }, (_, axis) => view.getUint32(4 + 4 * axis));
  const [dtype, itemBytes] = type;
  // A size of 0 would turn an overflowed product of the others into NaN.
  const count = shape.includes(0) ? 0 : shape.reduce((product, axisSize) => product * axisSize, 1);
  const expected = headerBytes + count * itemBytes;
  if (bytes.length !== expected) {
    const found = bytes.length < expected ? "is truncated" : "has trailing bytes";
    throw new FormatError(
      `${source}: ${found}: ${dtype} of shape [${shape.join(", ")}] takes ${expected} bytes, found ${bytes.length}.`,
    );
  }
  const at = (index: number): number => headerBytes + index * itemBytes;
  switch (dtype) {
    case "uint8":
      return { shape, dtype, data: bytes.subarray(headerBytes) };
    case "int8":
      return { shape, dtype, data: new Int8Array(bytes.buffer, bytes.byteOffset + headerBytes, count) };
    case "int16":
      return { shape, dtype, data: new Int16Array(count).map((_, i) => view.getInt16(at(i))) };
    case "int32":
      return { shape, dtype, data: new Int32Array(count).map((_, i) => view.getInt32(at(i))) };
    case "float32":
      return { shape, dtype, data: new Float32Array(count).map((_, i) => view.getFloat32(at(i))) };
    case "float64":
      return { shape, dtype, data: new Float64Array(count).map((_, i) => view.getFloat64(at(i))) };
  }
}
