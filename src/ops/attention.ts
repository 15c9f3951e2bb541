import { sizeOf } from "../core/shape.js";
import { apply, type Attrs, type LoopsContext, type Op, type Value } from "../ir/graph.js";
import type { ExprBuilder } from "../ir/expr-builder.js";
import type { Expr, Stmt } from "../ir/loop.js";
import { mul } from "./arithmetic.js";
import { attentionMask, AttentionWriter, attentionShape, blockSizes, checkAttention, spanAt, type AttentionAttrs } from "./attention-blocks.js";
import { attentionGradient } from "./attention-gradient.js";
import { at, unravel } from "./indexing.js";
import { reduce } from "./reduce.js";

/**
 * A block of queries keeps its scores with one block of keys after another in the thread's memory, and the maximum, the sum
 * and the mean of values so far (Milakov and Gimelshein 2018; Dao et al., "FlashAttention", 2022).
 */
function buildForward(b: ExprBuilder, ctx: LoopsContext<Attrs>, attrs: AttentionAttrs): { items: number; body(item: Expr): Stmt[] } {
  const shape = attentionShape(at(ctx.inputs, 0).shape, at(ctx.inputs, 1).shape, at(ctx.inputs, 2).shape);
  const { batch: sizes, queries, keys, features, values } = shape;
  const { tall, wide } = blockSizes(shape);
  const blocks = Math.ceil(queries / tall);
  const keyBlocks = Math.ceil(keys / wide);
  return {
    items: sizeOf(sizes) * blocks,
    body: (item) => {
      const w = new AttentionWriter(b, ctx, attrs, shape, attentionMask);
      const batch = unravel(b, b.div(item, b.index(blocks)), sizes);
      const rows = spanAt(b, queries, tall, b.rem(item, b.index(blocks)));
      const [q, scores, mean] = [w.matrix(tall, features), w.matrix(tall, wide), w.matrix(tall, values)];
      const [kTurned, v] = [w.matrix(features, wide), w.matrix(wide, values)];
      const [most, sum] = [ctx.scratch(w.type, tall), ctx.scratch(w.type, tall)];
      const steps = { count: b.index(features), most: features };

      const kb = b.counter("kb", keyBlocks);
      const span = spanAt(b, keys, wide, b.ref(kb));
      const softmaxOf = (i: Expr): Stmt[] => {
        const query = b.add(rows.begin, i);
        const largest = w.total("largest", -Infinity);
        const before = w.named("before", most.load(i));
        const after = w.named("after", b.max(before.ref, largest.ref));
        // Where no key was seen yet there is nothing to shift by.
        const shift = w.named("shift", b.select(b.eq(after.ref, w.number(-Infinity)), w.number(0), after.ref));
        const shrink = w.named("shrink", b.exp(b.sub(before.ref, shift.ref)));
        const soFar = w.named("soFar", sum.load(i));
        const added = w.total("added", 0);
        const find = w.loop("j", span.count, span.most, (j) => {
          const score = w.named("score", w.masked(scores.memory.load(w.at(scores, i, j)), batch, query, b.add(span.begin, j)));
          const keep: Stmt[] = w.masks ? [scores.memory.store(w.at(scores, i, j), score.ref)] : [];
          return [score.stmt, ...keep, { kind: "accumulate", variable: largest.variable, op: "max", value: score.ref }];
        }, true);
        const weigh = w.loop("j", span.count, span.most, (j) => {
          const score = w.named("score", scores.memory.load(w.at(scores, i, j)));
          const weight = w.named("weight", b.exp(b.sub(score.ref, shift.ref)));
          const factor = w.dropout(batch, query, b.add(span.begin, j));
          const dropped = factor ? b.mul(weight.ref, factor) : weight.ref;
          return [score.stmt, weight.stmt, { kind: "accumulate", variable: added.variable, op: "add", value: weight.ref }, scores.memory.store(w.at(scores, i, j), dropped)];
        }, true);
        const rescale = w.loop("d", b.index(values), values, (d) => {
          const old = w.named("old", mean.memory.load(w.at(mean, i, d)));
          return [old.stmt, mean.memory.store(w.at(mean, i, d), b.mul(old.ref, shrink.ref))];
        }, true);
        return [
          before.stmt, largest.stmt, find, after.stmt, shift.stmt, shrink.stmt, most.store(i, after.ref),
          added.stmt, weigh, soFar.stmt, sum.store(i, b.add(b.mul(soFar.ref, shrink.ref), added.ref)), rescale,
        ];
      };
      const visible = attrs.causal ? b.min(b.index(keys), b.add(rows.begin, rows.count)) : b.index(keys);
      const overKeys: Stmt = {
        kind: "for",
        variable: kb,
        begin: b.index(0),
        end: b.div(b.add(visible, b.index(wide - 1)), b.index(wide)),
        step: 1,
        body: [
          w.copyTurned(kTurned, 1, batch, span, features),
          w.copy(v, 2, batch, span, values),
          w.product(q, kTurned, scores, rows, span, steps),
          w.loop("i", rows.count, rows.most, softmaxOf),
          w.product(scores, v, mean, rows, values, span, { adds: true }),
        ],
        vectorize: false,
      };
      const finish = w.loop("i", rows.count, rows.most, (i) => {
        const [query, total, shift] = [b.add(rows.begin, i), w.named("total", sum.load(i)), w.named("shift", most.load(i))];
        const none = b.eq(total.ref, w.number(0));
        const inverse = w.named("inverse", b.select(none, w.number(0), b.div(w.number(1), total.ref)));
        return [
          total.stmt, shift.stmt, inverse.stmt,
          ctx.store(1, [...batch, query], b.select(none, w.number(Infinity), b.add(shift.ref, b.log(total.ref)))),
          w.loop("d", b.index(values), values, (d) => {
            const value = w.named("value", mean.memory.load(w.at(mean, i, d)));
            return [value.stmt, ctx.store(0, [...batch, query, d], b.mul(value.ref, inverse.ref))];
          }, true),
        ];
      });
      return [
        w.copy(q, 0, batch, rows, features, (x) => b.mul(x, w.number(attrs.scale))),
        w.loop("i", b.index(tall), tall, (i) => [most.store(i, w.number(-Infinity)), sum.store(i, w.number(0))], true),
        w.zero(mean.memory, tall * mean.width),
        ...(keyBlocks > 0 ? [overKeys] : []),
        finish,
      ];
    },
  };
}

