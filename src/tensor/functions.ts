import type { Value } from "../ir/graph.js";
import { stopGradient as cut } from "../ops/index.js";
import type { Backend } from "../runtime/devices.js";
import { evaluateValues } from "../runtime/evaluate.js";
import { refuseInTrace } from "../runtime/trace.js";
import { pendingCells, tracing } from "../runtime/cell.js";
import type { ConvOptions, ConvTransposeOptions } from "./composite/conv.js";
import * as c from "./composite/index.js";
import { lifted as unary } from "./lift.js";
import { operandOf, Tensor, type TensorLike } from "./tensor.js";

/*
 * The operations as functions. Those that one tensor leads are methods of Tensor too, where their options are described.
 */

/* @__NO_SIDE_EFFECTS__ */
function binary(name: string, f: (a: c.Operand, b: c.Operand) => Value): (a: TensorLike, b: TensorLike) => Tensor {
  return (a, b) => new Tensor(f(operandOf(a, name), operandOf(b, name)));
}

function valuesOf(name: string, xs: readonly Tensor[]): Value[] {
  return xs.map((x) => x.valueFor(name));
}

/** a + b. Broadcasts and promotes dtypes; throws ShapeError. */
export const add = binary("add", c.add);
/** a − b. Broadcasts and promotes dtypes; throws ShapeError. */
export const sub = binary("sub", c.sub);
/** a · b, element by element. Broadcasts and promotes dtypes; throws ShapeError. */
export const mul = binary("mul", c.mul);
/** a / b; integers divide as float32. Broadcasts and promotes dtypes; throws ShapeError. */
export const div = binary("div", c.div);
/** The remainder of a / b with the sign of b. Broadcasts and promotes dtypes; throws ShapeError. */
export const mod = binary("mod", c.mod);
/** ⌊a / b⌋. Broadcasts and promotes dtypes; throws ShapeError. */
export const floorDivide = binary("floorDivide", c.floorDivide);
/** a to the power b. Broadcasts and promotes dtypes; throws ShapeError. */
export const pow = binary("pow", c.pow);
/** The larger of a and b; NaN if either is. Broadcasts and promotes dtypes; throws ShapeError. */
export const maximum = binary("maximum", c.maximum);
/** The smaller of a and b; NaN if either is. Broadcasts and promotes dtypes; throws ShapeError. */
export const minimum = binary("minimum", c.minimum);
/** The angle of the point (b, a) in radians, in [−π, π]. Broadcasts and promotes dtypes; throws ShapeError. */
export const atan2 = binary("atan2", c.atan2);
/** a = b, as bool. Broadcasts and promotes dtypes; throws ShapeError. */
export const eq = binary("eq", c.eq);
/** a ≠ b, as bool. Broadcasts and promotes dtypes; throws ShapeError. */
export const ne = binary("ne", c.ne);
/** a < b, as bool. Broadcasts and promotes dtypes; throws ShapeError. */
export const lt = binary("lt", c.lt);
/** a ≤ b, as bool. Broadcasts and promotes dtypes; throws ShapeError. */
export const le = binary("le", c.le);
/** a > b, as bool. Broadcasts and promotes dtypes; throws ShapeError. */
export const gt = binary("gt", c.gt);
/** a ≥ b, as bool. Broadcasts and promotes dtypes; throws ShapeError. */
export const ge = binary("ge", c.ge);
/** True where both are nonzero. Broadcasts and promotes dtypes; throws ShapeError. */
export const logicalAnd = binary("logicalAnd", c.logicalAnd);
/** True where one or both are nonzero. Broadcasts and promotes dtypes; throws ShapeError. */
export const logicalOr = binary("logicalOr", c.logicalOr);
/** True where exactly one is nonzero. Broadcasts and promotes dtypes; throws ShapeError. */
export const logicalXor = binary("logicalXor", c.logicalXor);
/** Bitwise and of integers or bools. Broadcasts and promotes dtypes; throws ShapeError. */
export const bitwiseAnd = binary("bitwiseAnd", c.bitwiseAnd);
/** Bitwise or of integers or bools. Broadcasts and promotes dtypes; throws ShapeError. */
export const bitwiseOr = binary("bitwiseOr", c.bitwiseOr);
/** Bitwise exclusive or of integers or bools. Broadcasts and promotes dtypes; throws ShapeError. */
export const bitwiseXor = binary("bitwiseXor", c.bitwiseXor);
/** a shifted left by b bits, 0 ≤ b < 32. Broadcasts and promotes dtypes; throws ShapeError. */
export const shiftLeft = binary("shiftLeft", c.shiftLeft);
/** a shifted right by b bits, 0 ≤ b < 32. Broadcasts and promotes dtypes; throws ShapeError. */
export const shiftRight = binary("shiftRight", c.shiftRight);
/** ln(eᵃ + eᵇ), without overflow. Broadcasts and promotes dtypes; throws ShapeError. */
export const logaddexp = binary("logaddexp", c.logaddexp);

