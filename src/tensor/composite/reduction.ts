import type { DType } from "../../core/dtype.js";
import { ArgumentError, ShapeError } from "../../core/errors.js";
import { formatShape, normalizeAxes, normalizeAxis, sizeOf } from "../../core/shape.js";
import type { Value } from "../../ir/graph.js";
import * as ops from "../../ops/index.js";
import { isfinite } from "./elementwise.js";
import { toBool } from "./arithmetic.js";
import { flatten, reshape } from "./movement.js";
import { broadcastTo, toDType, toFloat } from "./operands.js";

/** One axis, several, or undefined for all. Negative ones count from the back. */
export type Axes = number | readonly number[] | undefined;

export interface ReduceOptions {
  /** Keep reduced axes with size 1; false if not given. */
  readonly keepdims?: boolean | undefined;
}

type Fold = Parameters<typeof ops.reduce>[2];

/** Axes as numbers, how many elements one result takes in, and how to put reduced axes back. */
function plan(op: string, x: Value, axis: Axes, { keepdims = false }: ReduceOptions) {
  const axes = normalizeAxes(op, axis, x.shape.length);
  return {
    axes,
    count: axes.reduce((product, a) => product * (x.shape[a] ?? 1), 1),
    finish: (reduced: Value): Value =>
      keepdims
        ? reshape(
            reduced,
            x.shape.map((d, i) => (axes.includes(i) ? 1 : d)),
          )
        : reduced,
  };
}

function fold(op: string, x: Value, kind: Fold, axis: Axes, options: ReduceOptions): Value {
  const { axes, finish } = plan(op, x, axis, options);
  return finish(axes.length === 0 ? x : ops.reduce(x, axes, kind));
}

/** Small integers and bools add up in int32. */
export function accumulator(dtype: DType): DType {
  return dtype === "bool" || dtype === "int8" || dtype === "uint8" ? "int32" : dtype;
}

/** The sum over axes; that of nothing is 0. int8, uint8 and bool add up in int32. */
export function sum(x: Value, axis?: Axes, options: ReduceOptions = {}): Value {
  return fold("sum", toDType(x, accumulator(x.dtype)), "add", axis, options);
}

/** The product over axes; that of nothing is 1. int8, uint8 and bool multiply in int32. */
export function prod(x: Value, axis?: Axes, options: ReduceOptions = {}): Value {
  return fold("prod", toDType(x, accumulator(x.dtype)), "mul", axis, options);
}

/** The arithmetic mean over axes; that of nothing is NaN. Integers and bools give float32. */
export function mean(x: Value, axis?: Axes, options: ReduceOptions = {}): Value {
  const input = toFloat(x);
  const total = sum(input, axis, options);
  return ops.div(total, ops.constant(plan("mean", x, axis, options).count, total.dtype, total.shape));
}

function extremum(op: "max" | "min", x: Value, axis: Axes, options: ReduceOptions): Value {
  if (x.dtype === "bool") return fold(op, x, op === "max" ? "or" : "and", axis, options);
  const { axes, count } = plan(op, x, axis, options);
  if (count === 0) {
    throw new ShapeError(
      `[${op}] ${formatShape(x.shape)} has no elements along axes ${formatShape(axes)}: the ${op} of nothing does ` +
        "not exist",
    );
  }
  return fold(op, x, op, axis, options);
}

/** The largest element over axes; NaN if there is one. Throws ShapeError over nothing. */
export function max(x: Value, axis?: Axes, options: ReduceOptions = {}): Value {
  return extremum("max", x, axis, options);
}

/** The smallest element over axes; NaN if there is one. Throws ShapeError over nothing. */
export function min(x: Value, axis?: Axes, options: ReduceOptions = {}): Value {
  return extremum("min", x, axis, options);
}

function argExtremum(op: "max" | "min", x: Value, axis: number | undefined, options: ReduceOptions): Value {
  const name = op === "max" ? "argmax" : "argmin";
  const input = axis === undefined ? flatten(x) : x;
  const { axes, count, finish } = plan(name, input, axis ?? 0, options);
  if (count === 0)
    throw new ShapeError(
      `[${name}] ${formatShape(x.shape)} has no elements along axis ${axis ?? "(all)"}: the ${op} of nothing does ` +
        "not exist",
    );
  const found = ops.argReduce(toDType(input, input.dtype === "bool" ? "int32" : input.dtype), axes[0] ?? 0, op);
  return axis === undefined && options.keepdims
    ? reshape(
        found,
        x.shape.map(() => 1),
      )
    : finish(found);
}

/**
 * The index (int32) of the first largest element along an axis, or in the flattened tensor; NaN counts as largest.
 * Throws ShapeError over nothing.
 */
export function argmax(x: Value, axis?: number, options: ReduceOptions = {}): Value {
  return argExtremum("max", x, axis, options);
}

/**
 * The index (int32) of the first smallest element along an axis, or in the flattened tensor; NaN counts as smallest.
 * Throws ShapeError over nothing.
 */
export function argmin(x: Value, axis?: number, options: ReduceOptions = {}): Value {
  return argExtremum("min", x, axis, options);
}

