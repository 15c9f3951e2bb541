import { isFloat, type DType } from "../core/dtype.js";
import { ArgumentError } from "../core/errors.js";
import type { Shape } from "../core/shape.js";
import type { Value } from "../ir/graph.js";
import { add, constant, convert, eq, iota, mul } from "../ops/index.js";
import { tie } from "../runtime/cell.js";
import { resolveDevice, type Backend } from "../runtime/devices.js";
import { leafFrom, type TensorData } from "./leaf.js";
import { Tensor } from "./tensor.js";

export interface CreationOptions {
  /** float32 if not given, unless said otherwise. */
  readonly dtype?: DType | undefined;
  /** The default device if not given. */
  readonly device?: Backend | string | undefined;
  /** Whether gradients are wanted; only for floats. */
  readonly requiresGrad?: boolean | undefined;
}

/** A tensor of a recorded value, with the options that every creation function takes. */
export function created(value: Value, { device, requiresGrad }: CreationOptions): Tensor {
  const tensor = new Tensor(device === undefined ? value : tie(value, resolveDevice(device)));
  if (requiresGrad) tensor.requiresGrad = true;
  return tensor;
}

/**
 * A tensor with the given elements: a number, nested arrays, or a typed array (which gives its dtype; `shape` arranges its
 * elements). Numbers are float32, arrays of booleans bool. Throws ShapeError for uneven arrays, ArgumentError, DTypeError.
 */
export function tensor(data: TensorData, options: CreationOptions & { readonly shape?: Shape | undefined } = {}): Tensor {
  const made = new Tensor(leafFrom("tensor", data, resolveDevice(options.device), options.dtype, options.shape));
  if (options.requiresGrad) made.requiresGrad = true;
  return made;
}

/** A tensor with `value` everywhere; booleans give bool. Throws ShapeError. */
export function full(shape: Shape, value: number | boolean, options: CreationOptions = {}): Tensor {
  const dtype = options.dtype ?? (typeof value === "boolean" ? "bool" : "float32");
  return created(constant(Number(value), dtype, shape), options);
}

/** A tensor of zeros. Throws ShapeError. */
export function zeros(shape: Shape, options: CreationOptions = {}): Tensor {
  return full(shape, 0, options);
}

/** A tensor of ones. Throws ShapeError. */
export function ones(shape: Shape, options: CreationOptions = {}): Tensor {
  return full(shape, 1, options);
}

/** A tensor whose elements do not matter; they are zeros. Throws ShapeError. */
export function empty(shape: Shape, options: CreationOptions = {}): Tensor {
  return full(shape, 0, options);
}

function like(x: Tensor, value: number, options: CreationOptions): Tensor {
  return full(x.shape, value, { dtype: x.dtype, device: x.valueFor("like").device ? x.device : undefined, ...options });
}

/** Zeros of the shape, dtype and device of `x`. */
export function zerosLike(x: Tensor, options: CreationOptions = {}): Tensor {
  return like(x, 0, options);
}

/** Ones of the shape, dtype and device of `x`. */
export function onesLike(x: Tensor, options: CreationOptions = {}): Tensor {
  return like(x, 1, options);
}

/** `value` everywhere, in the shape, dtype and device of `x`. */
export function fullLike(x: Tensor, value: number, options: CreationOptions = {}): Tensor {
  return like(x, value, options);
}

/**
 * start, start + step, … below `stop`; one number counts from 0. int32 if all are whole, else float32. Throws ArgumentError
 * for a step of 0.
 */
export function arange(stop: number, options?: CreationOptions): Tensor;
export function arange(start: number, stop: number, options?: CreationOptions): Tensor;
export function arange(start: number, stop: number, step: number, options?: CreationOptions): Tensor;
export function arange(first: number, ...rest: readonly (number | CreationOptions | undefined)[]): Tensor {
  const numbers = [first, ...rest.filter((item) => typeof item === "number")];
  const options = rest.find((item) => typeof item === "object") ?? {};
  const [start = 0, stop = 0, step = 1] = numbers.length === 1 ? [0, first] : numbers;
  if (step === 0) throw new ArgumentError("[arange] step 0 never reaches the stop: give a positive or negative step");
  const count = Math.max(0, Math.ceil((stop - start) / step));
  if (!Number.isFinite(count)) throw new ArgumentError(`[arange] ${start} to ${stop} by ${step} has no end: give finite numbers`);
  const dtype = options.dtype ?? (numbers.every((x) => Number.isInteger(x)) ? "int32" : "float32");
  return created(progression(count, start, step, dtype), options);
}

/** `count` numbers from `start` to `stop`, both included, equally far apart. Throws ShapeError for a count that is no size. */
export function linspace(start: number, stop: number, count: number, options: CreationOptions = {}): Tensor {
  const step = count > 1 ? (stop - start) / (count - 1) : 0;
  return created(progression(count, start, step, options.dtype ?? "float32"), options);
}

function progression(count: number, start: number, step: number, dtype: DType): Value {
  const own = isFloat(dtype) ? "float32" : "int32";
  const wide = dtype === "float64" ? "float64" : own;
  const shape = [count];
  const steps = iota(shape, 0, wide);
  const scaled = step === 1 ? steps : mul(steps, constant(step, wide, shape));
  return convert(start === 0 ? scaled : add(scaled, constant(start, wide, shape)), dtype);
}

/** A matrix with ones on the diagonal and zeros elsewhere; square unless `columns` is given. Throws ShapeError. */
export function eye(rows: number, columns = rows, options: CreationOptions = {}): Tensor {
  const shape = [rows, columns];
  return created(convert(eq(iota(shape, 0, "int32"), iota(shape, 1, "int32")), options.dtype ?? "float32"), options);
}
