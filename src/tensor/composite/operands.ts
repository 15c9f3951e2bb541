import { isFloat, promoteTypes, type DType } from "../../core/dtype.js";
import { ShapeError } from "../../core/errors.js";
import { broadcastShapes, formatShape, sameShape, type Shape } from "../../core/shape.js";
import type { Value } from "../../ir/graph.js";
import { broadcast, constant, convert } from "../../ops/index.js";

/** A tensor, or a JavaScript number or boolean that takes on the dtype of the tensors it meets. */
export type Operand = Value | number | boolean;

/** Whether an operand is a number or boolean of JavaScript's. */
export function isScalar(operand: Operand): operand is number | boolean {
  return typeof operand !== "object";
}

/** The shape of an operand; numbers are scalars. */
export function shapeOf(operand: Operand): Shape {
  return isScalar(operand) ? [] : operand.shape;
}

/** The tensor in another dtype; itself if it has that dtype. */
export function toDType(x: Value, dtype: DType): Value {
  return x.dtype === dtype ? x : convert(x, dtype);
}

/** The tensor, integers and bools as float32. */
export function toFloat(x: Value): Value {
  return isFloat(x.dtype) ? x : convert(x, "float32");
}

/** The tensor, bools as int32, for arithmetic. */
export function toNumeric(x: Value): Value {
  return x.dtype === "bool" ? convert(x, "int32") : x;
}

/**
 * The dtype in which operands meet. Tensors promote each other; a JavaScript number keeps the tensors' dtype unless
 * that
 * would lose its fraction (then float32) or its value (bool with a number gives int32). Numbers alone are float32.
 */
export function commonDType(operands: readonly Operand[]): DType {
  let dtype: DType | undefined;
  for (const operand of operands) {
    if (!isScalar(operand)) dtype = dtype === undefined ? operand.dtype : promoteTypes(dtype, operand.dtype);
  }
  for (const operand of operands) if (isScalar(operand)) dtype = withScalar(dtype, operand);
  return dtype ?? "float32";
}

function withScalar(dtype: DType | undefined, scalar: number | boolean): DType {
  if (typeof scalar === "boolean") return dtype ?? "bool";
  if (dtype === undefined) return "float32";
  if (isFloat(dtype)) return dtype;
  if (!Number.isInteger(scalar)) return "float32";
  return dtype === "bool" ? "int32" : dtype;
}

/**
 * The tensor repeated along missing and size-1 axes, as NumPy does. Throws ShapeError where the shapes do not allow it.
 */
export function broadcastTo(op: string, x: Value, shape: Shape): Value {
  if (sameShape(x.shape, shape)) return x;
  const offset = shape.length - x.shape.length;
  if (offset < 0 || x.shape.some((size, axis) => size !== 1 && size !== shape[axis + offset])) {
    throw new ShapeError(
      `[${op}] ${formatShape(x.shape)} does not broadcast to ${formatShape(shape)}: counted from the last axis, ` +
        "sizes must be equal or 1",
    );
  }
  return broadcast(
    x,
    shape,
    x.shape.map((_, axis) => axis + offset),
  );
}

/** A number or tensor as a tensor of exactly this dtype and shape. */
export function materialize(op: string, operand: Operand, dtype: DType, shape: Shape): Value {
  return isScalar(operand) ? constant(Number(operand), dtype, shape) : broadcastTo(op, toDType(operand, dtype), shape);
}

/**
 * The operands in one dtype (their common one unless given) and one shape. Throws ShapeError naming the op and the
 * shapes.
 */
export function unify<const T extends readonly Operand[]>(
  op: string,
  operands: T,
  dtype = commonDType(operands),
): { readonly [K in keyof T]: Value } {
  const shape = broadcastShapes(op, ...operands.map(shapeOf));
  return operands.map((operand) => materialize(op, operand, dtype, shape)) as { readonly [K in keyof T]: Value };
}
