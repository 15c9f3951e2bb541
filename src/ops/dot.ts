import { isFloat, type DType } from "../core/dtype.js";
import { DTypeError, ShapeError } from "../core/errors.js";
import { formatShape, sizeOf, type Shape } from "../core/shape.js";
import { applyOne, type TensorType, type Value, type Op } from "../ir/graph.js";
import { convert } from "./convert.js";
import { checkKind, checkWide, numbers, wideDType } from "./dtype-rules.js";
import { computeType } from "./elementwise.js";
import { at, range } from "./indexing.js";
import { transpose } from "./movement.js";

export interface DotOptions {
  /** Axes of a and b that run together and stay, first in the result. */
  readonly batchA: readonly number[];
  readonly batchB: readonly number[];
  /** Axes of a and b that run together and are summed over. */
  readonly contractA: readonly number[];
  readonly contractB: readonly number[];
  /** The dtype of sum and result; that of a if not given, 32 bits wide for 8-bit integers. */
  readonly accumulate?: DType;
}

export type DotAttrs = Required<{ readonly [K in keyof DotOptions]: NonNullable<DotOptions[K]> }>;

/** Throws a DTypeError unless products of the two dtypes can be summed in `accumulate`. */
export function checkAccumulate(op: string, a: DType, b: DType, accumulate: DType): void {
  for (const dtype of [a, b, accumulate]) checkKind(op, dtype, numbers);
  checkWide(op, accumulate);
  if (isFloat(a) !== isFloat(b) || (isFloat(a) && !isFloat(accumulate))) {
    throw new DTypeError(`[${op}] cannot multiply ${a} and ${b} into ${accumulate}: convert them to one kind of number first`);
  }
}

/** Axes that are in neither list. */
export function freeAxes(rank: number, batch: readonly number[], contract: readonly number[]): number[] {
  return range(rank).filter((axis) => !batch.includes(axis) && !contract.includes(axis));
}

function sizesAt(shape: Shape, axes: readonly number[]): number[] {
  return axes.map((axis) => at(shape, axis));
}

/** An index with the entries of each list at the axes of the list's partner. */
function place<T>(rank: number, none: T, ...groups: readonly (readonly [readonly number[], readonly T[]])[]): T[] {
  const index = new Array<T>(rank).fill(none);
  for (const [axes, entries] of groups) axes.forEach((axis, i) => (index[axis] = at(entries, i)));
  return index;
}

function checkAxes(a: TensorType, b: TensorType, { batchA, batchB, contractA, contractB }: DotAttrs): void {
  const distinct = (axes: readonly number[], rank: number): boolean =>
    new Set(axes).size === axes.length && axes.every((axis) => Number.isInteger(axis) && axis >= 0 && axis < rank);
  const axesA = [...batchA, ...contractA];
  const axesB = [...batchB, ...contractB];
  const valid = batchA.length === batchB.length && contractA.length === contractB.length && distinct(axesA, a.shape.length) && distinct(axesB, b.shape.length);
  if (!valid || axesA.some((axis, i) => a.shape[axis] !== b.shape[at(axesB, i)])) {
    throw new ShapeError(
      `[dot] axes ${formatShape(axesA)} of ${formatShape(a.shape)} and ${formatShape(axesB)} of ${formatShape(b.shape)} must pair up with equal sizes`,
    );
  }
}

