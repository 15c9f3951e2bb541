import { dtypeInfo, type DType, type DTypeKind } from "../core/dtype.js";
import { DTypeError, ShapeError } from "../core/errors.js";
import { formatShape, sameShape } from "../core/shape.js";
import type { ExprBuilder } from "../ir/expr-builder.js";
import type { TensorType } from "../ir/graph.js";
import type { Expr } from "../ir/loop.js";
import { at } from "./indexing.js";

export const floats: readonly DTypeKind[] = ["float"];
export const numbers: readonly DTypeKind[] = ["float", "int", "uint"];
export const bits: readonly DTypeKind[] = ["int", "uint", "bool"];
export const everything: readonly DTypeKind[] = ["float", "int", "uint", "bool"];

/** Throws a DTypeError unless the dtype is of one of the kinds. */
export function checkKind(op: string, dtype: DType, kinds: readonly DTypeKind[]): void {
  if (!kinds.includes(dtypeInfo[dtype].kind)) {
    throw new DTypeError(`[${op}] takes tensors of kind ${kinds.join(", ")}, and got ${dtype}: convert it first`);
  }
}

/** Throws a DTypeError unless the tensor holds int32. */
export function checkIndices(op: string, what: string, dtype: DType): void {
  if (dtype !== "int32") throw new DTypeError(`[${op}] ${what} must be int32, and got ${dtype}: convert them first`);
}

/** Throws unless all have the shape and dtype of the first. */
export function checkAlike(op: string, inputs: readonly TensorType[]): void {
  const first = at(inputs, 0);
  for (const input of inputs) {
    if (!sameShape(first.shape, input.shape)) {
      throw new ShapeError(`[${op}] shapes ${inputs.map((t) => formatShape(t.shape)).join(" and ")} differ: broadcast them first`);
    }
    checkSameDType(op, first.dtype, input.dtype);
  }
}

/** Throws a DTypeError unless both are the same. */
export function checkSameDType(op: string, a: DType, b: DType): void {
  if (a !== b) throw new DTypeError(`[${op}] dtypes ${a} and ${b} differ: convert one to the other's`);
}

/** int8 and uint8 are computed in 32 bits. */
export function isSmallInteger(dtype: DType): boolean {
  return dtype === "int8" || dtype === "uint8";
}

/** The dtype in which sums and products of a dtype are held: 32 bits for the 8-bit integers, itself for the others. */
export function wideDType(dtype: DType): DType {
  return dtype === "int8" ? "int32" : dtype === "uint8" ? "uint32" : dtype;
}

/** Throws a DTypeError for 8-bit integers, whose sums and products need a wider type. */
export function checkWide(op: string, dtype: DType): void {
  if (isSmallInteger(dtype)) throw new DTypeError(`[${op}] cannot accumulate in ${dtype}: convert to ${wideDType(dtype)} first`);
}

/** The low 8 bits of a 32-bit result, for the 8-bit integers. */
export function wrapExpr(b: ExprBuilder, value: Expr, dtype: DType): Expr {
  if (dtype === "uint8") return b.and(value, b.const(255, "uint32"));
  if (dtype !== "int8") return value;
  const shift = b.const(24, "int32");
  return b.op("shr", b.op("shl", value, shift), shift);
}

/** A number as an element of the dtype: integers wrap, bools are 0 or 1, floats stay as they are. */
export function wrapNumber(value: number, dtype: DType): number {
  switch (dtype) {
    case "int32":
      return value | 0;
    case "uint32":
      return value >>> 0;
    case "int8":
      return (value << 24) >> 24;
    case "uint8":
      return value & 255;
    case "bool":
      return value !== 0 ? 1 : 0;
    default:
      return value;
  }
}

/** Smallest and largest value of an integer dtype. */
export function integerRange(dtype: DType): [number, number] {
  const { bytes, kind } = dtypeInfo[dtype];
  const values = 2 ** (8 * bytes);
  return kind === "uint" ? [0, values - 1] : [-values / 2, values / 2 - 1];
}