/** −x. */
export const neg = unary("neg", c.neg);
/** |x|. */
export const abs = unary("abs", c.abs);
/** −1, 0 or 1 by the sign of x. */
export const sign = unary("sign", c.sign);
/** ⌊x⌋. */
export const floor = unary("floor", c.floor);
/** ⌈x⌉. */
export const ceil = unary("ceil", c.ceil);
/** The nearest whole number, halves to the even one. */
export const round = unary("round", c.round);
/** x without its fraction. */
export const trunc = unary("trunc", c.trunc);
/** √x; NaN below 0. */
export const sqrt = unary("sqrt", c.sqrt);
/** 1 / √x. */
export const rsqrt = unary("rsqrt", c.rsqrt);
/** eˣ. */
export const exp = unary("exp", c.exp);
/** eˣ − 1, exact near 0. */
export const expm1 = unary("expm1", c.expm1);
/** ln x; −∞ at 0, NaN below. */
export const log = unary("log", c.log);
/** ln(1 + x), exact near 0. */
export const log1p = unary("log1p", c.log1p);
/** log₂ x. */
export const log2 = unary("log2", c.log2);
/** log₁₀ x. */
export const log10 = unary("log10", c.log10);
/** sin x, x in radians. */
export const sin = unary("sin", c.sin);
/** cos x, x in radians. */
export const cos = unary("cos", c.cos);
/** tan x, x in radians. */
export const tan = unary("tan", c.tan);
/** arcsin x in radians. */
export const asin = unary("asin", c.asin);
/** arccos x in radians. */
export const acos = unary("acos", c.acos);
/** arctan x in radians. */
export const atan = unary("atan", c.atan);
/** sinh x. */
export const sinh = unary("sinh", c.sinh);
/** cosh x. */
export const cosh = unary("cosh", c.cosh);
/** tanh x. */
export const tanh = unary("tanh", c.tanh);
/** The error function 2/√π ∫₀ˣ e^(−t²) dt. */
export const erf = unary("erf", c.erf);
/** x². */
export const square = unary("square", c.square);
/** 1 / x. */
export const reciprocal = unary("reciprocal", c.reciprocal);
/** Whether each element is NaN, as bool. */
export const isnan = unary("isnan", c.isnan);
/** Whether each element is ±∞, as bool. */
export const isinf = unary("isinf", c.isinf);
/** Whether each element is neither NaN nor ±∞, as bool. */
export const isfinite = unary("isfinite", c.isfinite);
/** True where the element is 0. */
export const logicalNot = unary("logicalNot", c.logicalNot);
/** Elements limited to [min, max]. */
export const clamp = unary("clamp", c.clamp);
/** NaN and infinities replaced by numbers. */
export const nanToNum = unary("nanToNum", c.nanToNum);
/** max(x, 0). */
export const relu = unary("relu", c.relu);
/** x for x > 0, else negativeSlope · x. */
export const leakyRelu = unary("leakyRelu", c.leakyRelu);
/** x for x > 0, else alpha · (eˣ − 1). */
export const elu = unary("elu", c.elu);
/** 1 / (1 + e⁻ˣ). */
export const sigmoid = unary("sigmoid", c.sigmoid);
/** ln(1 / (1 + e⁻ˣ)), without overflow. */
export const logSigmoid = unary("logSigmoid", c.logSigmoid);
/** x · sigmoid(x). */
export const silu = unary("silu", c.silu);
/** ln(1 + e^(beta·x)) / beta, without overflow. */
export const softplus = unary("softplus", c.softplus);
/** x · Φ(x), or its tanh approximation. */
export const gelu = unary("gelu", c.gelu);
/** eˣ / Σ eˣ along an axis, without overflow. */
export const softmax = unary("softmax", c.softmax);
/** ln(eˣ / Σ eˣ) along an axis, without overflow. */
export const logSoftmax = unary("logSoftmax", c.logSoftmax);
/** The sum over axes, all if not given. */
export const sum = unary("sum", c.sum);
/** The product over axes, all if not given. */
export const prod = unary("prod", c.prod);
/** The mean over axes, all if not given. */
export const mean = unary("mean", c.mean);
/** The largest element over axes. Throws ShapeError over nothing. */
export const max = unary("max", c.max);
/** The smallest element over axes. Throws ShapeError over nothing. */
export const min = unary("min", c.min);
/** Whether every element over axes is nonzero. */
export const all = unary("all", c.all);
/** Whether some element over axes is nonzero. */
export const any = unary("any", c.any);
/** ln Σ eˣ over axes, without overflow. */
export const logsumexp = unary("logsumexp", c.logsumexp);
/** The index (int32) of the first largest element. */
export const argmax = unary("argmax", c.argmax);
/** The index (int32) of the first smallest element. */
export const argmin = unary("argmin", c.argmin);
/** Σ (x − mean)² / (count − correction) over axes. */
export const variance = unary("variance", c.variance);
/** The square root of the variance. */
export const std = unary("std", c.std);
/** (Σ |x|ᵖ)^(1/p) over axes. */
export const norm = unary("norm", c.norm);
/** The same elements in another shape; one size may be −1. Throws ShapeError. */
export const reshape = unary("reshape", c.reshape);
/** Several axes as one. Throws IndexError. */
export const flatten = unary("flatten", c.flatten);
/** One axis split into several. Throws ShapeError. */
export const unflatten = unary("unflatten", c.unflatten);
/** Axes of size 1 repeated to a shape. Throws ShapeError. */
export const expand = unary("expand", c.expand);
/** Without axes of size 1. Throws ShapeError. */
export const squeeze = unary("squeeze", c.squeeze);
/** With new axes of size 1. Throws IndexError. */
export const unsqueeze = unary("unsqueeze", c.unsqueeze);
/** Axes in another order. Throws IndexError. */
export const permute = unary("permute", c.permute);
/** Two axes exchanged. Throws IndexError. */
export const swapaxes = unary("swapaxes", c.swapaxes);
/** Axes moved to other places. Throws IndexError. */
export const moveaxis = unary("moveaxis", c.moveaxis);
/** Elements in reverse order along axes. Throws IndexError. */
export const flip = unary("flip", c.flip);
/** Elements shifted along axes, coming back at the other end. Throws IndexError. */
export const roll = unary("roll", c.roll);
/** The tensor repeated along each axis. Throws ShapeError. */
export const tile = unary("tile", c.tile);
/** Each element repeated along an axis. */
export const repeatInterleave = unary("repeatInterleave", c.repeatInterleave);
/** Elements added around. Throws ShapeError. */
export const pad = unary("pad", c.pad);
/** The lower triangle of the last two axes. Throws ShapeError. */
export const tril = unary("tril", c.tril);
/** The upper triangle of the last two axes. Throws ShapeError. */
export const triu = unary("triu", c.triu);
/** A vector as a diagonal matrix, or a matrix's diagonal. Throws ShapeError. */
export const diag = unary("diag", c.diag);
/** Elements on a diagonal of two axes, as a new last axis. Throws ShapeError. */
export const diagonal = unary("diagonal", c.diagonal);
/** Running sums along an axis, as `Tensor.cumsum` gives them. Throws IndexError. */
export const cumsum = unary("cumsum", c.cumsum);
/** Running products along an axis. Throws IndexError. */
export const cumprod = unary("cumprod", c.cumprod);
/** The int32 positions that put an axis in order. Throws IndexError. */
export const argsort = unary("argsort", c.argsort);
/** 1 at each class index and 0 elsewhere, along a new last axis. Throws DTypeError, ArgumentError. */
export const oneHot = unary("oneHot", c.oneHot);
/** The largest of each window of [batch, channels, length]. Throws ShapeError. */
export const maxPool1d = unary("maxPool1d", c.maxPool1d);
/** The largest of each window of [batch, channels, height, width]. Throws ShapeError. */
export const maxPool2d = unary("maxPool2d", c.maxPool2d);
/** The largest of each window of [batch, channels, depth, height, width]. Throws ShapeError. */
export const maxPool3d = unary("maxPool3d", c.maxPool3d);
/** The mean of each window of [batch, channels, length]. Throws ShapeError. */
export const avgPool1d = unary("avgPool1d", c.avgPool1d);
/** The mean of each window of [batch, channels, height, width]. Throws ShapeError. */
export const avgPool2d = unary("avgPool2d", c.avgPool2d);
/** The mean of each window of [batch, channels, depth, height, width]. Throws ShapeError. */
export const avgPool3d = unary("avgPool3d", c.avgPool3d);

