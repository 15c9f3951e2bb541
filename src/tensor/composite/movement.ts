import { promoteTypes } from "../../core/dtype.js";
import { ArgumentError, IndexError, ShapeError } from "../../core/errors.js";
import { formatShape, normalizeAxes, normalizeAxis, sameShape, sizeOf, type Shape } from "../../core/shape.js";
import type { Value } from "../../ir/graph.js";
import * as ops from "../../ops/index.js";
import { broadcastTo, toDType } from "./operands.js";

/** Same elements in row-major order under another shape; one size may be −1 and is worked out. Throws ShapeError. */
export function reshape(x: Value, shape: Shape): Value {
  const open = shape.indexOf(-1);
  const size = sizeOf(x.shape);
  const known = sizeOf(shape.filter((d) => d !== -1));
  const fits = open >= 0 ? known > 0 && size % known === 0 && shape.lastIndexOf(-1) === open : known === size;
  if (!fits) {
    throw new ShapeError(
      `[reshape] ${formatShape(x.shape)} holds ${size} elements, which ${formatShape(shape)} cannot: the product ` +
        "of sizes must be equal, with at most one -1",
    );
  }
  const target = open >= 0 ? shape.map((d) => (d === -1 ? size / known : d)) : shape;
  return sameShape(target, x.shape) ? x : ops.reshape(x, target);
}

/** Axes `start` to `end` (inclusive) as one. */
export function flatten(x: Value, start = 0, end = -1): Value {
  const rank = x.shape.length;
  if (rank === 0) return ops.reshape(x, [1]);
  const from = normalizeAxis("flatten", start, rank);
  const to = normalizeAxis("flatten", end, rank);
  if (from > to)
    throw new IndexError(`[flatten] axis ${start} comes after axis ${end} in ${formatShape(x.shape)}: swap them`);
  return reshape(x, [...x.shape.slice(0, from), sizeOf(x.shape.slice(from, to + 1)), ...x.shape.slice(to + 1)]);
}

/** One axis as several, e.g. `[6]` with sizes `[2, -1]` as `[2, 3]`. Throws ShapeError. */
export function unflatten(x: Value, axis: number, sizes: Shape): Value {
  const a = normalizeAxis("unflatten", axis, x.shape.length);
  const length = x.shape[a] ?? 1;
  const known = sizeOf(sizes.filter((d) => d !== -1));
  const filled = sizes.map((d) => (d === -1 ? length / known : d));
  if (sizeOf(filled) !== length)
    throw new ShapeError(
      `[unflatten] axis ${axis} of ${formatShape(x.shape)} cannot be split into ${formatShape(sizes)}`,
    );
  return reshape(x, [...x.shape.slice(0, a), ...filled, ...x.shape.slice(a + 1)]);
}

/** The tensor repeated along missing and size-1 axes; −1 keeps a size. Throws ShapeError. */
export function expand(x: Value, shape: Shape): Value {
  const offset = shape.length - x.shape.length;
  return broadcastTo(
    "expand",
    x,
    shape.map((d, axis) => (d === -1 ? (x.shape[axis - offset] ?? d) : d)),
  );
}

/** Drops axes of size 1: the given ones, or all. Throws ShapeError for an axis of another size. */
export function squeeze(x: Value, axis?: number | readonly number[]): Value {
  const drop = normalizeAxes("squeeze", axis, x.shape.length).filter((a) => {
    if (x.shape[a] === 1) return true;
    if (axis === undefined) return false;
    throw new ShapeError(
      `[squeeze] axis ${a} of ${formatShape(x.shape)} has size ${x.shape[a]}: only axes of size 1 can be dropped`,
    );
  });
  return reshape(
    x,
    x.shape.filter((_, a) => !drop.includes(a)),
  );
}

/** Inserts axes of size 1 at these positions of the result. */
export function unsqueeze(x: Value, axis: number | readonly number[]): Value {
  const added = typeof axis === "number" ? [axis] : axis;
  const rank = x.shape.length + added.length;
  const at = normalizeAxes("unsqueeze", added, rank);
  let next = 0;
  return ops.reshape(
    x,
    Array.from({ length: rank }, (_, a) => (at.includes(a) ? 1 : (x.shape[next++] ?? 1))),
  );
}

