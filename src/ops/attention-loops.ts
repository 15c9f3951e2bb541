import { sizeOf } from "../core/shape.js";
import type { Attrs, Loops, LoopsContext } from "../ir/graph.js";
import type { ExprBuilder } from "../ir/expr-builder.js";
import type { Expr, Stmt } from "../ir/loop.js";
import { attentionMask, attentionShape, blockSizes, gradientMask, queriesOfPart, type AttentionAttrs, type GradientAttrs } from "./attention-shape.js";
import { AttentionWriter, spanAt, type Matrix, type Span } from "./attention-writer.js";
import { at, unravel } from "./indexing.js";

/**
 * A block of queries keeps its scores with one block of keys after another in the thread's memory, and the maximum, the sum
 * and the mean of values so far (Milakov and Gimelshein 2018; Dao et al., "FlashAttention", 2022).
 */
export function buildAttention(b: ExprBuilder, ctx: LoopsContext<Attrs>, attrs: AttentionAttrs): Loops {
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

/** Weights are computed again from the logarithms of their sums, block by block, instead of being kept (Dao et al. 2022). */
export function buildAttentionGradient(b: ExprBuilder, ctx: LoopsContext<Attrs>, attrs: GradientAttrs): Loops {
  const shape = attentionShape(at(ctx.inputs, 0).shape, at(ctx.inputs, 1).shape, at(ctx.inputs, 2).shape);
  const { batch: sizes, queries, keys, features, values } = shape;
  const { tall, wide } = blockSizes(shape);
  const { parts } = attrs;
  const most = queriesOfPart(shape, parts);
  const perPart = most / tall;
  const keyBlocks = Math.ceil(keys / wide);
  return {
    items: sizeOf(sizes) * parts,
    body: (item) => {
      const w = new AttentionWriter(b, ctx, attrs, shape, gradientMask);
      const batch = unravel(b, b.div(item, b.index(parts)), sizes);
      const part = b.rem(item, b.index(parts));
      const first = b.mul(part, b.index(perPart));
      const last = b.min(b.index(Math.ceil(queries / tall)), b.add(first, b.index(perPart)));
      const begin = b.mul(first, b.index(tall));
      const own = parts * perPart * tall === queries ? b.index(most) : b.max(b.index(0), b.min(b.index(most), b.sub(b.index(queries), begin)));
      const [q, out] = [w.matrix(tall, features), w.matrix(tall, values)];
      const [kTurned, vTurned, k] = [w.matrix(features, wide), w.matrix(values, wide), w.matrix(wide, features)];
      const [weights, slopes] = [w.matrix(tall, wide), w.matrix(tall, wide)];
      const [dqBlock, dk, dv] = [w.matrix(tall, features), w.matrix(wide, features), w.matrix(wide, values)];
      const dq = w.matrix(most, features);
      const scaled = (x: Expr): Expr => b.mul(x, w.number(attrs.scale));

      const [kb, qb] = [b.counter("kb", keyBlocks), b.counter("qb", Math.ceil(queries / tall))];
      const span = spanAt(b, keys, wide, b.ref(kb));
      const rows = spanAt(b, queries, tall, b.ref(qb));
      const slopesOf = (i: Expr): Stmt[] => {
        const query = b.add(rows.begin, i);
        const logSum = w.named("logSum", ctx.operand(3, [...batch, query]));
        const offset = w.named("offset", ctx.operand(4, [...batch, query]));
        return [
          logSum.stmt, offset.stmt,
          w.loop("j", span.count, span.most, (j) => {
            const key = b.add(span.begin, j);
            const score = w.named("score", weights.memory.load(w.at(weights, i, j)));
            const slope = w.named("slope", slopes.memory.load(w.at(slopes, i, j)));
            const weight = w.named("weight", b.exp(b.sub(w.masked(score.ref, batch, query, key), logSum.ref)));
            const factor = w.dropout(batch, query, key);
            const times = (x: Expr): Expr => (factor ? b.mul(x, factor) : x);
            return [
              score.stmt, slope.stmt, weight.stmt,
              weights.memory.store(w.at(weights, i, j), times(weight.ref)),
              slopes.memory.store(w.at(slopes, i, j), b.mul(weight.ref, b.sub(times(slope.ref), offset.ref))),
            ];
          }, true),
        ];
      };
      const addToQueries = w.loop("i", rows.count, rows.most, (i) => [
        w.loop("e", b.index(features), features, (e) => {
          const place = w.at(dq, b.add(b.sub(rows.begin, begin), i), e);
          const [sum, more] = [w.named("sum", dq.memory.load(place)), w.named("more", dqBlock.memory.load(w.at(dqBlock, i, e)))];
          return [sum.stmt, more.stmt, dq.memory.store(place, b.add(sum.ref, more.ref))];
        }, true),
      ]);
      const overQueries: Stmt = {
        kind: "for",
        variable: qb,
        // A key is seen by the queries from its own position on.
        begin: attrs.causal ? b.max(first, b.div(span.begin, b.index(tall))) : first,
        end: last,
        step: 1,
        body: [
          w.copy(q, 0, batch, rows, features, scaled),
          w.copy(out, 5, batch, rows, values),
          w.product(q, kTurned, weights, rows, span, { count: b.index(features), most: features }),
          w.product(out, vTurned, slopes, rows, span, { count: b.index(values), most: values }),
          w.loop("i", rows.count, rows.most, slopesOf),
          w.product(slopes, k, dqBlock, rows, features, span),
          addToQueries,
          w.product(weights, out, dv, span, values, rows, { turned: true, adds: true }),
          w.product(slopes, q, dk, span, features, rows, { turned: true, adds: true }),
        ],
        vectorize: false,
      };
      const write = (output: number, from: Matrix, before: readonly Expr[], span: Span, columns: number, change = (x: Expr): Expr => x): Stmt =>
        w.loop("r", span.count, span.most, (r) => [
          w.loop("e", b.index(columns), columns, (e) => {
            const value = w.named("value", from.memory.load(w.at(from, r, e)));
            return [value.stmt, ctx.store(output, [...before, ...batch, b.add(span.begin, r), e], change(value.ref))];
          }, true),
        ]);
      const overKeys: Stmt = {
        kind: "for",
        variable: kb,
        begin: b.index(0),
        end: b.index(keyBlocks),
        step: 1,
        body: [
          w.copyTurned(kTurned, 1, batch, span, features),
          w.copyTurned(vTurned, 2, batch, span, values),
          w.copy(k, 1, batch, span, features),
          w.zero(dk.memory, wide * dk.width),
          w.zero(dv.memory, wide * dv.width),
          overQueries,
          write(1, dk, [part], span, features),
          write(2, dv, [part], span, values),
        ],
        vectorize: false,
      };
      return [w.zero(dq.memory, most * dq.width), ...(keyBlocks > 0 ? [overKeys] : []), write(0, dq, [], { begin, count: own, most }, features, scaled)];
    },
  };
}