/** Matrix product over the last two axes, the others broadcast. Throws ShapeError. */
export function matmul(a: Tensor, b: Tensor): Tensor {
  return new Tensor(c.matmul(a.valueFor("matmul"), b.valueFor("matmul")));
}

/** Matrix products of two batches [B, n, k] and [B, k, m]. Throws ShapeError. */
export function bmm(a: Tensor, b: Tensor): Tensor {
  return new Tensor(c.bmm(a.valueFor("bmm"), b.valueFor("bmm")));
}

/** Σ aᵢ·bᵢ of two vectors. Throws ShapeError. */
export function dot(a: Tensor, b: Tensor): Tensor {
  return new Tensor(c.dot(a.valueFor("dot"), b.valueFor("dot")));
}

/** aᵢ·bⱼ of two vectors. Throws ShapeError. */
export function outer(a: Tensor, b: Tensor): Tensor {
  return new Tensor(c.outer(a.valueFor("outer"), b.valueFor("outer")));
}

/** x · weightᵀ + bias, weight being [out, in]. Throws ShapeError. */
export function linear(x: Tensor, weight: Tensor, bias?: Tensor): Tensor {
  return new Tensor(c.linear(x.valueFor("linear"), weight.valueFor("linear"), bias?.valueFor("linear")));
}

