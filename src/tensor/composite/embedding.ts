import { ShapeError } from "../../core/errors.js";
import { formatShape } from "../../core/shape.js";
import type { Value } from "../../ir/graph.js";
import * as ops from "../../ops/index.js";
import { eq, where } from "./arithmetic.js";
import { at } from "./indexing.js";
import { unsqueeze } from "./movement.js";

export interface EmbeddingOptions {
  /** An id whose row has no gradient; negative ones count from the end. */
  readonly paddingIdx?: number | undefined;
}

/**
 * Rows of a table: ids [...] and weight [count, features] give [..., features]. Throws ShapeError for a weight that is
 * no matrix, DTypeError for ids that are no integers.
 */
export function embedding(ids: Value, weight: Value, { paddingIdx }: EmbeddingOptions = {}): Value {
  if (weight.shape.length !== 2)
    throw new ShapeError(`[embedding] weight ${formatShape(weight.shape)} must be [count, features]`);
  const rows = at(weight, ids);
  if (paddingIdx === undefined) return rows;
  const padding = paddingIdx < 0 ? paddingIdx + (weight.shape[0] ?? 0) : paddingIdx;
  return where(unsqueeze(eq(ids, padding), -1), ops.stopGradient(rows), rows);
}
