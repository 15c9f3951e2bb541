import type { DType, TypedArray } from "../core/dtype.js";
import { dtypes, isFloat } from "../core/dtype.js";
import { DeviceError, DisposedError, GradientError, ShapeError } from "../core/errors.js";
import { formatShape, sizeOf, type Shape } from "../core/shape.js";
import type { Value } from "../ir/graph.js";
import { constant, convert, stopGradient } from "../ops/index.js";
import { backpropagate } from "../runtime/backpropagate.js";
import { attachGradSlot, Cell, gradSlotOf, GradSlot, pendingCells, storedLeaf, tracing } from "../runtime/cell.js";
import { backendOf, resolveDevice, type Backend } from "../runtime/devices.js";
import { disposedStorage, evaluateValues } from "../runtime/evaluate.js";
import { HostStorage } from "../runtime/host-storage.js";
import { readMode } from "../runtime/modes.js";
import { refuseInTrace } from "../runtime/trace.js";
import * as c from "./composite/index.js";
import type { Operand } from "./composite/index.js";
import type { PadMode, PadWidths } from "./composite/padding.js";
import type { Axes, NormOptions, ReduceOptions, VarianceOptions } from "./composite/reduction.js";
import type { SortOptions } from "./composite/sorting.js";
import { formatTensor } from "./format.js";
import { register } from "./handles.js";
import { nest, readBytesSync, readValue, readValueSync, type NestedArray } from "./read.js";

/** A tensor, or a number that takes the dtype of the tensors it meets. */
export type TensorLike = Tensor | number | boolean;

/** One place of an index: a position, a range such as "1:5", "..." for the axes between, null for a new axis, or a tensor of positions. */
export type TensorIndex = number | string | null | Tensor;

/** Values in order and the int32 positions that they had. */
export interface SortedTensors {
  readonly values: Tensor;
  readonly indices: Tensor;
}

/** Nested arrays of a known rank. */
export type ArrayOfRank<R extends number> = R extends 0
  ? number
  : R extends 1
    ? number[]
    : R extends 2
      ? number[][]
      : R extends 3
        ? number[][][]
        : R extends 4
          ? number[][][][]
          : NestedArray;

export interface BackwardOptions {
  /** The gradient of what follows with respect to this tensor; 1 for a tensor of one element. */
  readonly gradient?: Tensor | undefined;
  /** Keep the history for another backward(). */
  readonly retainGraph?: boolean | undefined;
}

/** Sizes as separate arguments or as one list. */
type Sizes = readonly number[] | readonly [Shape];

function sizesOf(sizes: Sizes): Shape {
  const [first] = sizes;
  return typeof first === "object" ? first : (sizes as readonly number[]);
}

/** The graph value of a tensor, numbers as they are. Throws DisposedError naming the op. */
export function operandOf(x: TensorLike, op: string): Operand {
  return x instanceof Tensor ? x.valueFor(op) : x;
}

/**
 * An immutable array of numbers of one dtype on one device. Operations record a graph and check shapes at once; the work is
 * done when a value is read: `await t.data()`, `.item()`, `.array()`. Make one with `tensor`, `zeros`, `randn` and the like.
 */
export class Tensor {
  /** Size of each axis, outermost first. */
  readonly shape: Shape;
  /** Type of the elements. */
  readonly dtype: DType;
  readonly #source: Value | Cell;
  #disposed = false;

  /** Wraps what operations give. */
  constructor(source: Value | Cell) {
    this.shape = source.shape;
    this.dtype = source.dtype;
    this.#source = source;
    if (!(source instanceof Cell)) register(this, source);
  }

