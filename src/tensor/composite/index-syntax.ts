import { DTypeError, IndexError } from "../../core/errors.js";
import { isInteger } from "../../core/dtype.js";
import { formatShape, type Shape } from "../../core/shape.js";
import type { Value } from "../../ir/graph.js";

/**
 * One place of an index: a position, a range such as "1:5" or "::-1", "..." for the axes between, null for a new axis,
 * or a tensor of positions.
 */
export type Index = number | string | null | Value;

/** What happens to one axis of the input, or where a new one comes in. */
export type AxisIndex =
  | { readonly kind: "take"; readonly axis: number; readonly position: number }
  | {
      readonly kind: "range";
      readonly axis: number;
      readonly start: number;
      readonly step: number;
      readonly count: number;
    }
  | { readonly kind: "gather"; readonly axis: number; readonly positions: Value }
  | { readonly kind: "new" };

/** Reads an index, axis by axis. Throws IndexError naming the place, DTypeError for tensors that are no positions. */
export function parseIndex(op: string, shape: Shape, indices: readonly Index[]): AxisIndex[] {
  const dots = indices.filter((index) => index === "...").length;
  if (dots > 1) throw new IndexError(`[${op}] "..." may stand once in an index`);
  const consumed = indices.filter((index) => index !== null && index !== "...").length;
  if (consumed > shape.length)
    throw new IndexError(`[${op}] ${consumed} indices are too many for shape ${formatShape(shape)}`);
  const full: Index[] = dots === 0 ? [...indices, "..."] : [...indices];
  let axis = 0;
  return full.flatMap((index): AxisIndex[] => {
    if (index === null) return [{ kind: "new" }];
    if (index === "...")
      return Array.from({ length: shape.length - consumed }, () => parseAxis(op, shape, axis++, ":"));
    return [parseAxis(op, shape, axis++, index)];
  });
}

function parseAxis(op: string, shape: Shape, axis: number, index: number | string | Value): AxisIndex {
  const size = shape[axis] ?? 0;
  const where = `along axis ${axis} of ${formatShape(shape)}`;
  if (typeof index === "number") {
    const position = index < 0 ? index + size : index;
    if (!Number.isInteger(index) || position < 0 || position >= size) {
      throw new IndexError(
        `[${op}] index ${index} is out of range ${where}: expected a whole number from ${-size} to ${size - 1}`,
      );
    }
    return { kind: "take", axis, position };
  }
  if (typeof index === "string") return { kind: "range", axis, ...parseRange(op, index, size, where) };
  if (index.dtype === "bool") {
    throw new DTypeError(
      `[${op}] a mask of bools cannot be an index ${where}: how many elements it picks depends on its values, and ` +
        "a shape must be known before they are. Use where(mask, x, 0), or multiply by the mask",
    );
  }
  if (!isInteger(index.dtype))
    throw new DTypeError(
      `[${op}] a tensor of ${index.dtype} cannot be an index ${where}: convert it with .to("int32")`,
    );
  return { kind: "gather", axis, positions: index };
}

/**
 * Python's slice rule: missing ends reach to the edge, negative ones count from the back, and both are cut to what
 * exists.
 */
function parseRange(
  op: string,
  text: string,
  size: number,
  where: string,
): { start: number; step: number; count: number } {
  const match = /^\s*(-?\d+)?\s*:\s*(-?\d+)?\s*(?::\s*(-?\d+)?\s*)?$/.exec(text);
  if (!match)
    throw new IndexError(
      `[${op}] index "${text}" ${where} cannot be read: expected "start:stop" or "start:stop:step", each optional, ` +
        `such as "1:5", ":-1" or "::2"`,
    );
  const [, from, to, by] = match;
  const step = Number(by ?? 1);
  if (step === 0) throw new IndexError(`[${op}] index "${text}" ${where} has step 0`);
  const low = step > 0 ? 0 : -1;
  const high = step > 0 ? size : size - 1;
  const cut = (given: string | undefined, missing: number): number => {
    if (given === undefined) return missing;
    const value = Number(given);
    return Math.min(high, Math.max(low, value < 0 ? value + size : value));
  };
  const start = cut(from, step > 0 ? low : high);
  const stop = cut(to, step > 0 ? high : low);
  return { start, step, count: Math.max(0, Math.ceil((stop - start) / step)) };
}
