import { isInteger, type DType } from "../../core/dtype.js";
import { ArgumentError, DTypeError, ShapeError } from "../../core/errors.js";
import { broadcastShapes, formatShape, normalizeAxis, sizeOf } from "../../core/shape.js";
import type { Value } from "../../ir/graph.js";
import * as ops from "../../ops/index.js";
import { add, eq, lt, mul, where } from "./arithmetic.js";
import { clamp } from "./elementwise.js";
import { parseIndex, type AxisIndex, type Index } from "./index-syntax.js";
import { moveaxis, permute, reshape, unsqueeze } from "./movement.js";
import { broadcastTo, toDType } from "./operands.js";

/**
 * Part of a tensor, with one index for each axis from the first on; axes that are left out are taken whole.
 *
 * | index | meaning |
 * |---|---|
 * | `2`, `-1` | that position; the axis goes away |
 * | `"1:5"`, `":-1"`, `"::2"`, `"::-1"` | a range `start:stop:step` as in Python |
 * | `"..."` | as many whole axes as are left |
 * | `null` | a new axis of size 1 |
 * | integer tensor | the elements there; negative positions count from the back, others are limited to what exists |
 *
 * Several tensors broadcast together and pick one element for each of their positions; their axes stand where the first
 * of
 * them stood, or in front when other axes lie between them, as in NumPy. Throws IndexError for a position out of range
 * or an
 * index that cannot be read, DTypeError for a mask of bools or a tensor of floats.
 */
export function at(x: Value, ...indices: readonly Index[]): Value {
  const plan = parseIndex("at", x.shape, indices);
  const basic = takeRanges(x, plan);
  const kept = plan.filter((index) => index.kind !== "take");
  const shaped = reshape(
    basic,
    kept.map((index) => (index.kind === "new" ? 1 : index.kind === "range" ? index.count : (x.shape[index.axis] ?? 0))),
  );
  const gathered = kept.flatMap((index, axis) =>
    index.kind === "gather" ? [{ axis, positions: index.positions }] : [],
  );
  return gathered.length === 0 ? shaped : pick(shaped, gathered);
}

/** Applies positions and ranges; axes of a position are left with size 1. */
function takeRanges(x: Value, plan: readonly AxisIndex[]): Value {
  const starts = x.shape.map(() => 0);
  const limits = [...x.shape];
  const strides = x.shape.map(() => 1);
  const reversed: number[] = [];
  for (const index of plan) {
    if (index.kind === "take") {
      starts[index.axis] = index.position;
      limits[index.axis] = index.position + 1;
    } else if (index.kind === "range") {
      const { axis, start, step, count } = index;
      const last = start + (count - 1) * step;
      starts[axis] = count === 0 ? 0 : Math.min(start, last);
      limits[axis] = count === 0 ? 0 : Math.max(start, last) + 1;
      strides[axis] = Math.abs(step);
      if (step < 0) reversed.push(axis);
    }
  }
  const whole = x.shape.every((size, axis) => starts[axis] === 0 && limits[axis] === size && strides[axis] === 1);
  const part = whole ? x : ops.slice(x, starts, limits, strides);
  return reversed.length === 0 ? part : ops.reverse(part, reversed);
}

/** Positions as int32, negative ones counted from the back of an axis. */
function fromFront(op: string, positions: Value, size: number): Value {
  if (!isInteger(positions.dtype))
    throw new DTypeError(
      `[${op}] positions must be integers, and came as ${positions.dtype}: convert them with .to("int32")`,
    );
  const index = toDType(positions, "int32");
  return where(lt(index, 0), add(index, size), index);
}

function pick(x: Value, indices: readonly { readonly axis: number; readonly positions: Value }[]): Value {
  const axes = indices.map(({ axis }) => axis);
  const sizes = axes.map((axis) => x.shape[axis] ?? 0);
  const shape = broadcastShapes("at", ...indices.map(({ positions }) => positions.shape));
  let flat: Value | undefined;
  indices.forEach(({ positions }, i) => {
    const size = sizes[i] ?? 0;
    const index = broadcastTo("at", fromFront("at", positions, size), shape);
    flat = flat
      ? add(mul(flat, size), clamp(index, { min: 0, max: size - 1 }))
      : indices.length > 1
        ? clamp(index, { min: 0, max: size - 1 })
        : index;
  });
  if (!flat) return x;
  const rest = x.shape.map((_, axis) => axis).filter((axis) => !axes.includes(axis));
  const front = reshape(permute(x, [...axes, ...rest]), [sizeOf(sizes), ...rest.map((axis) => x.shape[axis] ?? 0)]);
  const picked = ops.gather(front, flat);
  const first = axes[0] ?? 0;
  const isAdjacent = axes.every((axis, i) => axis === first + i);
  if (!isAdjacent || first === 0) return picked;
  const from = shape.map((_, i) => i);
  return moveaxis(
    picked,
    from,
    from.map((i) => i + first),
  );
}

