/** Element types. float16 and bfloat16 are stored as such and computed in float32. */
export type DType =
  | "float32"
  | "float64"
  | "int32"
  | "uint32"
  | "uint8"
  | "int8"
  | "bool"
  | "float16"
  | "bfloat16";

/** Every dtype, in the order in which type promotion prefers the later one within its kind. */
export const dtypes: readonly DType[] = [
  "bool",
  "uint8",
  "int8",
  "uint32",
  "int32",
  "bfloat16",
  "float16",
  "float32",
  "float64",
];

/** An array of the elements of a dtype; Uint16Array holds the bits of 16-bit floats. */
export type TypedArray = Float32Array | Float64Array | Int32Array | Uint32Array | Uint8Array | Int8Array | Uint16Array;

/** What kind of number a dtype holds. */
export type DTypeKind = "float" | "int" | "uint" | "bool";

interface DTypeInfo {
  readonly bytes: number;
  readonly kind: DTypeKind;
  /** The type that arithmetic on it uses in kernels. */
  readonly compute: "float32" | "float64" | "int32" | "uint32" | "bool";
}

export const dtypeInfo: Readonly<Record<DType, DTypeInfo>> = {
  float32: { bytes: 4, kind: "float", compute: "float32" },
  float64: { bytes: 8, kind: "float", compute: "float64" },
  int32: { bytes: 4, kind: "int", compute: "int32" },
  uint32: { bytes: 4, kind: "uint", compute: "uint32" },
  uint8: { bytes: 1, kind: "uint", compute: "uint32" },
  int8: { bytes: 1, kind: "int", compute: "int32" },
  bool: { bytes: 1, kind: "bool", compute: "bool" },
  float16: { bytes: 2, kind: "float", compute: "float32" },
  bfloat16: { bytes: 2, kind: "float", compute: "float32" },
};

export function isFloat(dtype: DType): boolean {
  return dtypeInfo[dtype].kind === "float";
}

export function isInteger(dtype: DType): boolean {
  const kind = dtypeInfo[dtype].kind;
  return kind === "int" || kind === "uint";
}

/** Bytes of one element in memory. */
export function byteSize(dtype: DType): number {
  return dtypeInfo[dtype].bytes;
}

/** A typed array over `buffer` whose elements are as the dtype is stored; float16 and bfloat16 appear as their bits. */
export function typedView(dtype: DType, buffer: ArrayBufferLike, byteOffset = 0, length?: number): TypedArray {
  const count = length ?? Math.floor((buffer.byteLength - byteOffset) / byteSize(dtype));
  switch (dtype) {
    case "float32":
      return new Float32Array(buffer, byteOffset, count);
    case "float64":
      return new Float64Array(buffer, byteOffset, count);
    case "int32":
      return new Int32Array(buffer, byteOffset, count);
    case "uint32":
      return new Uint32Array(buffer, byteOffset, count);
    case "uint8":
    case "bool":
      return new Uint8Array(buffer, byteOffset, count);
    case "int8":
      return new Int8Array(buffer, byteOffset, count);
    case "float16":
    case "bfloat16":
      return new Uint16Array(buffer, byteOffset, count);
  }
}

/**
 * The dtype of a binary operation's result: the later of the two in `dtypes`, except that int8 with uint8 gives int32,
 * any signed with uint32 gives int32, and float16 with bfloat16 gives float32.
 */
export function promoteTypes(a: DType, b: DType): DType {
  if (a === b) return a;
  const pair = new Set([a, b]);
  if (pair.has("float16") && pair.has("bfloat16")) return "float32";
  if (pair.has("int8") && (pair.has("uint8") || pair.has("uint32"))) return "int32";
  return dtypes.indexOf(a) > dtypes.indexOf(b) ? a : b;
}
