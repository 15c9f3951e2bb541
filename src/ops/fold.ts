import { isFloat, type DType } from "../core/dtype.js";
import { DTypeError, ShapeError } from "../core/errors.js";
import { formatShape, type Shape } from "../core/shape.js";
import type { FoldOp } from "../ir/loop.js";
import { checkKind, checkWide, integerRange, numbers } from "./dtype-rules.js";

/** The value that changes nothing when folded in. */
export function foldIdentity(fold: FoldOp, dtype: DType): number {
  switch (fold) {
    case "add":
    case "or":
      return 0;
    case "mul":
    case "and":
      return 1;
    case "min":
      return isFloat(dtype) ? Infinity : integerRange(dtype)[1];
    case "max":
      return isFloat(dtype) ? -Infinity : integerRange(dtype)[0];
  }
}

/** Throws a DTypeError when the dtype cannot be folded so. */
export function checkFold(op: string, fold: FoldOp, dtype: DType): void {
  if (fold === "and" || fold === "or") {
    if (dtype !== "bool") throw new DTypeError(`[${op}] ${fold} takes bool, and got ${dtype}: compare with 0 first`);
    return;
  }
  checkKind(op, dtype, numbers);
  if (fold === "add" || fold === "mul") checkWide(op, dtype);
}

/** Throws a ShapeError when there is nothing to take the minimum or maximum of. */
export function checkNotEmpty(op: string, fold: FoldOp, shape: Shape, axes: readonly number[]): void {
  if ((fold === "min" || fold === "max") && axes.some((axis) => shape[axis] === 0)) {
    throw new ShapeError(`[${op}] ${formatShape(shape)} has no element along axes ${formatShape(axes)}: the ${fold} of nothing is undefined`);
  }
}
