import { IndexError, ShapeError } from "./errors.js";

/** Sizes of the axes, outermost first; `[]` is a scalar. */
export type Shape = readonly number[];

export const maxRank = 8;

/** Number of elements. */
export function sizeOf(shape: Shape): number {
  let size = 1;
  for (const d of shape) size *= d;
  return size;
}

export function sameShape(a: Shape, b: Shape): boolean {
  return a.length === b.length && a.every((d, i) => d === b[i]);
}

/** Row-major strides in elements. */
export function stridesOf(shape: Shape): number[] {
  const strides = new Array<number>(shape.length);
  let stride = 1;
  for (let i = shape.length - 1; i >= 0; i--) {
    strides[i] = stride;
    stride *= shape[i] ?? 1;
  }
  return strides;
}

export function formatShape(shape: Shape): string {
  return `[${shape.join(", ")}]`;
}

/** Throws a ShapeError unless every size is a whole number ≥ 0 and the rank is at most 8. */
export function checkShape(op: string, shape: Shape): void {
  if (shape.length > maxRank) throw new ShapeError(`[${op}] rank ${shape.length} of ${formatShape(shape)} is above the limit of ${maxRank}`);
  for (const d of shape) {
    if (!Number.isInteger(d) || d < 0) throw new ShapeError(`[${op}] ${formatShape(shape)} is no shape: every size must be a whole number of 0 or more`);
  }
}

/** The axis counted from the front; a negative one counts from the back. Throws IndexError when out of range. */
export function normalizeAxis(op: string, axis: number, rank: number): number {
  const a = axis < 0 ? axis + rank : axis;
  if (!Number.isInteger(axis) || a < 0 || a >= rank) {
    throw new IndexError(`[${op}] axis ${axis} is out of range for rank ${rank}: expected ${rank === 0 ? "no axis" : `${-rank} to ${rank - 1}`}`);
  }
  return a;
}

/** Distinct axes in ascending order; undefined means all of them. */
export function normalizeAxes(op: string, axes: number | readonly number[] | undefined, rank: number): number[] {
  if (axes === undefined) return Array.from({ length: rank }, (_, i) => i);
  const list = (typeof axes === "number" ? [axes] : axes).map((a) => normalizeAxis(op, a, rank));
  if (new Set(list).size !== list.length) throw new IndexError(`[${op}] axes ${formatShape(typeof axes === "number" ? [axes] : axes)} name one axis twice`);
  return list.sort((a, b) => a - b);
}

/** NumPy's broadcasting rule for any number of shapes. Throws ShapeError naming the op and the shapes. */
export function broadcastShapes(op: string, ...shapes: readonly Shape[]): number[] {
  const rank = Math.max(0, ...shapes.map((s) => s.length));
  const result = new Array<number>(rank).fill(1);
  for (const shape of shapes) {
    shape.forEach((d, i) => {
      const at = rank - shape.length + i;
      const have = result[at] ?? 1;
      if (have === 1) result[at] = d;
      else if (d !== 1 && d !== have) {
        throw new ShapeError(
          `[${op}] shapes ${shapes.map(formatShape).join(" and ")} do not broadcast: counted from the last axis, sizes must be equal or 1, and ${have} meets ${d}`,
        );
      }
    });
  }
  return result;
}