/**
 * For each position of `indices`, the element of x at that place along `axis`. Both have the same rank and broadcast
 * along the other axes. Throws ShapeError, DTypeError. Source: NumPy's `take_along_axis`.
 */
export function takeAlongAxis(x: Value, indices: Value, axis: number): Value {
  if (x.shape.length !== indices.shape.length) {
    throw new ShapeError(
      `[takeAlongAxis] ${formatShape(x.shape)} and indices ${formatShape(indices.shape)} must have the same rank`,
    );
  }
  const a = normalizeAxis("takeAlongAxis", axis, x.shape.length);
  const without = (shape: readonly number[]): number[] => shape.filter((_, i) => i !== a);
  const outer = broadcastShapes("takeAlongAxis", without(x.shape), without(indices.shape));
  const rows = broadcastTo("takeAlongAxis", moveaxis(x, a, -1), [...outer, x.shape[a] ?? 0]);
  const index = fromFront("takeAlongAxis", indices, x.shape[a] ?? 0);
  const places = broadcastTo("takeAlongAxis", moveaxis(index, a, -1), [...outer, indices.shape[a] ?? 0]);
  return moveaxis(ops.gather(rows, places, { batch: outer.length }), -1, a);
}

/**
 * The first elements of x along every axis but one, as many as `shape` has. Throws ShapeError where there are too few.
 */
function cropTo(op: string, x: Value, shape: readonly number[], axis: number): Value {
  if (x.shape.length !== shape.length || shape.some((size, i) => i !== axis && size > (x.shape[i] ?? 0))) {
    throw new ShapeError(
      `[${op}] index ${formatShape(shape)} must have the rank of ${formatShape(x.shape)} and may exceed it along ` +
        `axis ${axis} only`,
    );
  }
  const limits = x.shape.map((size, i) => (i === axis ? size : (shape[i] ?? 0)));
  return limits.every((limit, i) => limit === x.shape[i])
    ? x
    : ops.slice(
        x,
        x.shape.map(() => 0),
        limits,
        x.shape.map(() => 1),
      );
}

/**
 * y[…, i, …] = x[…, index[…, i, …], …] along an axis; the result has the index's shape. Throws ShapeError, DTypeError.
 * Source: PyTorch's `gather`.
 */
export function gather(x: Value, axis: number, index: Value): Value {
  const a = normalizeAxis("gather", axis, x.shape.length);
  return takeAlongAxis(cropTo("gather", x, index.shape, a), index, a);
}

/** The slices at the positions of a vector along an axis. Throws ShapeError, DTypeError. */
export function indexSelect(x: Value, axis: number, index: Value): Value {
  if (index.shape.length !== 1)
    throw new ShapeError(`[indexSelect] index ${formatShape(index.shape)} must be a vector`);
  const a = normalizeAxis("indexSelect", axis, x.shape.length);
  return moveaxis(ops.gather(moveaxis(x, a, 0), fromFront("indexSelect", index, x.shape[a] ?? 0)), 0, a);
}

/**
 * x with `source[…, i, …]` added at […, index[…, i, …], …] along an axis, in index order; positions outside are
 * dropped.
 * Throws ShapeError, DTypeError. Source: PyTorch's `scatter_add`.
 */
export function scatterAdd(x: Value, axis: number, index: Value, source: Value): Value {
  const a = normalizeAxis("scatterAdd", axis, x.shape.length);
  const target = cropTo("scatterAdd", x, index.shape, a);
  const updates = cropTo("scatterAdd", source, index.shape, -1);
  const last = (v: Value): Value => moveaxis(v, a, -1);
  const places = last(fromFront("scatterAdd", index, x.shape[a] ?? 0));
  const batch = x.shape.length - 1;
  const into = (rows: Value): Value =>
    moveaxis(ops.scatter(rows, places, toDType(last(updates), x.dtype), { batch, mode: "add" }), -1, a);
  if (target === x) return into(last(x));
  const added = into(ops.constant(0, x.dtype, last(target).shape));
  const zero = x.shape.map(() => 0);
  return add(
    x,
    ops.pad(
      added,
      ops.constant(0, x.dtype),
      zero,
      x.shape.map((size, i) => size - (added.shape[i] ?? 0)),
      zero,
    ),
  );
}

/**
 * 1 at each class index and 0 elsewhere, along a new last axis of `classes`. An index outside gives zeros only. Throws
 * DTypeError, ArgumentError.
 */
export function oneHot(indices: Value, classes: number, { dtype = "float32" }: { readonly dtype?: DType } = {}): Value {
  if (!isInteger(indices.dtype))
    throw new DTypeError(`[oneHot] class indices must be integers, and came as ${indices.dtype}`);
  if (!Number.isInteger(classes) || classes < 1)
    throw new ArgumentError(`[oneHot] classes ${classes} must be a whole number above 0`);
  const shape = [...indices.shape, classes];
  return toDType(eq(unsqueeze(toDType(indices, "int32"), -1), ops.iota(shape, indices.shape.length, "int32")), dtype);
}
