import { likelyBelow } from "../core/rng.js";
import { sizeOf } from "../core/shape.js";
import { apply, type Op, type Value } from "../ir/graph.js";
import { add, mul, sub } from "./arithmetic.js";
import { attentionPart } from "./attention-part.js";
import { attentionShape, blockSizes, checkAttention, gradientMask, type AttentionAttrs, type AttentionShape, type GradientAttrs } from "./attention-shape.js";
import { broadcast } from "./broadcast.js";
import { le, lt, select } from "./compare.js";
import { constant, iota } from "./constant.js";
import { convert } from "./convert.js";
import { dot } from "./dot.js";
import { at, range } from "./indexing.js";
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
  lower: { kind: "loops", part: attentionPart, build: (b, ctx) => attentionPart.value.buildAttentionGradient(b, ctx, ctx.attrs) },
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
