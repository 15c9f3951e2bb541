import { ArgumentError, ShapeError } from "../../core/errors.js";
import { formatShape, sameShape, type Shape } from "../../core/shape.js";
import type { Value } from "../../ir/graph.js";
import * as ops from "../../ops/index.js";
import { add, div, mul, pow, sub } from "./arithmetic.js";
import { rsqrt } from "./elementwise.js";
import { reshape } from "./movement.js";
import { toFloat } from "./operands.js";
import { mean, variance } from "./reduction.js";

export interface NormalizationOptions {
  /** Added to the variance; 1e-5 if not given. */
  readonly eps?: number | undefined;
}

/** Means and variances (divided by the count) of x [N, C, …]. */
export interface Statistics<T = Value> {
  readonly mean: T;
  readonly variance: T;
}

/** Of each channel, [C]. */
export function batchStatistics(x: Value): Statistics {
  const axes = x.shape.map((_, axis) => axis).filter((axis) => axis !== 1);
  return { mean: mean(x, axes), variance: variance(x, axes, { correction: 0 }) };
}

/** Of each channel of each example, [N, C]. */
export function instanceStatistics(x: Value): Statistics {
  const axes = x.shape.map((_, axis) => axis).filter((axis) => axis > 1);
  return { mean: mean(x, axes), variance: variance(x, axes, { correction: 0 }) };
}

/**
 * (x − mean) / √(variance + eps) · weight + bias for x [N, C, …], the others being [C], or [N, C] where statistics
 * differ between examples. Throws ShapeError.
 */
export function normalizeChannels(
  x: Value,
  statistics: Statistics,
  weight: Value | undefined,
  bias: Value | undefined,
  { eps = 1e-5 }: NormalizationOptions = {},
): Value {
  const spatial = x.shape.slice(2).map(() => 1);
  const perChannel = (t: Value): Value => reshape(t, [...(t.shape.length === 2 ? [] : [1]), ...t.shape, ...spatial]);
  const channels = x.shape[1] ?? 0;
  for (const [name, t] of Object.entries({ ...statistics, weight, bias })) {
    if (t && t.shape.at(-1) !== channels) {
      throw new ShapeError(
        `[normalization] ${name} ${formatShape(t.shape)} does not fit the ${channels} channels of input ` +
          formatShape(x.shape),
      );
    }
  }
  const scale = rsqrt(add(statistics.variance, eps));
  const centered = sub(x, perChannel(statistics.mean));
  const scaled = mul(centered, perChannel(weight ? mul(scale, weight) : scale));
  return bias ? add(scaled, perChannel(bias)) : scaled;
}

/** The axes at the end of x that `shape` names. */
function normalizedAxes(op: string, x: Value, shape: number | Shape, ...learned: (Value | undefined)[]): number[] {
  const sizes = typeof shape === "number" ? [shape] : shape;
  if (sizes.length === 0 || !sameShape(x.shape.slice(-sizes.length), sizes))
    throw new ShapeError(`[${op}] input ${formatShape(x.shape)} must end with ${formatShape(sizes)}`);
  for (const t of learned)
    if (t && !sameShape(t.shape, sizes))
      throw new ShapeError(`[${op}] weight and bias must be ${formatShape(sizes)}, and one is ${formatShape(t.shape)}`);
  return sizes.map((_, i) => i - sizes.length);
}

/**
 * (x − mean) / √(variance + eps) · weight + bias over the axes at the end that `shape` names, which weight and bias
 * have too. Ba et al. 2016. Throws ShapeError.
 */
export function layerNorm(
  x: Value,
  shape: number | Shape,
  weight?: Value,
  bias?: Value,
  { eps = 1e-5 }: NormalizationOptions = {},
): Value {
  const input = toFloat(x);
  const axes = normalizedAxes("layerNorm", input, shape, weight, bias);
  const centered = sub(input, mean(input, axes, { keepdims: true }));
  const spread = mean(mul(centered, centered), axes, { keepdims: true });
  const normal = mul(centered, rsqrt(add(spread, eps)));
  const scaled = weight ? mul(normal, weight) : normal;
  return bias ? add(scaled, bias) : scaled;
}

/**
 * x / √(mean(x²) + eps) · weight over the axes at the end that `shape` names; eps is 2⁻²³ if not given. Zhang and
 * Sennrich 2019. Throws ShapeError.
 */
export function rmsNorm(x: Value, shape: number | Shape, weight?: Value, { eps = 2 ** -23 }: NormalizationOptions = {}): Value {
  const input = toFloat(x);
  const axes = normalizedAxes("rmsNorm", input, shape, weight);
  const normal = mul(input, rsqrt(add(mean(mul(input, input), axes, { keepdims: true }), eps)));
  return weight ? mul(normal, weight) : normal;
}

/**
 * x [N, C, …] normalized over each of `groups` runs of channels of each example, then times weight [C] plus bias [C]. Wu
 * and He 2018. Throws ArgumentError where the groups do not divide the channels, ShapeError.
 */
export function groupNorm(
  x: Value,
  groups: number,
  weight?: Value,
  bias?: Value,
  { eps = 1e-5 }: NormalizationOptions = {},
): Value {
  const input = toFloat(x);
  const [batch = 0, channels = 0, ...spatial] = input.shape;
  if (input.shape.length < 2) throw new ShapeError(`[groupNorm] input ${formatShape(x.shape)} must be [N, C, …]`);
  if (!Number.isInteger(groups) || groups < 1 || channels % groups !== 0) {
    throw new ArgumentError(
      `[groupNorm] the ${channels} channels of ${formatShape(x.shape)} cannot be cut into ${groups} groups`,
    );
  }
  const rows = reshape(input, [batch, groups, -1]);
  const normal = reshape(layerNorm(rows, rows.shape[2] ?? 0, undefined, undefined, { eps }), input.shape);
  const perChannel = (t: Value): Value => reshape(t, [channels, ...spatial.map(() => 1)]);
  const scaled = weight ? mul(normal, perChannel(weight)) : normal;
  return bias ? add(scaled, perChannel(bias)) : scaled;
}

export interface LocalResponseOptions {
  /** 1e-4 if not given. */
  readonly alpha?: number | undefined;
  /** 0.75 if not given. */
  readonly beta?: number | undefined;
  /** 1 if not given. */
  readonly k?: number | undefined;
}

/**
 * x / (k + alpha/size · Σ x²)^beta, the sum being over `size` neighbouring channels of x [N, C, …]. Krizhevsky et al.
 * 2012. Throws ShapeError, ArgumentError.
 */
export function localResponseNorm(
  x: Value,
  size: number,
  { alpha = 1e-4, beta = 0.75, k = 1 }: LocalResponseOptions = {},
): Value {
  const input = toFloat(x);
  if (input.shape.length < 3)
    throw new ShapeError(`[localResponseNorm] input ${formatShape(x.shape)} must be [N, C, …]`);
  if (!Number.isInteger(size) || size < 1)
    throw new ArgumentError(`[localResponseNorm] size ${size} must be a whole number above 0`);
  const alongChannels = <T>(value: T, other: T): T[] => input.shape.map((_, axis) => (axis === 1 ? value : other));
  const total = ops.reduceWindow(mul(input, input), {
    window: alongChannels(size, 1),
    strides: alongChannels(1, 1),
    dilation: alongChannels(1, 1),
    padding: alongChannels<[number, number]>([Math.floor(size / 2), Math.floor((size - 1) / 2)], [0, 0]),
    fold: "add",
  });
  return div(input, pow(add(mul(total, alpha / size), k), beta));
}