/** Whether every element is nonzero; true for nothing. */
export function all(x: Value, axis?: Axes, options: ReduceOptions = {}): Value {
  return fold("all", toBool(x), "and", axis, options);
}

/** Whether some element is nonzero; false for nothing. */
export function any(x: Value, axis?: Axes, options: ReduceOptions = {}): Value {
  return fold("any", toBool(x), "or", axis, options);
}

export interface VarianceOptions extends ReduceOptions {
  /** The divisor is count − correction: 1 (the default) for the unbiased estimate, 0 for the population's. */
  readonly correction?: number | undefined;
}

/** Σ (x − mean)² / (count − correction) over axes; NaN where count ≤ correction. Integers and bools give float32. */
export function variance(x: Value, axis?: Axes, { correction = 1, keepdims }: VarianceOptions = {}): Value {
  const input = toFloat(x);
  const { axes, count } = plan("variance", x, axis, {});
  const centered = ops.sub(input, spread(mean(input, axes, { keepdims: true }), input));
  const total = sum(ops.mul(centered, centered), axes, { keepdims });
  return ops.div(total, ops.constant(Math.max(0, count - correction), total.dtype, total.shape));
}

/** The standard deviation: the square root of `variance`. */
export function std(x: Value, axis?: Axes, options: VarianceOptions = {}): Value {
  return ops.sqrt(variance(x, axis, options));
}

/** A reduced tensor with kept axes, repeated to the shape before the reduction. */
function spread(reduced: Value, x: Value): Value {
  return broadcastTo("reduction", reduced, x.shape);
}

export interface NormOptions extends ReduceOptions {
  /** The exponent p ≥ 0, Infinity or −Infinity; 2 if not given. 0 counts the nonzero elements. */
  readonly ord?: number | undefined;
}

/** (Σ |x|ᵖ)^(1/p) over axes; the gradient of the 2-norm at 0 is 0. Throws ArgumentError for an exponent that is NaN. */
export function norm(x: Value, axis?: Axes, { ord = 2, keepdims }: NormOptions = {}): Value {
  const input = toFloat(x);
  const size = ops.abs(input);
  if (Number.isNaN(ord)) throw new ArgumentError("[norm] ord is NaN: give a number or Infinity");
  if (ord === Infinity) return max(size, axis, { keepdims });
  if (ord === -Infinity) return min(size, axis, { keepdims });
  if (ord === 0) return sum(toDType(toBool(input), input.dtype), axis, { keepdims });
  if (ord === 1) return sum(size, axis, { keepdims });
  const power = ord === 2 ? ops.mul(input, input) : ops.pow(size, ops.constant(ord, input.dtype, input.shape));
  const total = sum(power, axis, { keepdims });
  const zero = ops.constant(0, total.dtype, total.shape);
  // A root has an infinite slope at 0, which times 0 would be NaN in the gradient.
  const isZero = ops.eq(total, zero);
  const safe = ops.select(isZero, ops.constant(1, total.dtype, total.shape), total);
  const root = ord === 2 ? ops.sqrt(safe) : ops.pow(safe, ops.constant(1 / ord, total.dtype, total.shape));
  return ops.select(isZero, zero, root);
}

/** The largest element with axes kept, as a constant to the gradient; 0 where it is not finite. */
function anchor(x: Value, axes: readonly number[]): Value {
  const highest = ops.stopGradient(max(x, axes, { keepdims: true }));
  return ops.select(isfinite(highest), highest, ops.constant(0, highest.dtype, highest.shape));
}

/** ln Σ eˣ over axes, without overflow; −∞ over nothing. */
export function logsumexp(x: Value, axis?: Axes, options: ReduceOptions = {}): Value {
  const input = toFloat(x);
  const { axes, finish, count } = plan("logsumexp", x, axis, options);
  if (count === 0) return ops.log(sum(input, axes, options));
  const highest = anchor(input, axes);
  const total = sum(ops.exp(ops.sub(input, spread(highest, input))), axes);
  return finish(ops.add(ops.log(total), reshape(highest, total.shape)));
}

/** x less its maximum along an axis, which is a constant to the gradient. Integers and bools give float32. */
export function belowMax(op: string, x: Value, axis: number): Value {
  const input = toFloat(x);
  const a = normalizeAxis(op, axis, x.shape.length);
  if (sizeOf(x.shape) === 0) return input;
  return ops.sub(input, spread(ops.stopGradient(max(input, a, { keepdims: true })), input));
}

/** eˣ / Σ eˣ along an axis, without overflow. Integers and bools give float32. */
export function softmax(x: Value, axis = -1): Value {
  const e = ops.exp(belowMax("softmax", x, axis));
  const total = sum(e, axis, { keepdims: true });
  // One division for each row, and a product for each element.
  return ops.mul(e, spread(ops.div(ops.constant(1, e.dtype, total.shape), total), e));
}

/** ln(eˣ / Σ eˣ) along an axis, without overflow. Integers and bools give float32. */
export function logSoftmax(x: Value, axis = -1): Value {
  const shifted = belowMax("logSoftmax", x, axis);
  return ops.sub(shifted, spread(ops.log(sum(ops.exp(shifted), axis, { keepdims: true })), shifted));
}