/** Einstein summation, e.g. `einsum("bij,bjk->bik", a, b)`. Throws ArgumentError, ShapeError. */
export function einsum(equation: string, ...operands: readonly Tensor[]): Tensor {
  return new Tensor(c.einsum(equation, ...valuesOf("einsum", operands)));
}

/** Elements of `a` where `condition` holds (is nonzero), else of `b`, all broadcast together. Throws ShapeError. */
export function where(condition: Tensor, a: TensorLike, b: TensorLike): Tensor {
  return new Tensor(c.where(condition.valueFor("where"), operandOf(a, "where"), operandOf(b, "where")));
}

/** x + weight · (y − x). Throws ShapeError. */
export function lerp(x: Tensor, y: TensorLike, weight: TensorLike): Tensor {
  return new Tensor(c.lerp(x.valueFor("lerp"), operandOf(y, "lerp"), operandOf(weight, "lerp")));
}

/** Tensors joined along an axis. Throws ShapeError. */
export function concat(xs: readonly Tensor[], axis = 0): Tensor {
  return new Tensor(c.concat(valuesOf("concat", xs), axis));
}

/** Tensors of one shape joined along a new axis. Throws ShapeError. */
export function stack(xs: readonly Tensor[], axis = 0): Tensor {
  return new Tensor(c.stack(valuesOf("stack", xs), axis));
}

