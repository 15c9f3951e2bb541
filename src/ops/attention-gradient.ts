import { likelyBelow } from "../core/rng.js";
import { sizeOf } from "../core/shape.js";
import { apply, type Attrs, type LoopsContext, type Op, type Value } from "../ir/graph.js";
import type { ExprBuilder } from "../ir/expr-builder.js";
import type { Expr, Stmt } from "../ir/loop.js";
import { add, mul, sub } from "./arithmetic.js";
import { AttentionWriter, attentionShape, blockSizes, checkAttention, gradientMask, type GradientAttrs, queriesOfPart, spanAt, type AttentionAttrs, type AttentionShape } from "./attention-blocks.js";
import { broadcast } from "./broadcast.js";
import { le, lt, select } from "./compare.js";
import { constant, iota } from "./constant.js";
import { convert } from "./convert.js";
import { dot } from "./dot.js";
import { at, range, unravel } from "./indexing.js";
import { reshape, transpose } from "./movement.js";
import { slice } from "./slicing.js";
import { exp } from "./transcendental.js";
import { shr } from "./bitwise.js";
import { randomBits } from "./random-bits.js";
import { reduce } from "./reduce.js";

/** Pieces of work below which more of them would not help the threads. */
const wantedItems = 8;

function partsOf(shape: AttentionShape): number {
  const blocks = Math.ceil(shape.queries / blockSizes(shape).tall);
  return Math.max(1, Math.min(blocks, Math.ceil(wantedItems / Math.max(1, sizeOf(shape.batch)))));
}

