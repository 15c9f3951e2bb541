import { DTypeError, ShapeError } from "../core/errors.js";
import { formatShape, sameShape, sizeOf, type Shape } from "../core/shape.js";
import type { TensorType } from "../ir/graph.js";
import { at } from "./indexing.js";

/** What attention and its gradient are told beside their operands. */
export type AttentionAttrs = {
  /** Factor on the scores. */
  readonly scale: number;
  /** Whether query i sees the keys 0 … i only. */
  readonly causal: boolean;
  /** Whether an operand says which keys each query sees (bool), or is added to the scores (float). */
  readonly mask: boolean;
  /** Share of the weights that is kept; 1 for all, else the last operand is the state of the random bits. */
  readonly keep: number;
};

/** The attention's attributes, and the parts into which its queries are divided where there are too few attentions. */
export type GradientAttrs = AttentionAttrs & { readonly parts: number };

/** Operands of attention before the mask: queries, keys, values. */
export const attentionMask = 3;

/** Operands of its gradient before the mask: queries, keys, values, logarithms of sums, Σ out·cotangent, cotangent. */
export const gradientMask = 6;

/** Queries and keys of one block: their scores and all that is computed from them stay close to the processor. */
const blockOf = { queries: 64, keys: 128 };

/** The shapes of an attention. */
export interface AttentionShape {
  readonly batch: Shape;
  readonly queries: number;
  readonly keys: number;
  readonly features: number;
  readonly values: number;
}

export function attentionShape(q: Shape, k: Shape, v: Shape): AttentionShape {
  const rank = q.length;
  return { batch: q.slice(0, -2), queries: at(q, rank - 2), keys: at(k, rank - 2), features: at(q, rank - 1), values: at(v, rank - 1) };
}

/** Throws ShapeError or DTypeError unless the operands are those of an attention. */
export function checkAttention(name: string, inputs: readonly TensorType[], { mask: masked, keep }: AttentionAttrs, before: number): AttentionShape {
  const [q, k, v] = [at(inputs, 0), at(inputs, 1), at(inputs, 2)];
  for (const { dtype } of [q, k, v]) {
    if (dtype !== q.dtype || (dtype !== "float32" && dtype !== "float64")) {
      throw new DTypeError(`[${name}] expected float32 or float64 alike for queries, keys and values, and got ${[q, k, v].map((x) => x.dtype).join(", ")}`);
    }
  }
  const rank = q.shape.length;
  const sameBatch = rank >= 2 && [k, v].every((x) => x.shape.length === rank && sameShape(x.shape.slice(0, -2), q.shape.slice(0, -2)));
  if (!sameBatch || at(k.shape, rank - 1) !== at(q.shape, rank - 1) || at(k.shape, rank - 2) !== at(v.shape, rank - 2)) {
    throw new ShapeError(
      `[${name}] expected queries [..., L, E], keys [..., S, E] and values [..., S, D], and got ${[q, k, v].map((x) => formatShape(x.shape)).join(", ")}`,
    );
  }
  const shape = attentionShape(q.shape, k.shape, v.shape);
  const scores = [...shape.batch, shape.queries, shape.keys];
  if (masked && !sameShape(at(inputs, before).shape, scores)) {
    throw new ShapeError(`[${name}] the mask ${formatShape(at(inputs, before).shape)} must be ${formatShape(scores)}`);
  }
  if (keep < 1 && sizeOf(scores) > 2 ** 32) throw new ShapeError(`[${name}] ${formatShape(scores)} has more than 2^32 weights to draw bits for`);
  return shape;
}

/** Queries and keys of a block of an attention. */
export function blockSizes({ queries, keys }: AttentionShape): { readonly tall: number; readonly wide: number } {
  return { tall: Math.max(1, Math.min(queries, blockOf.queries)), wide: Math.max(1, Math.min(keys, blockOf.keys)) };
}

/** Queries of one part, the last of which may have fewer: whole blocks. */
export function queriesOfPart(shape: AttentionShape, parts: number): number {
  const { tall } = blockSizes(shape);
  return Math.ceil(Math.ceil(shape.queries / tall) / parts) * tall;
}
