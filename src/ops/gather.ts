import { isFloat, type DType } from "../core/dtype.js";
import { DTypeError, IndexError, ShapeError } from "../core/errors.js";
import { formatShape, sameShape, sizeOf, type Shape } from "../core/shape.js";
import { applyOne, type TensorType, type Value, type Op } from "../ir/graph.js";
import type { Expr, Stmt } from "../ir/loop.js";
import { div, max, min } from "./arithmetic.js";
import { and } from "./bitwise.js";
import { broadcast } from "./broadcast.js";
import { eq, le, lt, select } from "./compare.js";
import { constant, constantLike, iota } from "./constant.js";
import { convert } from "./convert.js";
import { checkIndices, checkKind, checkSameDType, checkWide, everything, numbers } from "./dtype-rules.js";
import { at, clampIndex, isInside, range, unravel } from "./indexing.js";
import { reshape } from "./movement.js";

/** The parts of x [B…, N, R…] and indices [B…, I…]. */
interface Parts {
  readonly batch: Shape;
  readonly size: number;
  readonly picks: Shape;
  readonly rest: Shape;
}

function partsOf(op: string, x: TensorType, indices: TensorType, batch: number): Parts {
  checkIndices(op, "indices", indices.dtype);
  const head = x.shape.slice(0, batch);
  if (batch < 0 || batch >= x.shape.length || !sameShape(head, indices.shape.slice(0, batch))) {
    throw new ShapeError(`[${op}] the first ${batch} axes of ${formatShape(x.shape)} and of the indices ${formatShape(indices.shape)} must be equal, and one more must follow`);
  }
  return { batch: head, size: at(x.shape, batch), picks: indices.shape.slice(batch), rest: x.shape.slice(batch + 1) };
}

type GatherAttrs = { readonly batch: number };

export const gatherOp: Op<GatherAttrs> = {
  name: "gather",
  infer: (inputs, attrs) => {
    const [x, indices] = [at(inputs, 0), at(inputs, 1)];
    const { batch, size, picks, rest } = partsOf("gather", x, indices, attrs.batch);
    const shape = [...batch, ...picks, ...rest];
    if (size === 0 && sizeOf(shape) > 0) throw new IndexError(`[gather] axis ${attrs.batch} of ${formatShape(x.shape)} has no element to pick`);
    return [{ shape, dtype: x.dtype }];
  },
  vjp: (node, [ct]) => {
    if (!ct) return [];
    const [x, indices] = [at(node.inputs, 0), at(node.inputs, 1)];
    const { batch } = node.attrs;
    const last = constantLike(indices, at(x.shape, batch) - 1);
    const clamped = max(min(indices, last), constantLike(indices, 0));
    return [scatter(constantLike(x, 0), clamped, ct, { batch, mode: "add" })];
  },
  batch: ({ inputs, isBatched, attrs: { batch }, all }) => {
    // Indices into one and the same x are only more indices.
    if (!at(isBatched, 0) && batch === 0) return [gather(at(inputs, 0), at(inputs, 1))];
    return [gather(all(0), all(1), { batch: batch + 1 })];
  },
  lower: {
    kind: "map",
    element: (b, ctx, index) => {
      const [x, indices] = [at(ctx.inputs, 0), at(ctx.inputs, 1)];
      const { batch } = ctx.attrs;
      const rank = indices.shape.length;
      const pick = clampIndex(b, b.cast(ctx.operand(1, index.slice(0, rank)), "index"), at(x.shape, batch) - 1);
      return ctx.operand(0, [...index.slice(0, batch), pick, ...index.slice(rank)]);
    },
  },
};

/**
 * Elements picked along one axis: x [B…, N, R…] and int32 indices [B…, I…], with `batch` leading axes in common, give
 * [B…, I…, R…]. Indices are clamped to 0 … N−1. Throws ShapeError, DTypeError, IndexError when N is 0.
 */
export function gather(x: Value, indices: Value, { batch = 0 }: { readonly batch?: number } = {}): Value {
  return applyOne(gatherOp, [x, indices], { batch });
}

export type ScatterMode = "add" | "set" | "min" | "max";
export type ScatterAttrs = { readonly batch: number; readonly mode: ScatterMode };

/** Neighbouring elements of R… that one item handles. */
const scatterBlock = 64;