/** Cross-correlation of x [batch, channels, length] with weight [out, channels / groups, …]. Throws ShapeError, ArgumentError. */
export function conv1d(x: Tensor, weight: Tensor, bias?: Tensor, options: ConvOptions = {}): Tensor {
  return new Tensor(c.conv1d(x.valueFor("conv1d"), weight.valueFor("conv1d"), bias?.valueFor("conv1d"), options));
}

/** Cross-correlation of x [batch, channels, height, width] with weight [out, channels / groups, …]. Throws ShapeError, ArgumentError. */
export function conv2d(x: Tensor, weight: Tensor, bias?: Tensor, options: ConvOptions = {}): Tensor {
  return new Tensor(c.conv2d(x.valueFor("conv2d"), weight.valueFor("conv2d"), bias?.valueFor("conv2d"), options));
}

/** Cross-correlation of x [batch, channels, depth, height, width] with weight [out, channels / groups, …]. Throws ShapeError, ArgumentError. */
export function conv3d(x: Tensor, weight: Tensor, bias?: Tensor, options: ConvOptions = {}): Tensor {
  return new Tensor(c.conv3d(x.valueFor("conv3d"), weight.valueFor("conv3d"), bias?.valueFor("conv3d"), options));
}

/** The transpose of `conv1d`: weight is [channels, out / groups, …]. Throws ShapeError, ArgumentError. */
export function convTranspose1d(x: Tensor, weight: Tensor, bias?: Tensor, options: ConvTransposeOptions = {}): Tensor {
  return new Tensor(c.convTranspose1d(x.valueFor("convTranspose1d"), weight.valueFor("convTranspose1d"), bias?.valueFor("convTranspose1d"), options));
}

/** The transpose of `conv2d`: weight is [channels, out / groups, …]. Throws ShapeError, ArgumentError. */
export function convTranspose2d(x: Tensor, weight: Tensor, bias?: Tensor, options: ConvTransposeOptions = {}): Tensor {
  return new Tensor(c.convTranspose2d(x.valueFor("convTranspose2d"), weight.valueFor("convTranspose2d"), bias?.valueFor("convTranspose2d"), options));
}

/** The transpose of `conv3d`: weight is [channels, out / groups, …]. Throws ShapeError, ArgumentError. */
export function convTranspose3d(x: Tensor, weight: Tensor, bias?: Tensor, options: ConvTransposeOptions = {}): Tensor {
  return new Tensor(c.convTranspose3d(x.valueFor("convTranspose3d"), weight.valueFor("convTranspose3d"), bias?.valueFor("convTranspose3d"), options));
}

/** The same values as a constant to the gradient. */
export function stopGradient(x: Tensor): Tensor {
  return new Tensor(cut(x.valueFor("stopGradient")));
}

/**
 * Queues the computation of all pending state (what an optimizer's step ends with) and of tensors, as one program for each
 * device; in a traced function it does nothing, because they are part of its program. Throws what compiling throws.
 */
export function evaluatePending(tensors: readonly Tensor[] = []): void {
  if (tracing.current) return;
  const roots = new Map<Backend, Value[]>();
  for (const tensor of tensors) {
    const list = roots.get(tensor.device);
    if (list) list.push(tensor.valueFor("evaluate"));
    else roots.set(tensor.device, [tensor.valueFor("evaluate")]);
  }
  for (const cell of pendingCells) if (!roots.has(cell.device)) roots.set(cell.device, []);
  for (const [device, values] of roots) evaluateValues(values, device);
}

/** Computes tensors, and all pending state, now; settles when the devices are done. Throws what computing throws. */
export async function evaluate(...tensors: readonly Tensor[]): Promise<void> {
  refuseInTrace("evaluate");
  evaluatePending(tensors);
  await Promise.all([...new Set(tensors.map((tensor) => tensor.device))].map((device) => device.idle()));
}
