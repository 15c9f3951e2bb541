import { sizeOf, stridesOf, type Shape } from "../core/shape.js";
import type { ExprBuilder } from "../ir/expr-builder.js";
import type { Expr } from "../ir/loop.js";

/** The element at `i`, which must exist. */
export function at<T>(list: readonly T[], i: number): T {
  if (i < 0 || i >= list.length) throw new RangeError(`position ${i} of a list of ${list.length}`);
  return list[i] as T;
}

/** 0, 1, … n−1. */
export function range(n: number): number[] {
  return Array.from({ length: n }, (_, i) => i);
}

/** Row-major position of an index. */
export function ravel(b: ExprBuilder, index: readonly Expr[], shape: Shape): Expr {
  const strides = stridesOf(shape);
  return index.reduce((sum, e, axis) => b.add(sum, b.mul(e, b.index(at(strides, axis)))), b.index(0));
}

/** The index at a row-major position below the shape's size. */
export function unravel(b: ExprBuilder, position: Expr, shape: Shape): Expr[] {
  if (sizeOf(shape) === 0) return shape.map(() => b.index(0));
  const strides = stridesOf(shape);
  return shape.map((size, axis) => {
    if (size === 1) return b.index(0);
    const outer = b.div(position, b.index(at(strides, axis)));
    return axis === 0 ? outer : b.rem(outer, b.index(size));
  });
}

/** The nearest index in 0 … size−1. */
export function clampIndex(b: ExprBuilder, index: Expr, last: number): Expr {
  return b.max(b.min(index, b.index(last)), b.index(0));
}

/** `0 ≤ index < size`. */
export function isInside(b: ExprBuilder, index: Expr, size: number): Expr {
  return b.and(b.le(b.index(0), index), b.lt(index, b.index(size)));
}
