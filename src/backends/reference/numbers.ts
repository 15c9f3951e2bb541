import { isFloat, type DType } from "../../core/dtype.js";
import { sizeOf, type Shape } from "../../core/shape.js";
import type { FoldOp } from "../../ir/loop.js";
import type { Numbers } from "./meaning.js";

/** An array of the shape, computed index by index; the index array is reused. */
export function tabulate(shape: Shape, value: (index: readonly number[], position: number) => number): Float64Array {
  const data = new Float64Array(sizeOf(shape));
  const index = shape.map(() => 0);
  for (let position = 0; position < data.length; position++) {
    data[position] = value(index, position);
    advance(index, shape);
  }
  return data;
}

/** Calls `visit` for each index of the shape, row-major; the index array is reused. */
export function forEachIndex(shape: Shape, visit: (index: readonly number[], position: number) => void): void {
  const size = sizeOf(shape);
  const index = shape.map(() => 0);
  for (let position = 0; position < size; position++) {
    visit(index, position);
    advance(index, shape);
  }
}

function advance(index: number[], shape: Shape): void {
  for (let axis = shape.length - 1; axis >= 0; axis--) {
    const next = (index[axis] ?? 0) + 1;
    if (next < (shape[axis] ?? 1)) {
      index[axis] = next;
      return;
    }
    index[axis] = 0;
  }
}

/** Row-major position of an index. */
export function positionOf(shape: Shape, index: readonly number[]): number {
  let position = 0;
  for (let axis = 0; axis < shape.length; axis++) position = position * (shape[axis] ?? 1) + (index[axis] ?? 0);
  return position;
}

/** The element at an index. */
export function valueAt(tensor: Numbers, index: readonly number[]): number {
  return numberAt(tensor.data, positionOf(tensor.shape, index));
}

/** The number at a position, which must exist. */
export function numberAt(data: Float64Array, position: number): number {
  const value = data[position];
  if (value === undefined) throw new RangeError(`position ${position} of ${data.length} numbers`);
  return value;
}

/** Adds and multiplies plain numbers as the dtype does: 32-bit integers wrap. */
export function arithmeticOf(dtype: DType): { add(x: number, y: number): number; mul(x: number, y: number): number } {
  if (isFloat(dtype)) return { add: (x, y) => x + y, mul: (x, y) => x * y };
  return { add: (x, y) => (x + y) | 0, mul: (x, y) => Math.imul(x, y) };
}

/** The fold of two plain numbers; integer sums and products wrap at 32 bits. */
export function foldNumbers(fold: FoldOp, dtype: DType): (x: number, y: number) => number {
  const arithmetic = arithmeticOf(dtype);
  switch (fold) {
    case "add":
      return arithmetic.add;
    case "mul":
      return arithmetic.mul;
    case "min":
      return (x, y) => Math.min(x, y);
    case "max":
      return (x, y) => Math.max(x, y);
    case "and":
      return (x, y) => x & y;
    case "or":
      return (x, y) => x | y;
  }
}

/** Whether a number takes the place of the best so far: NaN does, of equal ones the first stays. */
export function replacesNumber(fold: "min" | "max", value: number, best: number): boolean {
  return (fold === "min" ? value < best : value > best) || (Number.isNaN(value) && !Number.isNaN(best));
}