  /** The node of the recorded graph behind this tensor. Throws DisposedError naming `op`. */
  valueFor(op: string): Value {
    if (this.#disposed) throw new DisposedError(`[${op}] the ${this.dtype}${formatShape(this.shape)} tensor was disposed: use it before dispose()`);
    return this.#source instanceof Cell ? this.#source.read() : this.#source;
  }

  /** The mutable state behind a parameter or buffer. */
  get cell(): Cell | undefined {
    return this.#source instanceof Cell ? this.#source : undefined;
  }

  /** Number of axes. */
  get rank(): number {
    return this.shape.length;
  }

  /** Number of elements. */
  get size(): number {
    return sizeOf(this.shape);
  }

  /** Where the tensor lives. */
  get device(): Backend {
    return this.#source instanceof Cell ? this.#source.device : backendOf(this.#source.device);
  }

  /** Whether gradients flow to this tensor. Only float tensors can, and only leaves can be switched. */
  get requiresGrad(): boolean {
    if (this.#source instanceof Cell) return readMode(this.#source, "requiresGrad", this.#source.requiresGrad);
    return this.#source.requiresGrad;
  }

  set requiresGrad(on: boolean) {
    if (on && !isFloat(this.dtype)) throw new GradientError(`[requiresGrad] ${this.dtype} has no gradient: only float tensors do; convert with .astype("float32")`);
    if (this.#source instanceof Cell) {
      this.#source.requiresGrad = on;
      return;
    }
    if (on === this.#source.requiresGrad) return;
    if (on) attachGradSlot(this.#source, new GradSlot());
    else if (gradSlotOf(this.#source)) this.#source.requiresGrad = false;
    else throw new GradientError("[requiresGrad] only a leaf can be switched off: use detach() to cut a computed tensor from its history");
  }

  /** What backward() has added up for this leaf, or null. Assign null to start anew. */
  get grad(): Tensor | null {
    const gradient = this.#slot()?.get();
    if (!gradient) return null;
    gradient.holders++;
    return new Tensor(gradient);
  }

  set grad(gradient: Tensor | null) {
    const slot = this.#slot();
    if (!slot) throw new GradientError("[grad] only a leaf that requires a gradient holds one: set requiresGrad first");
    slot.set(gradient ? gradient.valueFor("grad") : null);
  }

  #slot(): GradSlot | undefined {
    return this.#source instanceof Cell ? this.#source.slot : gradSlotOf(this.#source);
  }

  /** Elements in row-major order; float16 and bfloat16 as Float32Array, bool as 0 and 1. Throws TraceError in a traced function. */
  async data(): Promise<TypedArray> {
    return readValue("data", this.valueFor("data"));
  }

  /** `data()`, waiting. Throws DeviceError where the device cannot wait, TraceError in a traced function. */
  dataSync(): TypedArray {
    return readValueSync("dataSync", this.valueFor("dataSync"));
  }

  /** The number of a tensor with one element. Throws ShapeError for more, TraceError in a traced function. */
  async item(): Promise<number> {
    this.#checkSingle("item");
    return (await readValue("item", this.valueFor("item")))[0] ?? NaN;
  }

  /** `item()`, waiting. Throws ShapeError, DeviceError, TraceError. */
  itemSync(): number {
    this.#checkSingle("itemSync");
    return readValueSync("itemSync", this.valueFor("itemSync"))[0] ?? NaN;
  }

  /** Elements as nested arrays, one level for each axis. Give the rank for a precise type; throws ShapeError if it differs. */
  array(): Promise<NestedArray>;
  array<R extends number>(rank: R): Promise<ArrayOfRank<R>>;
  async array(rank = this.rank): Promise<NestedArray> {
    this.#checkRank("array", rank);
    return nest(await readValue("array", this.valueFor("array")), this.shape);
  }

  /** `array()`, waiting. */
  arraySync(): NestedArray;
  arraySync<R extends number>(rank: R): ArrayOfRank<R>;
  arraySync(rank = this.rank): NestedArray {
    this.#checkRank("arraySync", rank);
    return nest(readValueSync("arraySync", this.valueFor("arraySync")), this.shape);
  }

  #checkSingle(op: string): void {
    if (this.size !== 1) throw new ShapeError(`[${op}] needs one element, but the shape is ${formatShape(this.shape)}: reduce it first, or use data()`);
  }

  #checkRank(op: string, rank: number): void {
    if (rank !== this.rank) throw new ShapeError(`[${op}] rank ${rank} was asked for, but ${formatShape(this.shape)} has rank ${this.rank}`);
  }

  /** Shape, dtype and, where they are at hand, values. */
  toString(): string {
    const note = this.#source.requiresGrad ? ", requiresGrad" : "";
    if (this.#disposed) return formatTensor(this.shape, this.dtype, undefined, ", disposed");
    return formatTensor(this.shape, this.dtype, this.#valuesAtHand(), note);
  }

  /** The elements if they are computed and can be had without waiting. */
  #valuesAtHand(): TypedArray | undefined {
    const storage = this.#source.storage;
    if (!storage || tracing.current || !(storage instanceof HostStorage || this.device.readSync)) return undefined;
    try {
      return this.detach().dataSync();
    } catch (error) {
      if (error instanceof DeviceError) return undefined;
      throw error;
    }
  }

  /** What console.log shows in Node. */
  [Symbol.for("nodejs.util.inspect.custom")](): string {
    return this.toString();
  }

  /** The same values without history: gradients stop here. */
  detach(): Tensor {
    const value = this.valueFor("detach");
    if (!value.storage || tracing.current) return new Tensor(stopGradient(value));
    value.holders++;
    const leaf = storedLeaf(value, value.storage, value.device);
    leaf.holders++;
    return new Tensor(leaf);
  }

  /** A tensor of its own with the same values; gradients flow through. */
  clone(): Tensor {
    const value = this.valueFor("clone");
    return new Tensor(isFloat(this.dtype) ? c.mul(value, 1) : stopGradient(value));
  }

  /**
   * A copy of another dtype, or on another device (named, or "auto"); itself where nothing changes. A copy to another device
   * has no history. Throws DeviceError where the device does not exist or this one cannot be read without waiting.
   */
  to(target: DType | Backend | (string & {})): Tensor {
    const dtype = dtypes.find((name) => name === target);
    if (dtype) return this.astype(dtype);
    const device = resolveDevice(target);
    if (device === this.device) return this;
    const bytes = readBytesSync("to", this.valueFor("to"));
    return new Tensor(storedLeaf(this, device.upload(bytes), device));
  }

  /** The values in another dtype: float to integer truncates and saturates, NaN gives 0; to bool is "≠ 0". */
  astype(dtype: DType): Tensor {
    return this.#map("astype", (x) => convert(x, dtype));
  }

  /**
   * Adds the gradient of this tensor to `.grad` of every leaf that requires one. Throws GradientError where there is no
   * history, where it was used up, and without `gradient` for more than one element.
   */
  backward({ gradient, retainGraph = false }: BackwardOptions = {}): void {
    const value = this.valueFor("backward");
    if (!gradient && this.size !== 1) {
      throw new GradientError(`[backward] ${formatShape(this.shape)} has more than one element: reduce it to a scalar with sum() or mean(), or pass { gradient } of this shape`);
    }
    const cotangent = gradient ? gradient.valueFor("backward") : constant(1, this.dtype, this.shape);
    backpropagate(value, cotangent, retainGraph);
  }

  /** Gives the memory back at once; using the tensor later throws DisposedError. Never needed. */
  dispose(): void {
    if (this.#disposed) return;
    refuseInTrace("dispose");
    const source = this.#source;
    const { storage } = source;
    if (storage && pendingCells.size > 0) evaluateValues([], this.device);
    this.#disposed = true;
    if (source instanceof Cell) {
      if (storage && !source.shared) source.device.release(storage);
      source.clear();
    } else if (storage && storage !== disposedStorage && !(storage instanceof HostStorage) && source.holders === 1) {
      source.storage = disposedStorage;
      backendOf(storage.device).release(storage);
    }
  }

  /** Whether dispose() was called. */
  get isDisposed(): boolean {
    return this.#disposed;
  }

  /** `dispose`, for `using`. */
  [Symbol.dispose](): void {
    this.dispose();
  }

  #map(op: string, f: (x: Value) => Value): Tensor {
    return new Tensor(f(this.valueFor(op)));
  }

  #with(op: string, f: (x: Value, y: Operand) => Value, other: TensorLike): Tensor {
    return new Tensor(f(this.valueFor(op), operandOf(other, op)));
  }

  /** this + other. Broadcasts and promotes dtypes; throws ShapeError. */
  add(other: TensorLike): Tensor {
    return this.#with("add", c.add, other);
  }

  /** this − other. Broadcasts and promotes dtypes; throws ShapeError. */
  sub(other: TensorLike): Tensor {
    return this.#with("sub", c.sub, other);
  }

  /** this · other, element by element. Broadcasts and promotes dtypes; throws ShapeError. */
  mul(other: TensorLike): Tensor {
    return this.#with("mul", c.mul, other);
  }

  /** this / other; integers divide as float32. Broadcasts and promotes dtypes; throws ShapeError. */
  div(other: TensorLike): Tensor {
    return this.#with("div", c.div, other);
  }

  /** The remainder of this / other with the sign of other. Broadcasts and promotes dtypes; throws ShapeError. */
  mod(other: TensorLike): Tensor {
    return this.#with("mod", c.mod, other);
  }

  /** ⌊this / other⌋. Broadcasts and promotes dtypes; throws ShapeError. */
  floorDivide(other: TensorLike): Tensor {
    return this.#with("floorDivide", c.floorDivide, other);
  }

  /** this to the power other. Broadcasts and promotes dtypes; throws ShapeError. */
  pow(other: TensorLike): Tensor {
    return this.#with("pow", c.pow, other);
  }

  /** The larger of the two; NaN if either is. Broadcasts and promotes dtypes; throws ShapeError. */
  maximum(other: TensorLike): Tensor {
    return this.#with("maximum", c.maximum, other);
  }

  /** The smaller of the two; NaN if either is. Broadcasts and promotes dtypes; throws ShapeError. */
  minimum(other: TensorLike): Tensor {
    return this.#with("minimum", c.minimum, other);
  }

  /** The angle of the point (other, this) in radians, in [−π, π]. Broadcasts and promotes dtypes; throws ShapeError. */
  atan2(other: TensorLike): Tensor {
    return this.#with("atan2", c.atan2, other);
  }

  /** this = other, as bool. Broadcasts; throws ShapeError. */
  eq(other: TensorLike): Tensor {
    return this.#with("eq", c.eq, other);
  }

  /** this ≠ other, as bool. Broadcasts; throws ShapeError. */
  ne(other: TensorLike): Tensor {
    return this.#with("ne", c.ne, other);
  }

  /** this < other, as bool. Broadcasts; throws ShapeError. */
  lt(other: TensorLike): Tensor {
    return this.#with("lt", c.lt, other);
  }

  /** this ≤ other, as bool. Broadcasts; throws ShapeError. */
  le(other: TensorLike): Tensor {
    return this.#with("le", c.le, other);
  }

  /** this > other, as bool. Broadcasts; throws ShapeError. */
  gt(other: TensorLike): Tensor {
    return this.#with("gt", c.gt, other);
  }

  /** this ≥ other, as bool. Broadcasts; throws ShapeError. */
  ge(other: TensorLike): Tensor {
    return this.#with("ge", c.ge, other);
  }

  /** True where both are nonzero. Broadcasts; throws ShapeError. */
  logicalAnd(other: TensorLike): Tensor {
    return this.#with("logicalAnd", c.logicalAnd, other);
  }

  /** True where one or both are nonzero. Broadcasts; throws ShapeError. */
  logicalOr(other: TensorLike): Tensor {
    return this.#with("logicalOr", c.logicalOr, other);
  }

  /** True where exactly one is nonzero. Broadcasts; throws ShapeError. */
  logicalXor(other: TensorLike): Tensor {
    return this.#with("logicalXor", c.logicalXor, other);
  }

  /** True where the element is 0. */
  logicalNot(): Tensor {
    return this.#map("logicalNot", c.logicalNot);
  }

  /** −x. */
  neg(): Tensor {
    return this.#map("neg", c.neg);
  }

  /** |x|; the gradient at 0 is 0. */
  abs(): Tensor {
    return this.#map("abs", c.abs);
  }

  /** −1, 0 or 1 by the sign of x. */
  sign(): Tensor {
    return this.#map("sign", c.sign);
  }

  /** ⌊x⌋. */
  floor(): Tensor {
    return this.#map("floor", c.floor);
  }

  /** ⌈x⌉. */
  ceil(): Tensor {
    return this.#map("ceil", c.ceil);
  }

  /** The nearest whole number, halves to the even one. */
  round(): Tensor {
    return this.#map("round", c.round);
  }

  /** x without its fraction. */
  trunc(): Tensor {
    return this.#map("trunc", c.trunc);
  }

  /** √x; NaN below 0. */
  sqrt(): Tensor {
    return this.#map("sqrt", c.sqrt);
  }

  /** 1 / √x. */
  rsqrt(): Tensor {
    return this.#map("rsqrt", c.rsqrt);
  }

  /** eˣ. */
  exp(): Tensor {
    return this.#map("exp", c.exp);
  }

  /** eˣ − 1, exact near 0. */
  expm1(): Tensor {
    return this.#map("expm1", c.expm1);
  }

  /** ln x; −∞ at 0, NaN below. */
  log(): Tensor {
    return this.#map("log", c.log);
  }

  /** ln(1 + x), exact near 0. */
  log1p(): Tensor {
    return this.#map("log1p", c.log1p);
  }

  /** log₂ x. */
  log2(): Tensor {
    return this.#map("log2", c.log2);
  }

  /** log₁₀ x. */
  log10(): Tensor {
    return this.#map("log10", c.log10);
  }

  /** sin x, x in radians. */
  sin(): Tensor {
    return this.#map("sin", c.sin);
  }

  /** cos x, x in radians. */
  cos(): Tensor {
    return this.#map("cos", c.cos);
  }

  /** tan x, x in radians. */
  tan(): Tensor {
    return this.#map("tan", c.tan);
  }

  /** arcsin x in radians. */
  asin(): Tensor {
    return this.#map("asin", c.asin);
  }

  /** arccos x in radians. */
  acos(): Tensor {
    return this.#map("acos", c.acos);
  }

  /** arctan x in radians. */
  atan(): Tensor {
    return this.#map("atan", c.atan);
  }

  /** sinh x. */
  sinh(): Tensor {
    return this.#map("sinh", c.sinh);
  }

  /** cosh x. */
  cosh(): Tensor {
    return this.#map("cosh", c.cosh);
  }

  /** tanh x. */
  tanh(): Tensor {
    return this.#map("tanh", c.tanh);
  }

  /** The error function 2/√π ∫₀ˣ e^(−t²) dt. */
  erf(): Tensor {
    return this.#map("erf", c.erf);
  }

  /** x². */
  square(): Tensor {
    return this.#map("square", c.square);
  }

  /** 1 / x. */
  reciprocal(): Tensor {
    return this.#map("reciprocal", c.reciprocal);
  }

  /** Whether each element is NaN, as bool. */
  isnan(): Tensor {
    return this.#map("isnan", c.isnan);
  }

  /** Whether each element is ±∞, as bool. */
  isinf(): Tensor {
    return this.#map("isinf", c.isinf);
  }

  /** Whether each element is neither NaN nor ±∞, as bool. */
  isfinite(): Tensor {
    return this.#map("isfinite", c.isfinite);
  }

  /** Elements below `min` become `min`, those above `max` become `max`; NaN stays. */
  clamp(limits: { readonly min?: number | undefined; readonly max?: number | undefined }): Tensor {
    return this.#map("clamp", (x) => c.clamp(x, limits));
  }

  /** The tensor's elements where `condition` holds, else those of `other`. Broadcasts; throws ShapeError. */
  where(condition: Tensor, other: TensorLike): Tensor {
    return this.#map("where", (x) => c.where(condition.valueFor("where"), x, operandOf(other, "where")));
  }

  /** max(x, 0). */
  relu(): Tensor {
    return this.#map("relu", c.relu);
  }

  /** 1 / (1 + e⁻ˣ). */
  sigmoid(): Tensor {
    return this.#map("sigmoid", c.sigmoid);
  }

  /** ln(1 / (1 + e⁻ˣ)), without overflow. */
  logSigmoid(): Tensor {
    return this.#map("logSigmoid", c.logSigmoid);
  }

  /** x · sigmoid(x). */
  silu(): Tensor {
    return this.#map("silu", c.silu);
  }

  /** x for x > 0, else negativeSlope · x (0.01 if not given). */
  leakyRelu(options: { readonly negativeSlope?: number } = {}): Tensor {
    return this.#map("leakyRelu", (x) => c.leakyRelu(x, options));
  }

  /** x for x > 0, else alpha · (eˣ − 1). Clevert et al. 2015. */
  elu(options: { readonly alpha?: number } = {}): Tensor {
    return this.#map("elu", (x) => c.elu(x, options));
  }

  /** ln(1 + e^(beta·x)) / beta, without overflow. */
  softplus(options: c.SoftplusOptions = {}): Tensor {
    return this.#map("softplus", (x) => c.softplus(x, options));
  }

  /** x · Φ(x), or its tanh approximation. Hendrycks and Gimpel 2016. */
  gelu(options: { readonly approximate?: "none" | "tanh" } = {}): Tensor {
    return this.#map("gelu", (x) => c.gelu(x, options));
  }

  /** eˣ / Σ eˣ along an axis, without overflow. */
  softmax(axis = -1): Tensor {
    return this.#map("softmax", (x) => c.softmax(x, axis));
  }

  /** ln(eˣ / Σ eˣ) along an axis, without overflow. */
  logSoftmax(axis = -1): Tensor {
    return this.#map("logSoftmax", (x) => c.logSoftmax(x, axis));
  }

  /** The sum over axes (all if not given); that of nothing is 0. */
  sum(axis?: Axes, options: ReduceOptions = {}): Tensor {
    return this.#map("sum", (x) => c.sum(x, axis, options));
  }

  /** The product over axes; that of nothing is 1. */
  prod(axis?: Axes, options: ReduceOptions = {}): Tensor {
    return this.#map("prod", (x) => c.prod(x, axis, options));
  }

  /** The mean over axes; that of nothing is NaN. */
  mean(axis?: Axes, options: ReduceOptions = {}): Tensor {
    return this.#map("mean", (x) => c.mean(x, axis, options));
  }

  /** The largest element over axes; NaN if there is one. Throws ShapeError over nothing. */
  max(axis?: Axes, options: ReduceOptions = {}): Tensor {
    return this.#map("max", (x) => c.max(x, axis, options));
  }

  /** The smallest element over axes; NaN if there is one. Throws ShapeError over nothing. */
  min(axis?: Axes, options: ReduceOptions = {}): Tensor {
    return this.#map("min", (x) => c.min(x, axis, options));
  }

  /** Whether every element over axes is nonzero. */
  all(axis?: Axes, options: ReduceOptions = {}): Tensor {
    return this.#map("all", (x) => c.all(x, axis, options));
  }

  /** Whether some element over axes is nonzero. */
  any(axis?: Axes, options: ReduceOptions = {}): Tensor {
    return this.#map("any", (x) => c.any(x, axis, options));
  }

  /** ln Σ eˣ over axes, without overflow. */
  logsumexp(axis?: Axes, options: ReduceOptions = {}): Tensor {
    return this.#map("logsumexp", (x) => c.logsumexp(x, axis, options));
  }

  /** The index (int32) of the first largest element along an axis, or in the flattened tensor. */
  argmax(axis?: number, options: ReduceOptions = {}): Tensor {
    return this.#map("argmax", (x) => c.argmax(x, axis, options));
  }

  /** The index (int32) of the first smallest element along an axis, or in the flattened tensor. */
  argmin(axis?: number, options: ReduceOptions = {}): Tensor {
    return this.#map("argmin", (x) => c.argmin(x, axis, options));
  }

  /** Σ (x − mean)² / (count − correction) over axes; correction is 1 if not given. */
  variance(axis?: Axes, options: VarianceOptions = {}): Tensor {
    return this.#map("variance", (x) => c.variance(x, axis, options));
  }

  /** The square root of the variance. */
  std(axis?: Axes, options: VarianceOptions = {}): Tensor {
    return this.#map("std", (x) => c.std(x, axis, options));
  }

  /** (Σ |x|ᵖ)^(1/p) over axes; `ord` p is 2 if not given. */
  norm(axis?: Axes, options: NormOptions = {}): Tensor {
    return this.#map("norm", (x) => c.norm(x, axis, options));
  }

  /** Matrix product over the last two axes, the others broadcast; vectors are rows on the left, columns on the right. Throws ShapeError. */
  matmul(other: Tensor): Tensor {
    return this.#map("matmul", (x) => c.matmul(x, other.valueFor("matmul")));
  }

  /** Σ xᵢ·yᵢ of two vectors. Throws ShapeError. */
  dot(other: Tensor): Tensor {
    return this.#map("dot", (x) => c.dot(x, other.valueFor("dot")));
  }

  /** The same elements in another shape; one size may be −1 and follows from the rest. Throws ShapeError. */
  reshape(...shape: Sizes): Tensor {
    return this.#map("reshape", (x) => c.reshape(x, sizesOf(shape)));
  }

  /** Axes `start` to `end` (all if not given) as one. Throws IndexError. */
  flatten(start = 0, end = -1): Tensor {
    return this.#map("flatten", (x) => c.flatten(x, start, end));
  }

  /** One axis split into several. Throws ShapeError. */
  unflatten(axis: number, sizes: Shape): Tensor {
    return this.#map("unflatten", (x) => c.unflatten(x, axis, sizes));
  }

  /** Axes of size 1 and missing ones repeated to `shape`; −1 keeps a size. Throws ShapeError. */
  expand(...shape: Sizes): Tensor {
    return this.#map("expand", (x) => c.expand(x, sizesOf(shape)));
  }

  /** Without axes of size 1: all of them, or those given. Throws ShapeError. */
  squeeze(axis?: number | readonly number[]): Tensor {
    return this.#map("squeeze", (x) => c.squeeze(x, axis));
  }

  /** With new axes of size 1 at the given places. Throws IndexError. */
  unsqueeze(axis: number | readonly number[]): Tensor {
    return this.#map("unsqueeze", (x) => c.unsqueeze(x, axis));
  }

  /** Axes in another order; reversed if none is given. Throws IndexError. */
  permute(...axes: Sizes): Tensor {
    return this.#map("permute", (x) => c.permute(x, axes.length === 0 ? undefined : sizesOf(axes)));
  }

  /** Two axes exchanged, the last two if not given. Throws IndexError. */
  transpose(axis1 = -2, axis2 = -1): Tensor {
    return this.#map("transpose", (x) => c.swapaxes(x, axis1, axis2));
  }

  /** Axes moved to other places. Throws IndexError. */
  moveaxis(source: number | readonly number[], destination: number | readonly number[]): Tensor {
    return this.#map("moveaxis", (x) => c.moveaxis(x, source, destination));
  }

  /** Elements in reverse order along axes, all if not given. Throws IndexError. */
  flip(axis?: number | readonly number[]): Tensor {
    return this.#map("flip", (x) => c.flip(x, axis));
  }

  /** Elements shifted along axes, those that fall off coming back at the other end. Throws IndexError. */
  roll(shift: number | readonly number[], axis?: number | readonly number[]): Tensor {
    return this.#map("roll", (x) => c.roll(x, shift, axis));
  }

  /** The tensor repeated along each axis. Throws ShapeError. */
  tile(...counts: Sizes): Tensor {
    return this.#map("tile", (x) => c.tile(x, sizesOf(counts)));
  }

  /** Each element repeated along an axis, or in the flattened tensor. */
  repeatInterleave(count: number, axis?: number): Tensor {
    return this.#map("repeatInterleave", (x) => c.repeatInterleave(x, count, axis));
  }

  /** The lower triangle of the last two axes, 0 above `diagonal`. Throws ShapeError. */
  tril(diagonal = 0): Tensor {
    return this.#map("tril", (x) => c.tril(x, diagonal));
  }

  /** The upper triangle of the last two axes, 0 below `diagonal`. Throws ShapeError. */
  triu(diagonal = 0): Tensor {
    return this.#map("triu", (x) => c.triu(x, diagonal));
  }

  /** Parts along an axis: of one size (the last may be smaller), or of the sizes given. Throws ShapeError. */
  split(sizes: number | readonly number[], axis = 0): Tensor[] {
    return c.split(this.valueFor("split"), sizes, axis).map((part) => new Tensor(part));
  }

  /** At most `count` parts of equal size along an axis. Throws IndexError. */
  chunk(count: number, axis = 0): Tensor[] {
    return c.chunk(this.valueFor("chunk"), count, axis).map((part) => new Tensor(part));
  }

  /** The slices along an axis, which goes. Throws IndexError. */
  unbind(axis = 0): Tensor[] {
    return c.unbind(this.valueFor("unbind"), axis).map((part) => new Tensor(part));
  }

  /**
   * Part of the tensor, one index for each axis: a position (`2`, `-1`), a range (`"1:5"`, `"::-1"`), `"..."` for the axes
   * between, `null` for a new axis, or an integer tensor of positions. Throws IndexError, DTypeError.
   */
  at(...indices: readonly TensorIndex[]): Tensor {
    return this.#map("at", (x) => c.at(x, ...indices.map((index) => (index instanceof Tensor ? index.valueFor("at") : index))));
  }

  /** For each position of `indices`, the element at that place along `axis`. Throws ShapeError, DTypeError. */
  takeAlongAxis(indices: Tensor, axis: number): Tensor {
    return this.#map("takeAlongAxis", (x) => c.takeAlongAxis(x, indices.valueFor("takeAlongAxis"), axis));
  }

  /** y[…, i, …] = x[…, index[…, i, …], …] along an axis; the result has the index's shape. Throws ShapeError, DTypeError. */
  gather(axis: number, index: Tensor): Tensor {
    return this.#map("gather", (x) => c.gather(x, axis, index.valueFor("gather")));
  }

  /** The slices at the positions of a vector along an axis. Throws ShapeError, DTypeError. */
  indexSelect(axis: number, index: Tensor): Tensor {
    return this.#map("indexSelect", (x) => c.indexSelect(x, axis, index.valueFor("indexSelect")));
  }

  /** x with `source` added at the positions of `index` along an axis, in index order. Throws ShapeError, DTypeError. */
  scatterAdd(axis: number, index: Tensor, source: Tensor): Tensor {
    return this.#map("scatterAdd", (x) => c.scatterAdd(x, axis, index.valueFor("scatterAdd"), source.valueFor("scatterAdd")));
  }

  /**
   * Running sums along an axis. Throws IndexError. A GPU adds up long rows in parts: where the sum of neighbours alone leaves the
   * range of the dtype, what follows is infinite or NaN, even if what comes before them would have kept the sums finite.
   */
  cumsum(axis: number): Tensor {
    return this.#map("cumsum", (x) => c.cumsum(x, axis));
  }

  /** Running products along an axis. Throws IndexError. */
  cumprod(axis: number): Tensor {
    return this.#map("cumprod", (x) => c.cumprod(x, axis));
  }

  /** The int32 positions that put an axis in order. Throws IndexError. */
  argsort(axis = -1, options: SortOptions = {}): Tensor {
    return this.#map("argsort", (x) => c.argsort(x, axis, options));
  }

  /** Elements added (or cut off, for negative widths) around: one width for all sides of the last axes, or [before, after] pairs. Throws ShapeError. */
  pad(widths: PadWidths, options: { readonly mode?: PadMode; readonly value?: number } = {}): Tensor {
    return this.#map("pad", (x) => c.pad(x, widths, options));
  }

  /** Elements in order along an axis, NaN last, with the int32 positions that they had. Throws IndexError. */
  sort(axis = -1, options: SortOptions = {}): SortedTensors {
    const { values, indices } = c.sort(this.valueFor("sort"), axis, options);
    return { values: new Tensor(values), indices: new Tensor(indices) };
  }

  /** The k largest elements along an axis (or smallest), in order, with their int32 positions. Throws IndexError, ArgumentError. */
  topk(k: number, axis = -1, options: { readonly largest?: boolean | undefined } = {}): SortedTensors {
    const { values, indices } = c.topk(this.valueFor("topk"), k, axis, options);
    return { values: new Tensor(values), indices: new Tensor(indices) };
  }
}
