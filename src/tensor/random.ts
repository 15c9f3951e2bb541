import { ShapeError } from "../core/errors.js";
import { formatShape, type Shape } from "../core/shape.js";
import { convert } from "../ops/index.js";
import { defaultGenerator, type Generator } from "../runtime/generator.js";
import * as c from "./composite/random.js";
import { created, type CreationOptions } from "./creation.js";
import { Tensor } from "./tensor.js";

export { defaultGenerator, Generator, manualSeed } from "../runtime/generator.js";

export interface RandomOptions extends CreationOptions {
  /** The stream to draw from; the one that `manualSeed` starts if not given. */
  readonly generator?: Generator | undefined;
}

function keyOf({ generator = defaultGenerator }: RandomOptions) {
  return generator.draw();
}

/** Uniform numbers in [low, high), [0, 1) if not given. Throws DTypeError for integers, ArgumentError. */
export function rand(shape: Shape, options: RandomOptions & { readonly low?: number | undefined; readonly high?: number | undefined } = {}): Tensor {
  return created(c.uniform(keyOf(options), shape, options), options);
}

/** Normally distributed numbers; mean 0 and std 1 if not given. Throws DTypeError for integers, ArgumentError. */
export function randn(shape: Shape, options: RandomOptions & { readonly mean?: number | undefined; readonly std?: number | undefined } = {}): Tensor {
  return created(c.normal(keyOf(options), shape, options), options);
}

/**
 * Normally distributed numbers of those within [low, high], ±2 if not given; mean 0 and std 1, which are those before the
 * cut, if not given. Throws DTypeError, ArgumentError.
 */
export function truncatedNormal(shape: Shape, options: RandomOptions & c.TruncatedNormalOptions = {}): Tensor {
  return created(c.truncatedNormal(keyOf(options), shape, options), options);
}

/** Whole numbers in [low, high), int32 if no dtype is given. Throws ArgumentError for an empty range. */
export function randint(low: number, high: number, shape: Shape, options: RandomOptions = {}): Tensor {
  return created(c.randint(keyOf(options), shape, low, high, options), options);
}

/** 0 … n − 1 in random order, int32 if no dtype is given. Throws ShapeError. */
export function randperm(n: number, options: RandomOptions = {}): Tensor {
  const order = c.permutation(keyOf(options), n);
  return created(convert(order, options.dtype ?? "int32"), options);
}

/** True with the given probability, as bool. Throws ArgumentError for a probability outside [0, 1]. */
export function bernoulli(probability: number, shape: Shape, options: Omit<RandomOptions, "dtype"> = {}): Tensor {
  return created(c.bernoulli(keyOf(options), shape, probability), options);
}

/** x with each element set to 0 with probability p and the others scaled by 1/(1 − p). Srivastava et al. 2014. Throws ArgumentError. */
export function dropout(x: Tensor, p: number, options: Pick<RandomOptions, "generator"> = {}): Tensor {
  return new Tensor(c.dropout(keyOf(options), x.valueFor("dropout"), p));
}

function channelDropout(op: string, spatial: number, x: Tensor, p: number, options: Pick<RandomOptions, "generator">): Tensor {
  const rank = x.shape.length;
  if (rank !== spatial + 2 && rank !== spatial + 1) {
    throw new ShapeError(`[${op}] input ${formatShape(x.shape)} must have rank ${spatial + 2}, or ${spatial + 1} without batch`);
  }
  return new Tensor(c.dropout(keyOf(options), x.valueFor(op), p, rank - spatial));
}

/** `dropout` of whole channels of [N, C, L] or [C, L]. Tompson et al. 2015. Throws ShapeError, ArgumentError. */
export function dropout1d(x: Tensor, p: number, options: Pick<RandomOptions, "generator"> = {}): Tensor {
  return channelDropout("dropout1d", 1, x, p, options);
}

/** `dropout` of whole channels of [N, C, H, W] or [C, H, W]. Tompson et al. 2015. Throws ShapeError, ArgumentError. */
export function dropout2d(x: Tensor, p: number, options: Pick<RandomOptions, "generator"> = {}): Tensor {
  return channelDropout("dropout2d", 2, x, p, options);
}

/** `dropout` of whole channels of [N, C, D, H, W] or [C, D, H, W]. Tompson et al. 2015. Throws ShapeError, ArgumentError. */
export function dropout3d(x: Tensor, p: number, options: Pick<RandomOptions, "generator"> = {}): Tensor {
  return channelDropout("dropout3d", 3, x, p, options);
}

/** x with elements set to SELU's lowest value with probability p, mean 0 and variance 1 kept. Klambauer et al. 2017. Throws ArgumentError. */
export function alphaDropout(x: Tensor, p: number, options: Pick<RandomOptions, "generator"> = {}): Tensor {
  return new Tensor(c.alphaDropout(keyOf(options), x.valueFor("alphaDropout"), p));
}

/** `dropout` of whole examples of [N, …], for what is added to a shortcut. Huang et al. 2016. Throws ArgumentError. */
export function dropPath(x: Tensor, p: number, options: Pick<RandomOptions, "generator"> = {}): Tensor {
  return new Tensor(c.dropout(keyOf(options), x.valueFor("dropPath"), p, 1));
}
