import { promoteTypes } from "../../core/dtype.js";
import { ArgumentError, ShapeError } from "../../core/errors.js";
import { formatShape } from "../../core/shape.js";
import type { Value } from "../../ir/graph.js";
import * as ops from "../../ops/index.js";
import { add } from "./arithmetic.js";
import { flip, reshape, swapaxes } from "./movement.js";
import { toDType, toFloat } from "./operands.js";
import { pad } from "./padding.js";

/** A whole number for every spatial axis, or one for each. */
export type PerAxis = number | readonly number[];

/** What a convolution adds around its input: zeros, or one of `pad`'s modes. */
export type PaddingMode = "zeros" | "reflect" | "replicate" | "circular";

export interface ConvOptions {
  /** Steps between windows; 1 if not given. */
  readonly stride?: PerAxis | undefined;
  /** Added to both ends of each spatial axis, "same" (stride 1: keeps the size) or "valid" (none); 0 if not given. */
  readonly padding?: PerAxis | "same" | "valid" | undefined;
  /** What is added: zeros if not given, or what `pad` takes from the input. */
  readonly paddingMode?: PaddingMode | undefined;
  /** Steps between a window's elements; 1 if not given. */
  readonly dilation?: PerAxis | undefined;
  /** Groups of channels that are convolved apart; 1 if not given. */
  readonly groups?: number | undefined;
}

export interface ConvTransposeOptions {
  readonly stride?: PerAxis | undefined;
  /** Takes as much off both ends as the convolution's padding would have added; 0 if not given. */
  readonly padding?: PerAxis | undefined;
  /** Added to the far end of each axis, to choose among the sizes that the stride makes alike; 0 if not given. */
  readonly outputPadding?: PerAxis | undefined;
  readonly dilation?: PerAxis | undefined;
  readonly groups?: number | undefined;
}

/** One number for each spatial axis. Throws ArgumentError where it is no whole number of at least `least`. */
export function perAxis(op: string, name: string, value: PerAxis, axes: number, least: number): number[] {
  const list = typeof value === "number" ? new Array<number>(axes).fill(value) : [...value];
  if (list.length !== axes || list.some((v) => !Number.isInteger(v) || v < least)) {
    throw new ArgumentError(
      `[${op}] ${name} ${JSON.stringify(value)} must be a whole number of ${least} or more, or ${axes} of them`,
    );
  }
  return list;
}

/**
 * Checks the ranks and channels and returns both operands in their promoted dtype and the input with a batch axis.
 * `inputAxis` is the weight's axis that must match the input's channels.
 */
function operandsOf(op: string, spatial: number, x: Value, weight: Value, channels: number) {
  const batched = x.shape.length === spatial + 2;
  if ((!batched && x.shape.length !== spatial + 1) || weight.shape.length !== spatial + 2) {
    throw new ShapeError(
      `[${op}] input ${formatShape(x.shape)} and weight ${formatShape(weight.shape)}: expected ranks ` +
        `${spatial + 2} (or ${spatial + 1} without batch) and ${spatial + 2}`,
    );
  }
  const dtype = promoteTypes(toFloat(x).dtype, toFloat(weight).dtype);
  const input = toDType(batched ? x : reshape(x, [1, ...x.shape]), dtype);
  if (input.shape[1] !== channels) {
    throw new ShapeError(
      `[${op}] input ${formatShape(x.shape)} has ${input.shape[1]} channels, and weight ` +
        `${formatShape(weight.shape)} takes ${channels}`,
    );
  }
  const finish = (y: Value): Value => (batched ? y : reshape(y, y.shape.slice(1)));
  return { input, kernel: toDType(weight, dtype), finish };
}

function addBias(op: string, y: Value, bias: Value | undefined): Value {
  if (!bias) return y;
  if (bias.shape.length !== 1 || bias.shape[0] !== y.shape[1])
    throw new ShapeError(
      `[${op}] bias ${formatShape(bias.shape)} must be [${y.shape[1]}], one for each output channel`,
    );
  return add(y, reshape(bias, [-1, ...y.shape.slice(2).map(() => 1)]));
}

function samePadding(
  op: string,
  strides: readonly number[],
  kernel: readonly number[],
  dilation: readonly number[],
): [number, number][] {
  if (strides.some((s) => s !== 1))
    throw new ArgumentError(
      `[${op}] padding "same" needs stride 1, and got ${formatShape(strides)}: give the padding as numbers`,
    );
  return kernel.map((k, i) => {
    const total = (dilation[i] ?? 1) * (k - 1);
    return [Math.floor(total / 2), Math.ceil(total / 2)];
  });
}