/** Weights are computed again from the logarithms of their sums, block by block, instead of being kept (Dao et al. 2022). */
function buildGradient(b: ExprBuilder, ctx: LoopsContext<Attrs>, attrs: GradientAttrs): { items: number; body(item: Expr): Stmt[] } {
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
      const write = (output: number, from: typeof dk, before: readonly Expr[], span: { begin: Expr; count: Expr; most: number }, columns: number, change = (x: Expr): Expr => x): Stmt =>
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

export const attentionGradientOp: Op<GradientAttrs> = {
  name: "attention-gradient",
  infer: (inputs, attrs) => {
    checkAttention("attention-gradient", inputs, attrs, gradientMask);
    const [q, k, v] = [at(inputs, 0), at(inputs, 1), at(inputs, 2)];
    return [q, { shape: [attrs.parts, ...k.shape], dtype: k.dtype }, { shape: [attrs.parts, ...v.shape], dtype: v.dtype }];
  },
  vjp: (node, cotangents) => secondDerivative(node.inputs, node.attrs, cotangents),
  batch: ({ inputs, all, attrs }) => {
    const [dq, ...parts] = apply(attentionGradientOp, inputs.map((_, k) => all(k)), attrs);
    return [at([dq], 0), ...parts.map((x) => transpose(x, [1, 0, ...range(x.shape.length).slice(2)]))].filter((x) => x !== undefined);
  },
  lower: { kind: "loops", build: (b, ctx) => buildGradient(b, ctx, ctx.attrs) },
};

/** Gradients of queries, keys and values; the operands are those of `attentionGradientOp`. */
export function attentionGradient(inputs: readonly Value[], attrs: AttentionAttrs): Value[] {
  const parts = partsOf(attentionShape(at(inputs, 0).shape, at(inputs, 1).shape, at(inputs, 2).shape));
  const [dq, dk, dv] = apply(attentionGradientOp, inputs, { ...attrs, parts });
  if (!dq || !dk || !dv) throw new RangeError("[attention-gradient] has three results");
  const whole = (x: Value): Value => (parts === 1 ? reshape(x, x.shape.slice(1)) : reduce(x, [0], "add"));
  return [dq, whole(dk), whole(dv)];
}

/**
 * Cotangents of q, k, v and of the output's cotangent from those of their gradients, with all weights in memory. What the
 * gradient reads beside them (sums of weights, Σ out·cotangent) follows from them, and counts as part of the function.
 */
function secondDerivative(inputs: readonly Value[], attrs: GradientAttrs, [a, bParts, cParts]: readonly (Value | undefined)[]): (Value | undefined)[] {
  const [q, k, v, logSum, offset, ct] = inputs;
  if (!q || !k || !v || !logSum || !offset || !ct) throw new RangeError("[attention-gradient] has six operands");
  const rank = q.shape.length;
  const leading = range(rank - 2);
  const zeros = (like: Value): Value => constant(0, like.dtype, like.shape);
  const scaleOf = (x: Value): Value => mul(x, constant(attrs.scale, x.dtype, x.shape));
  /** x·yᵀ, x·y and xᵀ·y over the last two axes. */
  const byRows = (x: Value, y: Value): Value => dot(x, y, { batchA: leading, batchB: leading, contractA: [rank - 1], contractB: [rank - 1] });
  const times = (x: Value, y: Value): Value => dot(x, y, { batchA: leading, batchB: leading, contractA: [rank - 1], contractB: [rank - 2] });
  const turned = (x: Value, y: Value): Value => dot(x, y, { batchA: leading, batchB: leading, contractA: [rank - 2], contractB: [rank - 2] });
  const alongRow = (x: Value): Value => broadcast(x, scores, range(rank - 1));
  const scores = [...q.shape.slice(0, -1), at(k.shape, rank - 2)];
  const rowSum = (x: Value): Value => alongRow(reduce(x, [rank - 1], "add"));
  const [forQ, forK, forV] = [a ?? zeros(q), ofWhole(bParts, k), ofWhole(cParts, v)];

  let score = scaleOf(byRows(q, k));
  const least = constant(-Infinity, q.dtype, scores);
  const given = attrs.mask ? inputs[gradientMask] : undefined;
  if (given) score = given.dtype === "bool" ? select(given, score, least) : add(score, convert(given, q.dtype));
  if (attrs.causal) score = select(le(iota(scores, rank - 1, "int32"), iota(scores, rank - 2, "int32")), score, least);
  const weight = exp(sub(score, alongRow(logSum)));
  const dropped = dropoutOf(inputs[gradientMask + Number(attrs.mask)], attrs.keep, q, scores);
  const slope = dropped(byRows(ct, v));
  const centred = sub(slope, alongRow(offset));
  const scoreSlope = mul(weight, centred);

  const r = scaleOf(add(byRows(forQ, k), byRows(q, forK)));
  const mean = rowSum(mul(weight, r));
  const forSlope = mul(weight, sub(r, mean));
  const throughV = dropped(byRows(ct, forV));
  const forWeight = add(sub(mul(r, centred), mul(mean, slope)), throughV);
  const forScore = mul(weight, sub(forWeight, rowSum(mul(weight, forWeight))));
  const [slopeBack, weightBack] = [dropped(forSlope), dropped(weight)];
  return [
    scaleOf(add(times(forScore, k), times(scoreSlope, forK))),
    scaleOf(add(turned(forScore, q), turned(scoreSlope, forQ))),
    turned(slopeBack, ct),
    undefined,
    undefined,
    add(times(slopeBack, v), times(weightBack, forV)),
  ];
}

/** The cotangent of the whole: `attentionGradient` adds all parts up, so that each has the same. */
function ofWhole(parts: Value | undefined, like: Value): Value {
  if (!parts) return constant(0, like.dtype, like.shape);
  return reshape(slice(parts, parts.shape.map(() => 0), [1, ...like.shape], parts.shape.map(() => 1)), like.shape);
}

function dropoutOf(state: Value | undefined, keep: number, like: Value, shape: readonly number[]): (x: Value) => Value {
  if (keep === 1 || !state) return (x) => x;
  const bits = convert(shr(randomBits(state, shape.slice(state.shape.length - 1)), constant(8, "uint32", shape)), "int32");
  const kept = lt(bits, constant(likelyBelow(keep), "int32", shape));
  return (x) => select(kept, mul(x, constant(1 / keep, like.dtype, shape)), constant(0, like.dtype, shape));
}
