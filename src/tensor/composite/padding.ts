import { ArgumentError, ShapeError } from "../../core/errors.js";
import { formatShape } from "../../core/shape.js";
import type { Value } from "../../ir/graph.js";
import * as ops from "../../ops/index.js";
import { concat, expand, flip, split } from "./movement.js";

/** What fills the border: a constant, the mirror image without the edge, the edge repeated, or the other end. */
export type PadMode = "constant" | "reflect" | "replicate" | "circular";

/**
 * How far to pad: one number for both ends of every axis, or `[before, after]` for each axis, aligned with the last
 * axes.
 */
export type PadWidths = number | readonly (readonly [before: number, after: number])[];

/**
 * Widens the tensor at the ends of its axes; negative widths cut (mode "constant" only). Throws ShapeError for more
 * widths
 * than axes or a border that the mode cannot fill, ArgumentError for a width that is no whole number.
 */
export function pad(
  x: Value,
  widths: PadWidths,
  { mode = "constant", value = 0 }: { readonly mode?: PadMode; readonly value?: number } = {},
): Value {
  const rank = x.shape.length;
  const given = typeof widths === "number" ? x.shape.map(() => [widths, widths] as const) : widths;
  if (given.length > rank)
    throw new ShapeError(`[pad] ${given.length} pairs of widths are too many for ${formatShape(x.shape)}`);
  if (given.flat().some((w) => !Number.isInteger(w) || (mode !== "constant" && w < 0))) {
    throw new ArgumentError(
      `[pad] widths ${JSON.stringify(widths)} must be whole ` +
        `numbers${mode === "constant" ? "" : ` of 0 or more in mode "${mode}"`}`,
    );
  }
  const pairs = x.shape.map((_, axis) => given[axis - rank + given.length] ?? ([0, 0] as const));
  if (pairs.every(([before, after]) => before === 0 && after === 0)) return x;
  if (mode === "constant") {
    x.shape.forEach((size, axis) => {
      const [before, after] = pairs[axis] ?? [0, 0];
      if (size + before + after < 0)
        throw new ShapeError(
          `[pad] widths [${before}, ${after}] cut more than the ${size} elements of axis ${axis} of ` +
            `${formatShape(x.shape)}`,
        );
    });
    return ops.pad(
      x,
      ops.constant(value, x.dtype),
      pairs.map(([before]) => before),
      pairs.map(([, after]) => after),
      pairs.map(() => 0),
    );
  }
  return pairs.reduce((result, [before, after], axis) => padAxis(result, axis, before, after, mode), x);
}

function padAxis(x: Value, axis: number, before: number, after: number, mode: Exclude<PadMode, "constant">): Value {
  if (before === 0 && after === 0) return x;
  const size = x.shape[axis] ?? 0;
  const most = mode === "reflect" ? size - 1 : mode === "circular" ? size : size === 0 ? 0 : Infinity;
  if (before > most || after > most) {
    throw new ShapeError(
      `[pad] widths [${before}, ${after}] exceed what mode "${mode}" can take from the ${size} elements of axis ` +
        `${axis} of ${formatShape(x.shape)}: at most ${Math.max(0, most)}`,
    );
  }
  const part = (start: number, length: number): Value => split(x, [start, length, size - start - length], axis)[1] ?? x;
  const edge = (start: number, length: number): Value =>
    expand(
      part(start, 1),
      x.shape.map((d, i) => (i === axis ? length : d)),
    );
  switch (mode) {
    case "reflect":
      return concat([flip(part(1, before), axis), x, flip(part(size - 1 - after, after), axis)], axis);
    case "replicate":
      return concat([edge(0, before), x, edge(size - 1, after)], axis);
    case "circular":
      return concat([part(size - before, before), x, part(0, after)], axis);
  }
}
