import { ShapeError } from "../../core/errors.js";
import { formatShape, normalizeAxis, type Shape } from "../../core/shape.js";
import type { Value } from "../../ir/graph.js";
import * as ops from "../../ops/index.js";
import { permute, reshape } from "./movement.js";

/** Whether column − row ≤ diagonal, over the last two axes of a shape. */
function onOrBelow(op: string, shape: Shape, diagonal: number): Value {
  const rank = shape.length;
  if (rank < 2) throw new ShapeError(`[${op}] needs a matrix or a batch of them, and got ${formatShape(shape)}`);
  const rows = ops.iota(shape, rank - 2, "int32");
  const columns = ops.iota(shape, rank - 1, "int32");
  return ops.le(ops.sub(columns, rows), ops.constant(diagonal, "int32", shape));
}

/**
 * The lower triangle of the last two axes, 0 above `diagonal` (0 is the main one, positive ones lie above). Throws
 * ShapeError.
 */
export function tril(x: Value, diagonal = 0): Value {
  return ops.select(onOrBelow("tril", x.shape, diagonal), x, ops.constant(0, x.dtype, x.shape));
}

/** The upper triangle of the last two axes, 0 below `diagonal`. Throws ShapeError. */
export function triu(x: Value, diagonal = 0): Value {
  return ops.select(onOrBelow("triu", x.shape, diagonal - 1), ops.constant(0, x.dtype, x.shape), x);
}

/** Elements whose indices along two axes differ by `offset` (second − first), as a new last axis. Throws ShapeError. */
export function diagonal(
  x: Value,
  {
    offset = 0,
    axis1 = 0,
    axis2 = 1,
  }: { readonly offset?: number; readonly axis1?: number; readonly axis2?: number } = {},
): Value {
  const rank = x.shape.length;
  if (rank < 2) throw new ShapeError(`[diagonal] needs at least two axes, and got ${formatShape(x.shape)}`);
  const a = normalizeAxis("diagonal", axis1, rank);
  const b = normalizeAxis("diagonal", axis2, rank);
  if (a === b) throw new ShapeError(`[diagonal] axes ${axis1} and ${axis2} are one and the same`);
  const rest = x.shape.map((_, i) => i).filter((i) => i !== a && i !== b);
  const moved = permute(x, [...rest, a, b]);
  const outer = rest.map((i) => x.shape[i] ?? 0);
  const rows = x.shape[a] ?? 0;
  const columns = x.shape[b] ?? 0;
  const length = Math.max(0, offset >= 0 ? Math.min(rows, columns - offset) : Math.min(rows + offset, columns));
  // In row-major order the diagonal's elements lie columns + 1 apart.
  const flat = reshape(moved, [...outer, rows * columns]);
  const start = length === 0 ? 0 : offset >= 0 ? offset : -offset * columns;
  const end = length === 0 ? 0 : start + (length - 1) * (columns + 1) + 1;
  return ops.slice(flat, [...outer.map(() => 0), start], [...outer, end], [...outer.map(() => 1), columns + 1]);
}

/**
 * A vector as the diagonal of a square matrix of zeros, or a matrix's diagonal as a vector. Throws ShapeError for other
 * ranks.
 */
export function diag(x: Value, offset = 0): Value {
  if (x.shape.length === 2) return diagonal(x, { offset });
  const [length] = x.shape;
  if (length === undefined || x.shape.length > 1)
    throw new ShapeError(`[diag] needs a vector or a matrix, and got ${formatShape(x.shape)}`);
  const n = length + Math.abs(offset);
  const shape = [n, n];
  const first = Math.max(0, -offset);
  const rows = ops.iota(shape, 0, "int32");
  const columns = ops.iota(shape, 1, "int32");
  const onDiagonal = ops.eq(ops.sub(columns, rows), ops.constant(offset, "int32", shape));
  const padded = ops.pad(x, ops.constant(0, x.dtype), [first], [n - length - first], [0]);
  return ops.select(onDiagonal, ops.broadcast(padded, shape, [0]), ops.constant(0, x.dtype, shape));
}