function convolve(
  op: string,
  spatial: number,
  x: Value,
  weight: Value,
  bias: Value | undefined,
  options: ConvOptions,
): Value {
  const { stride = 1, padding = 0, paddingMode = "zeros", dilation = 1, groups = 1 } = options;
  const { input, kernel, finish } = operandsOf(op, spatial, x, weight, (weight.shape[1] ?? 0) * groups);
  const strides = perAxis(op, "stride", stride, spatial, 1);
  const kernelDilation = perAxis(op, "dilation", dilation, spatial, 1);
  const pads =
    padding === "same"
      ? samePadding(op, strides, kernel.shape.slice(2), kernelDilation)
      : perAxis(op, "padding", padding === "valid" ? 0 : padding, spatial, 0).map((p): [number, number] => [p, p]);
  const wide = paddingMode === "zeros" ? input : pad(input, pads, { mode: paddingMode });
  const y = ops.conv(wide, kernel, {
    strides,
    padding: wide === input ? pads : pads.map(() => [0, 0]),
    kernelDilation,
    groups,
  });
  return finish(addBias(op, y, bias));
}

/** Cross-correlation: x [N, C, L] (or [C, L]), weight [O, C/groups, K], bias [O]. Throws ShapeError, ArgumentError. */
export function conv1d(x: Value, weight: Value, bias?: Value, options: ConvOptions = {}): Value {
  return convolve("conv1d", 1, x, weight, bias, options);
}

/**
 * Cross-correlation: x [N, C, H, W] (or [C, H, W]), weight [O, C/groups, KH, KW], bias [O]. Throws ShapeError,
 * ArgumentError.
 */
export function conv2d(x: Value, weight: Value, bias?: Value, options: ConvOptions = {}): Value {
  return convolve("conv2d", 2, x, weight, bias, options);
}

/**
 * Cross-correlation: x [N, C, D, H, W] (or [C, D, H, W]), weight [O, C/groups, KD, KH, KW], bias [O]. Throws
 * ShapeError, ArgumentError.
 */
export function conv3d(x: Value, weight: Value, bias?: Value, options: ConvOptions = {}): Value {
  return convolve("conv3d", 3, x, weight, bias, options);
}

/**
 * Weight [C, O/groups, …] of a transposed convolution as the weight [O, C/groups, …] of the convolution that it amounts
 * to.
 */
function transposedKernel(kernel: Value, groups: number): Value {
  const [channels = 0, each = 0, ...size] = kernel.shape;
  const axes = size.map((_, i) => i + 3);
  const grouped = flip(reshape(kernel, [groups, channels / groups, each, ...size]), axes);
  return reshape(swapaxes(grouped, 1, 2), [groups * each, channels / groups, ...size]);
}

function convolveTransposed(
  op: string,
  spatial: number,
  x: Value,
  weight: Value,
  bias: Value | undefined,
  options: ConvTransposeOptions,
): Value {
  const { stride = 1, padding = 0, outputPadding = 0, dilation = 1, groups = 1 } = options;
  const { input, kernel, finish } = operandsOf(op, spatial, x, weight, weight.shape[0] ?? 0);
  if (!Number.isInteger(groups) || groups < 1 || (weight.shape[0] ?? 0) % groups !== 0) {
    throw new ShapeError(
      `[${op}] weight ${formatShape(weight.shape)} cannot be cut into ${groups} groups of input channels`,
    );
  }
  const strides = perAxis(op, "stride", stride, spatial, 1);
  const kernelDilation = perAxis(op, "dilation", dilation, spatial, 1);
  const taken = perAxis(op, "padding", padding, spatial, 0);
  const added = perAxis(op, "outputPadding", outputPadding, spatial, 0);
  const pads = kernel.shape.slice(2).map((k, i): [number, number] => {
    const reach = (kernelDilation[i] ?? 1) * (k - 1) - (taken[i] ?? 0);
    if ((added[i] ?? 0) >= Math.max(strides[i] ?? 1, kernelDilation[i] ?? 1)) {
      throw new ArgumentError(`[${op}] outputPadding ${formatShape(added)} must be smaller than stride or dilation`);
    }
    return [reach, reach + (added[i] ?? 0)];
  });
  const y = ops.conv(input, transposedKernel(kernel, groups), {
    padding: pads,
    inputDilation: strides,
    kernelDilation,
    groups,
  });
  return finish(addBias(op, y, bias));
}

/**
 * The transpose of conv1d as a linear map: x [N, C, L], weight [C, O/groups, K], bias [O]. Throws ShapeError,
 * ArgumentError.
 */
export function convTranspose1d(x: Value, weight: Value, bias?: Value, options: ConvTransposeOptions = {}): Value {
  return convolveTransposed("convTranspose1d", 1, x, weight, bias, options);
}

/**
 * The transpose of conv2d as a linear map: x [N, C, H, W], weight [C, O/groups, KH, KW], bias [O]. Throws ShapeError,
 * ArgumentError.
 */
export function convTranspose2d(x: Value, weight: Value, bias?: Value, options: ConvTransposeOptions = {}): Value {
  return convolveTransposed("convTranspose2d", 2, x, weight, bias, options);
}

/**
 * The transpose of conv3d as a linear map: x [N, C, D, H, W], weight [C, O/groups, KD, KH, KW], bias [O]. Throws
 * ShapeError, ArgumentError.
 */
export function convTranspose3d(x: Value, weight: Value, bias?: Value, options: ConvTransposeOptions = {}): Value {
  return convolveTransposed("convTranspose3d", 3, x, weight, bias, options);
}