/** Reorders axes: axis i of the result is axis `axes[i]` of x; without axes, reversed. Throws IndexError. */
export function permute(x: Value, axes?: readonly number[]): Value {
  const rank = x.shape.length;
  const order =
    axes === undefined ? x.shape.map((_, i) => rank - 1 - i) : axes.map((a) => normalizeAxis("permute", a, rank));
  if (order.length !== rank || new Set(order).size !== rank) {
    throw new IndexError(`[permute] axes ${formatShape(order)} do not name each axis of ${formatShape(x.shape)} once`);
  }
  return order.every((a, i) => a === i) ? x : ops.transpose(x, order);
}

/** Exchanges two axes. */
export function swapaxes(x: Value, axis1: number, axis2: number): Value {
  const a = normalizeAxis("swapaxes", axis1, x.shape.length);
  const b = normalizeAxis("swapaxes", axis2, x.shape.length);
  return permute(
    x,
    x.shape.map((_, i) => (i === a ? b : i === b ? a : i)),
  );
}

/** Moves axes to new positions, the others keeping their order. */
export function moveaxis(x: Value, source: number | readonly number[], destination: number | readonly number[]): Value {
  const rank = x.shape.length;
  const list = (axes: number | readonly number[]): number[] =>
    (typeof axes === "number" ? [axes] : axes).map((a) => normalizeAxis("moveaxis", a, rank));
  const from = list(source);
  const to = list(destination);
  if (from.length !== to.length || new Set(from).size !== from.length || new Set(to).size !== to.length) {
    throw new IndexError(
      `[moveaxis] sources ${formatShape(from)} and destinations ${formatShape(to)} must be equally many distinct axes`,
    );
  }
  const rest = x.shape.map((_, i) => i).filter((i) => !from.includes(i));
  const order = x.shape.map((_, i) => (to.includes(i) ? (from[to.indexOf(i)] ?? i) : (rest.shift() ?? i)));
  return permute(x, order);
}

/**
 * Joins tensors along an existing axis, promoting dtypes. Throws ShapeError where other sizes differ, ArgumentError for
 * none.
 */
export function concat(xs: readonly Value[], axis = 0): Value {
  const [first] = xs;
  if (!first) throw new ArgumentError("[concat] needs at least one tensor");
  if (xs.length === 1) return first;
  const dtype = xs.map((x) => x.dtype).reduce(promoteTypes);
  const a = normalizeAxis("concat", axis, first.shape.length);
  for (const x of xs) {
    if (x.shape.length !== first.shape.length || x.shape.some((d, i) => i !== a && d !== first.shape[i])) {
      throw new ShapeError(
        `[concat] ${formatShape(first.shape)} and ${formatShape(x.shape)} may differ along axis ${axis} only`,
      );
    }
  }
  return ops.concat(
    xs.map((x) => toDType(x, dtype)),
    a,
  );
}

/** Joins tensors of one shape along a new axis. Throws ShapeError where shapes differ, ArgumentError for none. */
export function stack(xs: readonly Value[], axis = 0): Value {
  const [first] = xs;
  if (!first) throw new ArgumentError("[stack] needs at least one tensor");
  for (const x of xs) {
    if (!sameShape(x.shape, first.shape))
      throw new ShapeError(
        `[stack] ${formatShape(first.shape)} and ${formatShape(x.shape)} differ: all shapes must be equal`,
      );
  }
  const a = normalizeAxis("stack", axis, first.shape.length + 1);
  return concat(
    xs.map((x) => unsqueeze(x, a)),
    a,
  );
}

/** Elements `start` to `end` (exclusive) along an axis, which are known to exist. */
function narrow(x: Value, axis: number, start: number, end: number): Value {
  if (start === 0 && end === x.shape[axis]) return x;
  return ops.slice(
    x,
    x.shape.map((_, i) => (i === axis ? start : 0)),
    x.shape.map((d, i) => (i === axis ? end : d)),
    x.shape.map(() => 1),
  );
}

/**
 * Parts of `sizes` elements each (the last may be shorter), or of the listed sizes. Throws ShapeError where they do not
 * add up.
 */
export function split(x: Value, sizes: number | readonly number[], axis = 0): Value[] {
  const a = normalizeAxis("split", axis, x.shape.length);
  const length = x.shape[a] ?? 0;
  if (typeof sizes === "number" && !(Number.isInteger(sizes) && sizes > 0))
    throw new ArgumentError(`[split] size ${sizes} must be a whole number above 0`);
  const list =
    typeof sizes === "number"
      ? Array.from({ length: Math.max(1, Math.ceil(length / sizes)) }, (_, i) => Math.min(sizes, length - i * sizes))
      : sizes;
  if (
    list.some((size) => !Number.isInteger(size) || size < 0) ||
    list.reduce((sum, size) => sum + size, 0) !== length
  ) {
    throw new ShapeError(
      `[split] sizes ${formatShape(list)} do not add up to the ${length} elements of axis ${axis} of ` +
        `${formatShape(x.shape)}`,
    );
  }
  let start = 0;
  return list.map((size) => narrow(x, a, start, (start += size)));
}