export const attentionOp: Op<AttentionAttrs> = {
  name: "attention",
  infer: (inputs, attrs) => {
    const { batch, queries, values } = checkAttention("attention", inputs, attrs, attentionMask);
    const { dtype } = at(inputs, 0);
    return [{ shape: [...batch, queries, values], dtype }, { shape: [...batch, queries], dtype }];
  },
  vjp: (node, [ct]) => {
    if (!ct) return [];
    const [q, k, v, ...rest] = node.inputs;
    const [mean, logSum] = node.outputs;
    if (!q || !k || !v || !mean || !logSum) throw new RangeError("[attention] has three operands and two results");
    const offset = reduce(mul(ct, mean), [mean.shape.length - 1], "add");
    return attentionGradient([q, k, v, logSum, offset, ct, ...rest], node.attrs);
  },
  batch: ({ inputs, all, attrs }) => apply(attentionOp, inputs.map((_, k) => all(k)), attrs),
  lower: { kind: "loops", build: (b, ctx) => buildForward(b, ctx, ctx.attrs) },
  multiplyAdds: (inputs) => {
    const { batch, queries, keys, features, values } = attentionShape(at(inputs, 0).shape, at(inputs, 1).shape, at(inputs, 2).shape);
    return sizeOf(batch) * queries * keys * (features + values);
  },
};

export interface AttentionOperands {
  readonly q: Value;
  readonly k: Value;
  readonly v: Value;
  /** Of the scores' shape: bools that say which keys a query sees, or floats that are added. It gets no gradient. */
  readonly mask?: Value | undefined;
  /** The state of the random bits that say which weights are kept. */
  readonly state?: Value | undefined;
}

/**
 * softmax(scale · q·kᵀ + mask) · v for q [..., L, E], k [..., S, E], v [..., S, D] with equal leading axes, in memory that
 * grows with L and S only. A query whose scores are all −∞ gets 0. Throws ShapeError, DTypeError.
 */
export function attention({ q, k, v, mask: given, state }: AttentionOperands, { scale, causal, keep }: Omit<AttentionAttrs, "mask">): Value {
  const attrs = { scale, causal, keep: state ? keep : 1, mask: given !== undefined };
  return at(apply(attentionOp, [q, k, v, ...(given ? [given] : []), ...(state ? [state] : [])], attrs), 0);
}
