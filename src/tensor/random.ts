import type { Shape } from "../core/shape.js";
import { convert } from "../ops/index.js";
import { defaultGenerator, type Generator } from "../runtime/generator.js";
import * as c from "./composite/random.js";
import { created, type CreationOptions } from "./creation.js";
import { Tensor } from "./tensor.js";

export { Generator, manualSeed } from "../runtime/generator.js";

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