/** At most `count` parts of equal size; the last may be shorter. */
export function chunk(x: Value, count: number, axis = 0): Value[] {
  if (!Number.isInteger(count) || count < 1)
    throw new ArgumentError(`[chunk] count ${count} must be a whole number above 0`);
  const length = x.shape[normalizeAxis("chunk", axis, x.shape.length)] ?? 0;
  return split(x, Math.max(1, Math.ceil(length / count)), axis);
}

/** The slices along an axis, each without it. */
export function unbind(x: Value, axis = 0): Value[] {
  const a = normalizeAxis("unbind", axis, x.shape.length);
  return Array.from({ length: x.shape[a] ?? 0 }, (_, i) => squeeze(narrow(x, a, i, i + 1), a));
}

/** Reverses the order along the given axes, or along all. */
export function flip(x: Value, axis?: number | readonly number[]): Value {
  const axes = normalizeAxes("flip", axis, x.shape.length);
  return axes.length === 0 ? x : ops.reverse(x, axes);
}

/** Moves elements by `shift` places, those pushed out coming in at the other end; without axis, in row-major order. */
export function roll(x: Value, shift: number | readonly number[], axis?: number | readonly number[]): Value {
  if (axis === undefined) {
    if (typeof shift !== "number") throw new ArgumentError("[roll] several shifts need as many axes");
    return reshape(roll(flatten(x), shift, 0), x.shape);
  }
  const shifts = typeof shift === "number" ? [shift] : shift;
  const axes = typeof axis === "number" ? [axis] : axis;
  if (shifts.length !== axes.length)
    throw new ArgumentError(`[roll] ${shifts.length} shifts do not go with ${axes.length} axes`);
  return axes.reduce((result, axis, i) => {
    const a = normalizeAxis("roll", axis, x.shape.length);
    const length = x.shape[a] ?? 0;
    const by = length === 0 ? 0 : (((shifts[i] ?? 0) % length) + length) % length;
    return by === 0 ? result : concat([narrow(result, a, length - by, length), narrow(result, a, 0, length - by)], a);
  }, x);
}

/** The tensor repeated `counts[i]` times along axis i; counts are aligned with the last axes. */
export function tile(x: Value, counts: readonly number[]): Value {
  const rank = Math.max(counts.length, x.shape.length);
  const count = Array.from({ length: rank }, (_, i) => counts[i - rank + counts.length] ?? 1);
  const sizes = Array.from({ length: rank }, (_, i) => x.shape[i - rank + x.shape.length] ?? 1);
  if (count.some((c) => !Number.isInteger(c) || c < 0))
    throw new ArgumentError(`[tile] counts ${formatShape(counts)} must be whole numbers of 0 or more`);
  // Joining whole copies keeps the rank, where a broadcast over doubled axes would exceed the limit of 8.
  return count.reduce(
    (result, c, axis) => {
      if (c === 1) return result;
      return c === 0
        ? narrow(result, axis, 0, 0)
        : concat(
            Array.from({ length: c }, () => result),
            axis,
          );
    },
    reshape(x, sizes),
  );
}

/** Each element repeated `count` times in place along an axis; without axis, of the flattened tensor. */
export function repeatInterleave(x: Value, count: number, axis?: number): Value {
  if (axis === undefined) return repeatInterleave(flatten(x), count, 0);
  if (!Number.isInteger(count) || count < 0)
    throw new ArgumentError(`[repeatInterleave] count ${count} must be a whole number of 0 or more`);
  const a = normalizeAxis("repeatInterleave", axis, x.shape.length);
  const before = x.shape.slice(0, a + 1);
  const after = x.shape.slice(a + 1);
  const repeated = ops.broadcast(
    reshape(x, [sizeOf(before), sizeOf(after)]),
    [sizeOf(before), count, sizeOf(after)],
    [0, 2],
  );
  return reshape(repeated, [...before.slice(0, -1), (x.shape[a] ?? 0) * count, ...after]);
}
