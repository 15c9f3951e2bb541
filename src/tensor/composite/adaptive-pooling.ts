import { ArgumentError, ShapeError } from "../../core/errors.js";
import { formatShape } from "../../core/shape.js";
import type { Value } from "../../ir/graph.js";
import * as ops from "../../ops/index.js";
import { add, div, floorDivide, ge, logicalAnd, lt, mul, sub, where } from "./arithmetic.js";
import { matmul } from "./linear.js";
import { moveaxis, swapaxes, unsqueeze } from "./movement.js";
import { toDType, toFloat } from "./operands.js";
import { avgPool1d, avgPool2d, avgPool3d, maxPool1d, maxPool2d, maxPool3d } from "./pooling.js";
import { max } from "./reduction.js";

/** A size for every spatial axis, or one for each; null keeps the input's. */
export type OutputSize = number | null | readonly (number | null)[];

/**
 * Which of `length` elements belong to each of `count` windows, [count, length], and how many they are, [count, 1]:
 * window i reaches from ⌊i·length/count⌋ to ⌈(i + 1)·length/count⌉.
 */
function windows(count: number, length: number): { readonly belongs: Value; readonly sizes: Value } {
  const i = ops.iota([count, 1], 0, "int32");
  const start = floorDivide(mul(i, length), count);
  const end = floorDivide(add(mul(i, length), length + count - 1), count);
  const position = ops.iota([1, length], 1, "int32");
  return { belongs: logicalAnd(ge(position, start), lt(position, end)), sizes: sub(end, start) };
}

/** One axis of x averaged, as a product with a matrix of weights. */
function averageAxis(x: Value, axis: number, count: number): Value {
  const { belongs, sizes } = windows(count, x.shape[axis] ?? 1);
  const weights = div(toDType(belongs, x.dtype), toDType(sizes, x.dtype));
  return moveaxis(matmul(moveaxis(x, axis, -1), swapaxes(weights, 0, 1)), -1, axis);
}

function maximizeAxis(x: Value, axis: number, count: number): Value {
  const { belongs } = windows(count, x.shape[axis] ?? 1);
  const last = moveaxis(x, axis, -1);
  return moveaxis(max(where(belongs, unsqueeze(last, -2), -Infinity), -1), -1, axis);
}

const pools = {
  avg: { regular: [avgPool1d, avgPool2d, avgPool3d], axis: averageAxis },
  max: { regular: [maxPool1d, maxPool2d, maxPool3d], axis: maximizeAxis },
};

function adaptivePool(op: string, kind: "avg" | "max", spatial: number, x: Value, size: OutputSize): Value {
  if (x.shape.length !== spatial + 2 && x.shape.length !== spatial + 1) {
    throw new ShapeError(
      `[${op}] input ${formatShape(x.shape)} must have rank ${spatial + 2}, or ${spatial + 1} without batch`,
    );
  }
  const lengths = x.shape.slice(-spatial);
  const given = typeof size === "object" && size !== null ? size : new Array<number | null>(spatial).fill(size);
  const counts = lengths.map((length, i) => given[i] ?? length);
  if (given.length !== spatial || counts.some((n) => !Number.isInteger(n) || n < 1)) {
    throw new ArgumentError(
      `[${op}] output size ${JSON.stringify(size)} must be a whole number above 0 or null, or ${spatial} of them`,
    );
  }
  const input = toFloat(x);
  const { regular, axis } = pools[kind];
  const windowSizes = lengths.map((length, i) => length / (counts[i] ?? 1));
  const pool = regular[spatial - 1];
  if (pool && windowSizes.every((w) => Number.isInteger(w) && w > 0)) return pool(input, windowSizes);
  const first = input.shape.length - spatial;
  return counts.reduce((y, count, i) => (count === lengths[i] ? y : axis(y, first + i, count)), input);
}

/** The mean of each of `size` windows that cover x [N, C, L]: [N, C, size]. Throws ShapeError, ArgumentError. */
export function adaptiveAvgPool1d(x: Value, size: OutputSize): Value {
  return adaptivePool("adaptiveAvgPool1d", "avg", 1, x, size);
}

/** The mean of each of `size` windows that cover x [N, C, H, W]: [N, C, …size]. Throws ShapeError, ArgumentError. */
export function adaptiveAvgPool2d(x: Value, size: OutputSize): Value {
  return adaptivePool("adaptiveAvgPool2d", "avg", 2, x, size);
}

/** The mean of each of `size` windows that cover x [N, C, D, H, W]: [N, C, …size]. Throws ShapeError, ArgumentError. */
export function adaptiveAvgPool3d(x: Value, size: OutputSize): Value {
  return adaptivePool("adaptiveAvgPool3d", "avg", 3, x, size);
}

/** The largest element of each of `size` windows that cover x [N, C, L]: [N, C, size]. Throws ShapeError, ArgumentError. */
export function adaptiveMaxPool1d(x: Value, size: OutputSize): Value {
  return adaptivePool("adaptiveMaxPool1d", "max", 1, x, size);
}

/** The largest element of each of `size` windows that cover x [N, C, H, W]: [N, C, …size]. Throws ShapeError, ArgumentError. */
export function adaptiveMaxPool2d(x: Value, size: OutputSize): Value {
  return adaptivePool("adaptiveMaxPool2d", "max", 2, x, size);
}

/** The largest element of each of `size` windows that cover x [N, C, D, H, W]: [N, C, …size]. Throws ShapeError, ArgumentError. */
export function adaptiveMaxPool3d(x: Value, size: OutputSize): Value {
  return adaptivePool("adaptiveMaxPool3d", "max", 3, x, size);
}