export const scatterOp: Op<ScatterAttrs> = {
  name: "scatter",
  infer: (inputs, { batch, mode }) => {
    const [x, indices, updates] = [at(inputs, 0), at(inputs, 1), at(inputs, 2)];
    const parts = partsOf("scatter", x, indices, batch);
    const expected = [...parts.batch, ...parts.picks, ...parts.rest];
    if (!sameShape(updates.shape, expected)) {
      throw new ShapeError(`[scatter] updates ${formatShape(updates.shape)} must have shape ${formatShape(expected)} for x ${formatShape(x.shape)} and indices ${formatShape(indices.shape)}`);
    }
    checkSameDType("scatter", x.dtype, updates.dtype);
    checkScatterDType(x.dtype, mode);
    return [{ shape: x.shape, dtype: x.dtype }];
  },
  vjp: (node, [ct]) => {
    const [x, indices, updates] = [at(node.inputs, 0), at(node.inputs, 1), at(node.inputs, 2)];
    if (!ct || !isFloat(x.dtype)) return [];
    return scatterVjp(ct, x, indices, updates, at(node.outputs, 0), node.attrs);
  },
  batch: ({ attrs: { batch, mode }, all }) => [scatter(all(0), all(1), all(2), { batch: batch + 1, mode })],
  lower: {
    kind: "loops",
    build: (b, ctx) => {
      const [x, indices] = [at(ctx.inputs, 0), at(ctx.inputs, 1)];
      const { batch, size, picks, rest } = partsOf("scatter", x, indices, ctx.attrs.batch);
      const width = sizeOf(rest);
      const blocks = Math.ceil(width / scatterBlock);
      return {
        items: sizeOf(batch) * blocks,
        body: (item) => {
          const outer = unravel(b, b.div(item, b.index(Math.max(1, blocks))), batch);
          const begin = b.mul(b.rem(item, b.index(Math.max(1, blocks))), b.index(scatterBlock));
          const length = blocks === 1 ? b.index(width) : b.min(b.index(scatterBlock), b.sub(b.index(width), begin));
          const end = b.add(begin, length);
          const overRest = (body: (r: Expr[]) => Stmt[]): Stmt => {
            const variable = b.counter("r", width);
            return { kind: "for", variable, begin, end, step: 1, body: body(unravel(b, b.ref(variable), rest)), vectorize: true };
          };
          const row = b.counter("n", size);
          const pick = b.counter("i", sizeOf(picks));
          const pickIndex = unravel(b, b.ref(pick), picks);
          const target = b.variable("target", "index");
          const to = b.ref(target);
          const copied = (r: Expr[]): Expr[] => [...outer, b.ref(row), ...r];
          const update = overRest((r) => {
            const value = ctx.operand(2, [...outer, ...pickIndex, ...r]);
            const place = [...outer, to, ...r];
            const old = b.variable("old", value.type);
            if (ctx.attrs.mode === "set") return [ctx.store(0, place, value)];
            return [
              { kind: "let", variable: old, value: ctx.reload(0, place) },
              ctx.store(0, place, b.op(ctx.attrs.mode, b.ref(old), value)),
            ];
          });
          const copy: Stmt[] = [
            {
              kind: "for",
              variable: row,
              begin: b.index(0),
              end: b.index(size),
              step: 1,
              body: [overRest((r) => [ctx.store(0, copied(r), ctx.operand(0, copied(r)))])],
              vectorize: false,
            },
          ];
          if (sizeOf(picks) === 0) return copy;
          return [
            ...copy,
            {
              kind: "for",
              variable: pick,
              begin: b.index(0),
              end: b.index(sizeOf(picks)),
              step: 1,
              body: [
                { kind: "let", variable: target, value: b.cast(ctx.operand(1, [...outer, ...pickIndex]), "index") },
                { kind: "if", condition: isInside(b, to, size), then: [update], otherwise: [] },
              ],
              vectorize: false,
            },
          ];
        },
      };
    },
  },
};

function checkScatterDType(dtype: DType, mode: ScatterMode): void {
  checkKind("scatter", dtype, mode === "set" ? everything : numbers);
  if (mode === "add") checkWide("scatter", dtype);
  if (!["add", "set", "min", "max"].includes(mode)) throw new DTypeError(`[scatter] mode ${String(mode)} is none of add, set, min, max`);
}

function scatterVjp(ct: Value, x: Value, indices: Value, updates: Value, y: Value, attrs: ScatterAttrs): [Value, undefined, Value] {
  const { batch, mode } = attrs;
  const picked = (v: Value): Value => gather(v, indices, { batch });
  const zeroUpdates = constantLike(updates, 0);
  const zero = constantLike(x, 0);
  const size = constantLike(indices, at(x.shape, batch));
  // Dropped updates have no influence.
  const inside = and(le(constantLike(indices, 0), indices), lt(indices, size));
  const spread = (v: Value): Value => broadcast(v, updates.shape, range(indices.shape.length));
  if (mode === "add") return [ct, undefined, select(spread(inside), picked(ct), zeroUpdates)];
  if (mode === "set") {
    // The last update of each target wins: its number is left there.
    const [head, picks] = [indices.shape.slice(0, batch), sizeOf(indices.shape.slice(batch))];
    const flat = broadcast(iota([picks], 0, "int32"), [...head, picks], [batch]);
    const numbersOf = reshape(flat, indices.shape);
    const target = x.shape.slice(0, batch + 1);
    const winner = scatter(constant(-1, "int32", target), indices, numbersOf, { batch, mode: "set" });
    const untouched = broadcast(eq(winner, constantLike(winner, -1)), x.shape, range(batch + 1));
    const wins = spread(and(inside, eq(gather(winner, indices, { batch }), numbersOf)));
    return [select(untouched, ct, zero), undefined, select(wins, picked(ct), zeroUpdates)];
  }
  const isKept = eq(x, y);
  const isTaken = and(spread(inside), eq(updates, picked(y)));
  const ties = scatter(convert(isKept, x.dtype), indices, convert(isTaken, x.dtype), { batch, mode: "add" });
  const share = div(ct, ties);
  return [select(isKept, share, zero), undefined, select(isTaken, picked(share), zeroUpdates)];
}

/**
 * x [B…, N, R…] with updates [B…, I…, R…] folded in at int32 indices [B…, I…] along one axis, in index order: added,
 * replacing, or the smaller or larger of both. Updates with an index outside 0 … N−1 are dropped. Throws ShapeError, DTypeError.
 */
export function scatter(
  x: Value,
  indices: Value,
  updates: Value,
  { batch = 0, mode }: { readonly batch?: number; readonly mode: ScatterMode },
): Value {
  return applyOne(scatterOp, [x, indices, updates], { batch, mode });
}
