import { ArgumentError } from "../../core/errors.js";
import { formatShape, normalizeAxis } from "../../core/shape.js";
import type { Value } from "../../ir/graph.js";
import * as ops from "../../ops/index.js";
import { split } from "./movement.js";
import { toDType } from "./operands.js";
import { accumulator } from "./reduction.js";

export interface SortOptions {
  /** Largest first; false if not given. */
  readonly descending?: boolean | undefined;
}

/** Values in order and the int32 positions that they had. */
export interface Sorted {
  readonly values: Value;
  readonly indices: Value;
}

/**
 * Elements in ascending order along an axis, equal ones in their old order, NaN last in either direction. Throws
 * IndexError.
 */
export function sort(x: Value, axis = -1, { descending = false }: SortOptions = {}): Sorted {
  return ops.sort(x, normalizeAxis("sort", axis, x.shape.length), descending);
}

/** The int32 positions that put an axis in order, as `sort` does. Throws IndexError. */
export function argsort(x: Value, axis = -1, options: SortOptions = {}): Value {
  return sort(x, axis, options).indices;
}

/**
 * The k largest elements along an axis (or smallest), in order, with their int32 positions. Throws IndexError,
 * ArgumentError.
 */
export function topk(
  x: Value,
  k: number,
  axis = -1,
  { largest = true }: { readonly largest?: boolean | undefined } = {},
): Sorted {
  const a = normalizeAxis("topk", axis, x.shape.length);
  const size = x.shape[a] ?? 0;
  if (!Number.isInteger(k) || k < 0 || k > size)
    throw new ArgumentError(
      `[topk] k ${k} must be a whole number from 0 to ${size}, the size of axis ${axis} of ${formatShape(x.shape)}`,
    );
  const { values, indices } = sort(x, a, { descending: largest });
  const first = (all: Value): Value => split(all, [k, size - k], a)[0] ?? all;
  return { values: first(values), indices: first(indices) };
}

/** Running sums along an axis. int8, uint8 and bool add up in int32. Throws IndexError. */
export function cumsum(x: Value, axis: number): Value {
  return ops.cumulative(toDType(x, accumulator(x.dtype)), normalizeAxis("cumsum", axis, x.shape.length), "add");
}

/** Running products along an axis. int8, uint8 and bool multiply in int32. Throws IndexError. */
export function cumprod(x: Value, axis: number): Value {
  return ops.cumulative(toDType(x, accumulator(x.dtype)), normalizeAxis("cumprod", axis, x.shape.length), "mul");
}
