import { ArgumentError, ShapeError } from "../core/errors.js";
import { formatShape, sizeOf, type Shape } from "../core/shape.js";
import { eye as identity, full, rand, randn, truncatedNormal, type Generator, type Tensor } from "../tensor/index.js";

export { orthogonal, type OrthogonalOptions } from "./orthogonal-init.js";

/*
 * Initial values, drawn when they are first used. Parameters that exist are given others by assignment:
 * `layer.weight.assign(init.xavierUniform(layer.weight.shape))`, or for all of a kind
 * `model.apply((m) => { if (m instanceof nn.Linear) m.weight.assign(init.orthogonal(m.weight.shape)); })`.
 */

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

/** Uniform numbers in [low, high), [0, 1) if not given. */
export function uniform(shape: Shape, low = 0, high = 1, options: InitOptions = {}): Tensor {
  return rand(shape, { ...options, low, high });
}

/** Normally distributed numbers; mean 0 and std 1 if not given. */
export function normal(shape: Shape, mean = 0, std = 1, options: InitOptions = {}): Tensor {
  return randn(shape, { ...options, mean, std });
}

/** One number everywhere. */
export function constant(shape: Shape, value: number): Tensor {
  return full(shape, value);
}

/** Zeros. */
export function zeros(shape: Shape): Tensor {
  return full(shape, 0);
}

/** Ones. */
export function ones(shape: Shape): Tensor {
  return full(shape, 1);
}

/** The identity as a matrix: ones on the diagonal. Throws ShapeError unless the shape has two axes. */
export function eye(shape: Shape): Tensor {
  const [rows, columns] = matrixSizes("eye", shape);
  return identity(rows, columns);
}

function matrixSizes(name: string, shape: Shape): [rows: number, columns: number] {
  const [rows = 0, columns = 0] = shape;
  if (shape.length !== 2) throw new ShapeError(`[init] ${name} makes matrices: ${formatShape(shape)} must be [rows, columns]`);
  return [rows, columns];
}

/**
 * A convolution's weight [out, in / groups, kernel…] that passes its input on, as many channels as there are: 1 in the middle
 * of each kernel from a channel to itself. Throws ShapeError unless there are one to three axes of kernels, ArgumentError for
 * groups that do not divide the outputs.
 */
export function dirac(shape: Shape, { groups = 1 }: { readonly groups?: number | undefined } = {}): Tensor {
  const [outputs = 0, inputs = 0, ...kernel] = shape;
  if (kernel.length < 1 || kernel.length > 3) {
    throw new ShapeError(`[init] dirac makes weights of convolutions: ${formatShape(shape)} must be [out, in, kernel…]`);
  }
  if (!(groups >= 1) || outputs % groups !== 0) {
    throw new ArgumentError(`[init] groups ${groups} must divide the ${outputs} outputs`);
  }
  const channels = identity(outputs / groups, inputs).tile(groups, 1);
  return kernel.reduce((weight, size, i) => {
    const middle = identity(size, size).at(Math.floor(size / 2)).reshape(size, ...kernel.slice(i + 1).map(() => 1));
    return weight.mul(middle);
  }, channels.reshape(outputs, inputs, ...kernel.map(() => 1)));
}

export interface TruncatedNormalOptions extends InitOptions {
  /** Before the cut; 0 if not given. */
  readonly mean?: number | undefined;
  /** Before the cut; 1 if not given. */
  readonly std?: number | undefined;
  /** The lower bound; −2 if not given. */
  readonly a?: number | undefined;
  /** The upper bound; 2 if not given. */
  readonly b?: number | undefined;
}

/** Normally distributed numbers of those within [a, b]. Throws ArgumentError for a range that holds next to none. */
export function truncNormal(shape: Shape, { a = -2, b = 2, ...options }: TruncatedNormalOptions = {}): Tensor {
  return truncatedNormal(shape, { ...options, low: a, high: b });
}

export interface SparseOptions extends InitOptions {
  /** The deviation of what is not 0; 0.01 if not given. */
  readonly std?: number | undefined;
}

/**
 * A normally distributed matrix with ⌈sparsity·rows⌉ zeros at random places of each column. Martens 2010, "Deep learning via
 * Hessian-free optimization". Throws ShapeError unless the shape has two axes, ArgumentError for a sparsity outside [0, 1].
 */
export function sparse(shape: Shape, sparsity: number, { std = 0.01, ...options }: SparseOptions = {}): Tensor {
  const [rows] = matrixSizes("sparse", shape);
  if (!(sparsity >= 0 && sparsity <= 1)) throw new ArgumentError(`[init] sparsity ${sparsity} must lie in [0, 1]`);
  const order = rand(shape, options).argsort(0).argsort(0);
  const isKept = order.ge(Math.ceil(sparsity * rows));
  return randn(shape, { ...options, std }).mul(isKept);
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

/** Uniform in ±√(3 / fanIn). LeCun et al. 1998, "Efficient BackProp". Throws ShapeError below rank 2. */
export function lecunUniform(shape: Shape, options: InitOptions = {}): Tensor {
  return kaimingUniform(shape, { ...options, nonlinearity: "linear" });
}

/** Normal with deviation 1 / √fanIn. LeCun et al. 1998, "Efficient BackProp". Throws ShapeError below rank 2. */
export function lecunNormal(shape: Shape, options: InitOptions = {}): Tensor {
  return kaimingNormal(shape, { ...options, nonlinearity: "linear" });
}
