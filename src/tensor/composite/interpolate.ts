import { ArgumentError, ShapeError } from "../../core/errors.js";
import { formatShape } from "../../core/shape.js";
import type { Value } from "../../ir/graph.js";
import * as ops from "../../ops/index.js";
import { add, mul, sub } from "./arithmetic.js";
import { clamp, floor } from "./elementwise.js";
import { adaptiveAvgPool1d, adaptiveAvgPool2d, adaptiveAvgPool3d } from "./adaptive-pooling.js";
import { indexSelect } from "./indexing.js";
import { repeatInterleave, reshape } from "./movement.js";
import { toDType, toFloat } from "./operands.js";

/** How values between the input's elements are found; "area" is adaptive average pooling. */
export type InterpolateMode = "nearest" | "nearest-exact" | "linear" | "bilinear" | "trilinear" | "bicubic" | "area";

export interface InterpolateOptions {
  /** The result's spatial sizes, one for all axes or one for each. */
  readonly size?: number | readonly number[] | undefined;
  /** The result's sizes as multiples of the input's, in place of `size`. */
  readonly scaleFactor?: number | readonly number[] | undefined;
  /** "nearest" if not given. */
  readonly mode?: InterpolateMode | undefined;
  /** Whether the centres of the corners' elements, not their outer edges, stay in place; false if not given. */
  readonly alignCorners?: boolean | undefined;
}

/** Ranks with batch and channels that a mode takes. */
const ranks: Readonly<Record<InterpolateMode, readonly number[]>> = {
  nearest: [3, 4, 5],
  "nearest-exact": [3, 4, 5],
  area: [3, 4, 5],
  linear: [3],
  bilinear: [4],
  trilinear: [5],
  bicubic: [4],
};

/** A spatial axis, its size before and after, and the step between the result's elements measured in the input's. */
interface Stretch {
  readonly axis: number;
  readonly from: number;
  readonly to: number;
  readonly step: number;
}

function stretches(x: Value, { size, scaleFactor }: InterpolateOptions, alignCorners: boolean): Stretch[] {
  const lengths = x.shape.slice(2);
  const given = size ?? scaleFactor;
  if (given === undefined || (size !== undefined && scaleFactor !== undefined))
    throw new ArgumentError("[interpolate] one of size and scaleFactor must be given, and not both");
  const list = typeof given === "number" ? lengths.map(() => given) : given;
  if (list.length !== lengths.length || !list.every((v) => v > 0 && (size === undefined || Number.isInteger(v)))) {
    throw new ArgumentError(
      `[interpolate] ${size === undefined ? "scaleFactor" : "size"} ${JSON.stringify(given)} must be one positive ` +
        `number or ${lengths.length}, sizes whole, for input ${formatShape(x.shape)}`,
    );
  }
  return lengths.map((from, i) => {
    const value = list[i] ?? 1;
    const to = size === undefined ? Math.floor(from * value) : value;
    if (to < 1 || from < 1)
      throw new ArgumentError(`[interpolate] scaleFactor ${value} leaves nothing of the ${from} elements of axis ${i + 2}`);
    const plain = size === undefined ? 1 / value : from / to;
    return { axis: i + 2, from, to, step: !alignCorners ? plain : to > 1 ? (from - 1) / (to - 1) : 0 };
  });
}

/** Where each of the result's elements lies among the input's, as float32 [to]. */
function positions({ to, step }: Stretch, alignCorners: boolean): Value {
  const i = ops.iota([to], 0, "float32");
  return alignCorners ? mul(i, step) : sub(mul(add(i, 0.5), step), 0.5);
}

function nearest(x: Value, stretch: Stretch, exact: boolean): Value {
  const { axis, from, to, step } = stretch;
  if (to % from === 0 && step === from / to) return repeatInterleave(x, to / from, axis);
  const i = ops.iota([to], 0, "float32");
  const at = floor(mul(exact ? add(i, 0.5) : i, step));
  return indexSelect(x, axis, toDType(clamp(at, { max: from - 1 }), "int32"));
}

