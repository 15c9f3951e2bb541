import type { DType } from "../../src/core/dtype.js";
import { isFloat } from "../../src/core/dtype.js";
import type { GradusError } from "../../src/core/errors.js";
import { sizeOf, type Shape } from "../../src/core/shape.js";
import { input, type TensorType, type Value } from "../../src/ir/graph.js";
import { rounded } from "./elements.js";

/** A tensor with its numbers, which the dtype holds exactly. */
export interface Operand extends TensorType {
  readonly values: Float64Array;
}

/** One use of an operator. */
export interface Sample {
  readonly name: string;
  readonly operands: readonly Operand[];
  build(inputs: readonly Value[]): Value | readonly Value[];
  /** How often it is differentiated: "none" for special values and for sizes that take the reference too long. */
  readonly gradient: "none" | "first" | "second";
  /** Whether it has a derivative in every direction, so that central differences show it. */
  readonly smooth: boolean;
  /** What stands before it when fusion is tried: its double, or for operands that must keep their values, a double negation. */
  readonly before: "double" | "same";
  readonly accuracy: Accuracy | undefined;
}

export interface ErrorSample {
  readonly name: string;
  run(): unknown;
  readonly error: new (message: string) => GradusError;
}

/**
 * How close results must be to float64: `exact` bit by bit (movement, integers); `scalar` relative to the element; `sum`
 * relative to the sum of the magnitudes that were added up;
 * `gradient` relative to the largest element, for terms that are around 1 and cancel.
 */
export type Accuracy = "exact" | "scalar" | "sum" | "gradient";

/** What the tests know of one operator record. */
export interface OpInfo {
  /** The record's name. */
  readonly op: string;
  readonly accuracy: Accuracy;
  readonly samples: readonly Sample[];
  readonly errors: readonly ErrorSample[];
}

type SampleOptions = Partial<Pick<Sample, "gradient" | "smooth" | "before" | "accuracy">>;

export function sample(
  name: string,
  operands: readonly Operand[],
  build: Sample["build"],
  { gradient = "second", smooth = true, before = "double", accuracy }: SampleOptions = {},
): Sample {
  return { name, operands, build, gradient, smooth, before, accuracy };
}

/** A use that must be refused where it is written, with an error of the given class. */
export function refused(name: string, error: ErrorSample["error"], run: () => unknown): ErrorSample {
  return { name, error, run };
}

/** Leaves without numbers, for error samples. */
export function leaf(shape: Shape, dtype: DType = "float32"): Value {
  return input({ shape, dtype });
}

export function operand(shape: Shape, values: ArrayLike<number>, dtype: DType = "float32"): Operand {
  if (values.length !== sizeOf(shape)) throw new RangeError(`${values.length} numbers for ${sizeOf(shape)} elements`);
  return { shape, dtype, values: rounded(dtype, values) };
}

/** A small generator of its own (Steele and others' SplitMix32), so that samples do not depend on what is tested. */
export class Numbers {
  #state: number;

  constructor(seed: number) {
    this.#state = seed >>> 0;
  }

  /** Uniform in [0, 1). */
  next(): number {
    this.#state = (this.#state + 0x9e3779b9) >>> 0;
    let z = this.#state;
    z = Math.imul(z ^ (z >>> 16), 0x21f0aaad);
    z = Math.imul(z ^ (z >>> 15), 0x735a2d97);
    return ((z ^ (z >>> 15)) >>> 0) / 2 ** 32;
  }

  below(n: number): number {
    return Math.floor(this.next() * n);
  }

  uniform(shape: Shape, low = -2, high = 2, dtype: DType = "float32"): Operand {
    return operand(shape, Float64Array.from({ length: sizeOf(shape) }, () => low + (high - low) * this.next()), dtype);
  }

  integers(shape: Shape, low: number, high: number, dtype: DType = "int32"): Operand {
    return operand(shape, Float64Array.from({ length: sizeOf(shape) }, () => low + this.below(high - low)), dtype);
  }

  bools(shape: Shape): Operand {
    return this.integers(shape, 0, 2, "bool");
  }

  /** All different, so that orders and maxima are unique and far enough apart for differences. */
  distinct(shape: Shape, dtype: DType = "float32"): Operand {
    const size = sizeOf(shape);
    const order = Float64Array.from({ length: size }, (_, i) => i);
    for (let i = size - 1; i > 0; i--) {
      const j = this.below(i + 1);
      [order[i], order[j]] = [order[j] ?? 0, order[i] ?? 0];
    }
    return operand(shape, order.map((v) => (isFloat(dtype) ? (v - size / 2) / 4 : v)), dtype);
  }

  /** Numbers that suit a dtype: small floats, or integers of both signs as far as there are any. */
  any(shape: Shape, dtype: DType): Operand {
    if (isFloat(dtype)) return this.uniform(shape, -2, 2, dtype);
    if (dtype === "bool") return this.bools(shape);
    return dtype === "uint8" || dtype === "uint32" ? this.integers(shape, 0, 200, dtype) : this.integers(shape, -100, 100, dtype);
  }
}

export const specials = [NaN, Infinity, -Infinity, 0, -0, 1, -1, 0.5, -0.5, 1e-40, -1e-40, 3.4e38, -3.4e38, 16777216, -2.5];

/** Integers where wrapping, signs and shifts go wrong. */
export function extremes(dtype: DType): number[] {
  const range: Partial<Record<DType, [number, number]>> = {
    int32: [-(2 ** 31), 2 ** 31 - 1],
    uint32: [0, 2 ** 32 - 1],
    int8: [-128, 127],
    uint8: [0, 255],
    bool: [0, 1],
  };
  const [low, high] = range[dtype] ?? [0, 0];
  if (dtype === "bool") return [0, 1];
  const near = [low, low + 1, high - 1, high, 0, 1, 2, 3, 7, 31, 32, 100];
  return low < 0 ? [...near, -1, -2, -3, -7, -31, -100] : near;
}

/** Every pair of two lists, as two operands. */
export function pairs(left: readonly number[], right: readonly number[], dtype: DType): [Operand, Operand] {
  const shape = [left.length * right.length];
  const a = left.flatMap((x) => right.map(() => x));
  const b = left.flatMap(() => right);
  return [operand(shape, a, dtype), operand(shape, b, dtype)];
}

/** Shapes around the widths of vectors, without elements, without axes, and of many axes. */
export const elementwiseShapes: readonly Shape[] = [[], [0], [1], [3], [4], [5], [15], [16], [17], [33], [2, 0, 3], [7, 9], [2, 1, 3, 1, 2, 1, 2, 2]];

export const integerDTypes: readonly DType[] = ["int32", "uint32", "int8", "uint8"];
