import { ArgumentError, ShapeError } from "../core/errors.js";
import { formatShape, sizeOf, type Shape } from "../core/shape.js";
import { full, rand, randn, type Generator, type Tensor } from "../tensor/index.js";

/** The nonlinearity that follows a layer; `slope` is that of leaky ReLU. */
export type Nonlinearity = "linear" | "sigmoid" | "tanh" | "relu" | "leakyRelu" | "selu";

export interface InitOptions {
  /** The stream to draw from; the one that `manualSeed` starts if not given. */
  readonly generator?: Generator | undefined;
}

export interface XavierOptions extends InitOptions {
  /** Factor on the deviation; 1 if not given. */
  readonly gain?: number | undefined;
}

export interface KaimingOptions extends InitOptions {
  /** Keep the variance of values ("fanIn", the default) or of gradients ("fanOut"). */
  readonly mode?: "fanIn" | "fanOut" | undefined;
  /** "leakyRelu" if not given. */
  readonly nonlinearity?: Nonlinearity | undefined;
  /** The negative slope of leaky ReLU; 0 if not given. */
  readonly slope?: number | undefined;
}

/** By how much a nonlinearity shrinks the deviation of what passes it. Source: PyTorch's `calculate_gain`. */
export function gainOf(nonlinearity: Nonlinearity, slope = 0.01): number {
  switch (nonlinearity) {
    case "linear":
    case "sigmoid":
      return 1;
    case "tanh":
      return 5 / 3;
    case "relu":
      return Math.SQRT2;
    case "leakyRelu":
      return Math.sqrt(2 / (1 + slope * slope));
    case "selu":
      return 3 / 4;
    default:
      throw new ArgumentError(`[init] there is no gain for nonlinearity ${JSON.stringify(nonlinearity)}`);
  }
}

/** How many inputs and outputs one element of a weight [out, in, kernel…] connects. Throws ShapeError below rank 2. */
export function fansOf(shape: Shape): { readonly fanIn: number; readonly fanOut: number } {
  const [outputs = 0, inputs = 0, ...kernel] = shape;
  if (shape.length < 2)
    throw new ShapeError(
      `[init] ${formatShape(shape)} has no fan-in and fan-out: they need a weight of shape [out, in, kernel…]`,
    );
  return { fanIn: inputs * sizeOf(kernel), fanOut: outputs * sizeOf(kernel) };
}

/** Uniform numbers in [low, high). */
export function uniform(shape: Shape, low: number, high: number, options: InitOptions = {}): Tensor {
  return rand(shape, { ...options, low, high });
}

/** Normally distributed numbers. */
export function normal(shape: Shape, mean: number, std: number, options: InitOptions = {}): Tensor {
  return randn(shape, { ...options, mean, std });
}

/** One number everywhere. */
export function constant(shape: Shape, value: number): Tensor {
  return full(shape, value);
}

function xavierDeviation(shape: Shape, gain: number): number {
  const { fanIn, fanOut } = fansOf(shape);
  return gain * Math.sqrt(2 / (fanIn + fanOut));
}

/** Uniform in ±gain·√(6 / (fanIn + fanOut)). Glorot and Bengio 2010. Throws ShapeError below rank 2. */
export function xavierUniform(shape: Shape, { gain = 1, ...options }: XavierOptions = {}): Tensor {
  const bound = Math.sqrt(3) * xavierDeviation(shape, gain);
  return uniform(shape, -bound, bound, options);
}

/** Normal with deviation gain·√(2 / (fanIn + fanOut)). Glorot and Bengio 2010. Throws ShapeError below rank 2. */
export function xavierNormal(shape: Shape, { gain = 1, ...options }: XavierOptions = {}): Tensor {
  return normal(shape, 0, xavierDeviation(shape, gain), options);
}

function kaimingDeviation(
  shape: Shape,
  { mode = "fanIn", nonlinearity = "leakyRelu", slope = 0 }: KaimingOptions,
): number {
  return gainOf(nonlinearity, slope) / Math.sqrt(fansOf(shape)[mode]);
}

/** Uniform in ±gain·√(3 / fan). He et al. 2015. Throws ShapeError below rank 2. */
export function kaimingUniform(shape: Shape, options: KaimingOptions = {}): Tensor {
  const bound = Math.sqrt(3) * kaimingDeviation(shape, options);
  return uniform(shape, -bound, bound, options);
}

/** Normal with deviation gain / √fan. He et al. 2015. Throws ShapeError below rank 2. */
export function kaimingNormal(shape: Shape, options: KaimingOptions = {}): Tensor {
  return normal(shape, 0, kaimingDeviation(shape, options), options);
}