/** Σ weights_k · x[index + k] along an axis, indices beyond the ends taking the end. */
function blend(x: Value, { axis, from }: Stretch, index: Value, terms: readonly (readonly [offset: number, weight: Value])[]): Value {
  const trailing = x.shape.slice(axis + 1).map(() => 1);
  const parts = terms.map(([offset, weight]) => {
    const at = toDType(clamp(add(index, offset), { min: 0, max: from - 1 }), "int32");
    return mul(indexSelect(x, axis, at), toDType(reshape(weight, [-1, ...trailing]), x.dtype));
  });
  return parts.reduce((sum, part) => add(sum, part));
}

function linearly(x: Value, stretch: Stretch, alignCorners: boolean): Value {
  const at = clamp(positions(stretch, alignCorners), { min: 0 });
  const index = floor(at);
  const weight = sub(at, index);
  return blend(x, stretch, index, [
    [0, sub(1, weight)],
    [1, weight],
  ]);
}

/** The free parameter of the cubic kernel, as in PyTorch. */
const cubicA = -0.75;

/** Keys' cubic kernel (1981) at distance t in [0, 1] and in [1, 2]. */
function near(t: Value): Value {
  return add(mul(mul(sub(mul(t, cubicA + 2), cubicA + 3), t), t), 1);
}
function far(t: Value): Value {
  return sub(mul(add(mul(sub(mul(t, cubicA), 5 * cubicA), t), 8 * cubicA), t), 4 * cubicA);
}

function cubically(x: Value, stretch: Stretch, alignCorners: boolean): Value {
  const at = positions(stretch, alignCorners);
  const index = floor(at);
  const t = sub(at, index);
  return blend(x, stretch, index, [
    [-1, far(add(t, 1))],
    [0, near(t)],
    [1, near(sub(1, t))],
    [2, far(sub(2, t))],
  ]);
}

/**
 * x [N, C, …] at another spatial size, given by `size` or `scaleFactor`. Modes: "nearest" and "nearest-exact" (the
 * element below a position, and the one around it), "linear" for [N, C, L], "bilinear" and "bicubic" for [N, C, H, W],
 * "trilinear" for [N, C, D, H, W], "area" (adaptive average pooling). Throws ShapeError for a rank that the mode does not
 * take, ArgumentError.
 */
export function interpolate(x: Value, options: InterpolateOptions): Value {
  const { mode = "nearest", alignCorners = false } = options;
  const known = Object.hasOwn(ranks, mode) ? ranks[mode] : undefined;
  if (!known)
    throw new ArgumentError(`[interpolate] there is no mode ${JSON.stringify(mode)}: use ${Object.keys(ranks).join(", ")}`);
  if (!known.includes(x.shape.length)) {
    throw new ShapeError(
      `[interpolate] mode "${mode}" takes inputs [N, C, …] of rank ${known.join(" or ")}, and got ${formatShape(x.shape)}`,
    );
  }
  const smooth = mode.endsWith("linear") || mode === "bicubic";
  if (alignCorners && !smooth)
    throw new ArgumentError(`[interpolate] alignCorners has no meaning in mode "${mode}": leave it out`);
  const axes = stretches(x, options, alignCorners);
  if (mode === "area") {
    const size = axes.map(({ to }) => to);
    const pool = [adaptiveAvgPool1d, adaptiveAvgPool2d, adaptiveAvgPool3d][size.length - 1];
    return pool ? pool(x, size) : x;
  }
  if (!smooth) return axes.reduce((y, stretch) => nearest(y, stretch, mode === "nearest-exact"), x);
  return axes.reduce((y, s) => (mode === "bicubic" ? cubically(y, s, alignCorners) : linearly(y, s, alignCorners)), toFloat(x));
}
