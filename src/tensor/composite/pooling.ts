import { ArgumentError, ShapeError } from "../../core/errors.js";
import { formatShape, sizeOf } from "../../core/shape.js";
import type { Value } from "../../ir/graph.js";
import * as ops from "../../ops/index.js";
import { perAxis, type PerAxis } from "./conv.js";
import { reshape } from "./movement.js";
import { broadcastTo, toFloat } from "./operands.js";

export interface PoolOptions {
  /** Steps between windows; the window's size if not given. */
  readonly stride?: PerAxis | undefined;
  /** Added to both ends of each spatial axis, at most half the window; 0 if not given. */
  readonly padding?: PerAxis | undefined;
  /** Also take a last window that reaches beyond the input (but begins inside it or its near padding); false if not given. */
  readonly ceilMode?: boolean | undefined;
}

export interface MaxPoolOptions extends PoolOptions {
  /** Steps between a window's elements; 1 if not given. */
  readonly dilation?: PerAxis | undefined;
}

export interface AvgPoolOptions extends PoolOptions {
  /** Whether padding counts as elements of value 0; true if not given. */
  readonly countIncludePad?: boolean | undefined;
  /** Divides sums in place of the number of elements. */
  readonly divisorOverride?: number | undefined;
}

/** The window over all axes of the input with a batch axis, and how to take that axis away again. */
function plan(op: string, spatial: number, x: Value, window: PerAxis, options: MaxPoolOptions) {
  const batched = x.shape.length === spatial + 2;
  if (!batched && x.shape.length !== spatial + 1) {
    throw new ShapeError(
      `[${op}] input ${formatShape(x.shape)} must have rank ${spatial + 2}, or ${spatial + 1} without batch`,
    );
  }
  const size = perAxis(op, "window", window, spatial, 1);
  const stride = perAxis(op, "stride", options.stride ?? size, spatial, 1);
  const dilation = perAxis(op, "dilation", options.dilation ?? 1, spatial, 1);
  const padding = perAxis(op, "padding", options.padding ?? 0, spatial, 0);
  if (padding.some((p, i) => 2 * p > (size[i] ?? 0))) {
    throw new ArgumentError(
      `[${op}] padding ${formatShape(padding)} is more than half the window ${formatShape(size)}: some windows ` +
        "would hold nothing else",
    );
  }
  const input = batched ? x : reshape(x, [1, ...x.shape]);
  const beyond = input.shape.slice(2).map((length, i) => {
    const span = (dilation[i] ?? 1) * ((size[i] ?? 1) - 1) + 1;
    const [step, p] = [stride[i] ?? 1, padding[i] ?? 0];
    const room = length + 2 * p - span;
    if (room < 0)
      throw new ShapeError(`[${op}] window ${formatShape(size)} does not fit into input ${formatShape(x.shape)}`);
    const last = options.ceilMode ? Math.ceil(room / step) * step : 0;
    return last < length + p ? Math.max(0, last - room) : 0;
  });
  /** A window over all axes, with zeros or −∞ around. */
  const windowOf = (pairs: readonly (readonly [number, number])[]) => ({
    window: [1, 1, ...size],
    strides: [1, 1, ...stride],
    dilation: [1, 1, ...dilation],
    padding: [[0, 0], [0, 0], ...pairs] as [number, number][],
  });
  return {
    input,
    count: sizeOf(size),
    padding,
    isUneven: padding.some((p) => p > 0) || beyond.some((n) => n > 0),
    isCut: beyond.some((n) => n > 0),
    window: windowOf(padding.map((p, i) => [p, p + (beyond[i] ?? 0)])),
    paddedWindow: windowOf(beyond.map((n) => [0, n])),
    finish: (y: Value): Value => (batched ? y : reshape(y, y.shape.slice(1))),
  };
}

function maxPool(op: string, spatial: number, x: Value, window: PerAxis, options: MaxPoolOptions): Value {
  const { input, window: config, finish } = plan(op, spatial, x, window, options);
  return finish(ops.reduceWindow(input, { ...config, fold: "max" }));
}

function avgPool(
  op: string,
  spatial: number,
  x: Value,
  window: PerAxis,
  { countIncludePad = true, divisorOverride, ...options }: AvgPoolOptions,
): Value {
  const { input, finish, ...plans } = plan(op, spatial, toFloat(x), window, options);
  const total = ops.reduceWindow(input, { ...plans.window, fold: "add" });
  if (divisorOverride !== undefined || (countIncludePad ? !plans.isCut : !plans.isUneven))
    return finish(ops.div(total, ops.constant(divisorOverride ?? plans.count, total.dtype, total.shape)));
  // Elements that count: those of the input, or of the input with its padding; never those beyond.
  const sizes = input.shape.slice(2).map((length, i) => length + (countIncludePad ? 2 * (plans.padding[i] ?? 0) : 0));
  const counted = ops.constant(1, total.dtype, [1, 1, ...sizes]);
  const counts = ops.reduceWindow(counted, { ...(countIncludePad ? plans.paddedWindow : plans.window), fold: "add" });
  return finish(ops.div(total, broadcastTo(op, counts, total.shape)));
}

/** The largest element of each window of x [N, C, L]; padding is −∞. Throws ShapeError, ArgumentError. */
export function maxPool1d(x: Value, window: PerAxis, options: MaxPoolOptions = {}): Value {
  return maxPool("maxPool1d", 1, x, window, options);
}

/** The largest element of each window of x [N, C, H, W]; padding is −∞. Throws ShapeError, ArgumentError. */
export function maxPool2d(x: Value, window: PerAxis, options: MaxPoolOptions = {}): Value {
  return maxPool("maxPool2d", 2, x, window, options);
}

/** The largest element of each window of x [N, C, D, H, W]; padding is −∞. Throws ShapeError, ArgumentError. */
export function maxPool3d(x: Value, window: PerAxis, options: MaxPoolOptions = {}): Value {
  return maxPool("maxPool3d", 3, x, window, options);
}

/** The mean of each window of x [N, C, L]. Throws ShapeError, ArgumentError. */
export function avgPool1d(x: Value, window: PerAxis, options: AvgPoolOptions = {}): Value {
  return avgPool("avgPool1d", 1, x, window, options);
}

/** The mean of each window of x [N, C, H, W]. Throws ShapeError, ArgumentError. */
export function avgPool2d(x: Value, window: PerAxis, options: AvgPoolOptions = {}): Value {
  return avgPool("avgPool2d", 2, x, window, options);
}

/** The mean of each window of x [N, C, D, H, W]. Throws ShapeError, ArgumentError. */
export function avgPool3d(x: Value, window: PerAxis, options: AvgPoolOptions = {}): Value {
  return avgPool("avgPool3d", 3, x, window, options);
}
