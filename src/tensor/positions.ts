import { ArgumentError, ShapeError } from "../core/errors.js";
import { formatShape } from "../core/shape.js";
import { tensor, type CreationOptions } from "./creation.js";
import { concat, stack } from "./functions.js";
import { Tensor } from "./tensor.js";

/** position · base^(−2i/features), row by row; in double precision, since float32 loses the angles of late positions. */
function angles(length: number, features: number, base: number, offset = 0): Float64Array {
  const pairs = features / 2;
  return Float64Array.from(
    { length: length * pairs },
    (_, n) => (offset + Math.floor(n / pairs)) * base ** (-(n % pairs) / pairs),
  );
}

function requireEven(op: string, features: number): void {
  if (!Number.isInteger(features) || features < 2 || features % 2 !== 0)
    throw new ArgumentError(`[${op}] ${features} features: expected an even number of 2 or more, since they make pairs`);
}

/**
 * sin(pos / 10000^(2i/features)) at feature 2i and the cosine of the same at 2i + 1: [length, features]. Vaswani et al.
 * 2017, section 3.5. Throws ArgumentError for an odd number of features.
 */
export function sinusoidalPositions(length: number, features: number, options: CreationOptions = {}): Tensor {
  requireEven("sinusoidalPositions", features);
  const waves = Array.from(angles(length, features, 10000)).flatMap((angle) => [Math.sin(angle), Math.cos(angle)]);
  return tensor(Float32Array.from(waves), { ...options, dtype: options.dtype ?? "float32", shape: [length, features] });
}

export interface RotaryOptions {
  /** The base of the wavelengths; 10000 if not given. */
  readonly base?: number | undefined;
  /** The position of the first step; 0 if not given. */
  readonly offset?: number | undefined;
  /** Whether features 2i and 2i + 1 make a pair, as in the paper, or else i and i + features/2; true if not given. */
  readonly interleaved?: boolean | undefined;
}

/**
 * Turns each pair (a, b) of features of x [..., steps, features] by the angle φ = position · base^(−2i/features), to
 * (a·cos φ − b·sin φ, a·sin φ + b·cos φ), so that products of queries and keys depend on how far apart they are. Su et
 * al. 2021. Throws ShapeError, ArgumentError for an odd number of features.
 */
export function rotaryEmbedding(x: Tensor, options: RotaryOptions = {}): Tensor {
  const { base = 10000, offset = 0, interleaved = true } = options;
  const [length, features] = x.shape.slice(-2);
  if (length === undefined || features === undefined)
    throw new ShapeError(`[rotaryEmbedding] ${formatShape(x.shape)}: expected [..., steps, features]`);
  requireEven("rotaryEmbedding", features);
  const turn = angles(length, features, base, offset);
  const table = (f: (angle: number) => number): Tensor =>
    tensor(Float32Array.from(turn, f), { shape: [length, features / 2], dtype: x.dtype, device: x.device });
  const [cos, sin] = [table(Math.cos), table(Math.sin)];
  const [a, b] = interleaved
    ? [x.at("...", "::2"), x.at("...", "1::2")]
    : [x.at("...", `:${features / 2}`), x.at("...", `${features / 2}:`)];
  const turned = [a.mul(cos).sub(b.mul(sin)), a.mul(sin).add(b.mul(cos))];
  return interleaved ? stack(turned, -1).flatten(-2) : concat(turned, -1);
}