export const dotOp: Op<DotAttrs> = {
  name: "dot",
  infer: (inputs, attrs) => {
    const [a, b] = [at(inputs, 0), at(inputs, 1)];
    checkAccumulate("dot", a.dtype, b.dtype, attrs.accumulate);
    checkAxes(a, b, attrs);
    const free = [
      ...sizesAt(a.shape, freeAxes(a.shape.length, attrs.batchA, attrs.contractA)),
      ...sizesAt(b.shape, freeAxes(b.shape.length, attrs.batchB, attrs.contractB)),
    ];
    return [{ shape: [...sizesAt(a.shape, attrs.batchA), ...free], dtype: attrs.accumulate }];
  },
  vjp: (node, [ct]) => {
    const [a, b] = [at(node.inputs, 0), at(node.inputs, 1)];
    if (!ct || !isFloat(a.dtype)) return [];
    const { batchA, batchB, contractA, contractB } = node.attrs;
    const freeA = freeAxes(a.shape.length, batchA, contractA);
    const freeB = freeAxes(b.shape.length, batchB, contractB);
    const batch = range(batchA.length);
    const inCt = (from: number, count: number): number[] => range(count).map((i) => batchA.length + from + i);
    /** The axes of an operand in the order of the other's axes that they are paired with. */
    const paired = (own: readonly number[], other: readonly number[]): number[] => [...other].sort((p, q) => p - q).map((axis) => at(own, other.indexOf(axis)));
    const accumulate = ct.dtype;
    const da = productInOrder(ct, b, { batchA: batch, batchB, contractA: inCt(freeA.length, freeB.length), contractB: freeB, accumulate }, batchA, freeA, paired(contractA, contractB));
    const db = productInOrder(ct, a, { batchA: batch, batchB: batchA, contractA: inCt(0, freeA.length), contractB: freeA, accumulate }, batchB, freeB, paired(contractB, contractA));
    return [convert(da, a.dtype), convert(db, b.dtype)];
  },
  batch: ({ inputs, isBatched, attrs }) => {
    const [a, b] = [at(inputs, 0), at(inputs, 1)];
    const of = (k: number, axes: readonly number[]): readonly number[] => (at(isBatched, k) ? axes.map((axis) => axis + 1) : axes);
    const options = { batchA: of(0, attrs.batchA), batchB: of(1, attrs.batchB), contractA: of(0, attrs.contractA), contractB: of(1, attrs.contractB) };
    const { accumulate } = attrs;
    if (!isBatched.includes(false)) return [dot(a, b, { ...options, batchA: [0, ...options.batchA], batchB: [0, ...options.batchB], accumulate })];
    // The examples are a free axis of one operand, which the result has behind the axes before it.
    const product = dot(a, b, { ...options, accumulate });
    const examples = at(isBatched, 0) ? attrs.batchA.length : a.shape.length - attrs.contractA.length;
    return [examples === 0 ? product : transpose(product, [examples, ...range(product.shape.length).filter((axis) => axis !== examples)])];
  },
  lower: {
    kind: "contraction",
    spec: (e, ctx) => {
      const [a, b] = [at(ctx.inputs, 0), at(ctx.inputs, 1)];
      const { batchA, batchB, contractA, contractB, accumulate } = ctx.attrs;
      const freeA = freeAxes(a.shape.length, batchA, contractA);
      const freeB = freeAxes(b.shape.length, batchB, contractB);
      const type = computeType(accumulate);
      const zero = e.index(0);
      return {
        batch: sizesAt(a.shape, batchA),
        m: sizesAt(a.shape, freeA),
        n: sizesAt(b.shape, freeB),
        k: sizesAt(a.shape, contractA),
        lhs: (batch, m, k) => e.cast(ctx.operand(0, place(a.shape.length, zero, [batchA, batch], [freeA, m], [contractA, k])), type),
        rhs: (batch, k, n) => e.cast(ctx.operand(1, place(b.shape.length, zero, [batchB, batch], [freeB, n], [contractB, k])), type),
        out: (batch, m, n) => [...batch, ...m, ...n],
      };
    },
  },
  multiplyAdds: (inputs, { contractA }, outputs) => sizeOf([...at(outputs, 0).shape, ...sizesAt(at(inputs, 0).shape, contractA)]),
};

/**
 * A product whose axes, which come as [batch…, free axes of a…, free axes of b…], are put where the lists say. Where it spares
 * the transposition the operands change places.
 */
function productInOrder(a: Value, b: Value, options: DotOptions, batch: readonly number[], ofA: readonly number[], ofB: readonly number[]): Value {
  const inOrder = (axes: readonly number[]): boolean => axes.every((axis, i) => axis === i);
  const { batchA, batchB, contractA, contractB } = options;
  if (inOrder([...batch, ...ofB, ...ofA])) return dot(b, a, { ...options, batchA: batchB, batchB: batchA, contractA: contractB, contractB: contractA });
  const axes = [...batch, ...ofA, ...ofB];
  const product = dot(a, b, options);
  return inOrder(axes) ? product : transpose(product, axes.map((_, axis) => axes.indexOf(axis)));
}

/**
 * Sums of products: [batch…, free axes of a…, free axes of b…]. a and b may differ in dtype: elements are converted to
 * `accumulate` before they are multiplied. Throws ShapeError, DTypeError.
 */
export function dot(a: Value, b: Value, options: DotOptions): Value {
  const { batchA, batchB, contractA, contractB, accumulate = wideDType(a.dtype) } = options;
  return applyOne(dotOp, [a, b], { batchA, batchB, contractA, contractB, accumulate });
}
