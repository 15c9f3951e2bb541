import { drawBits, drawKey, likelyBelow } from "../../core/rng.js";
import { sizeOf, type Shape } from "../../core/shape.js";
import { attentionMask, attentionShape, type AttentionAttrs, gradientMask, queriesOfPart } from "../../ops/attention-shape.js";
import { attentionGradientOp } from "../../ops/attention-gradient.js";
import { attentionOp } from "../../ops/attention.js";
import { at, range } from "../../ops/indexing.js";
import { randomBitsOp } from "../../ops/random-bits.js";
import { meaning, type Numbers } from "./meaning.js";
import { numberAt } from "./numbers.js";

export const attentionMeanings = [
  meaning(attentionOp, (inputs, attrs) => {
    const { rows, queries, keys, values, dropped, logSums } = referenceWeights(inputs, attrs, attentionMask);
    const v = at(inputs, 2).data;
    const mean = new Float64Array(rows * values);
    for (let row = 0; row < rows; row++) {
      const start = Math.floor(row / queries) * keys;
      for (let j = 0; j < keys; j++) {
        for (let d = 0; d < values; d++) mean[row * values + d] = numberAt(mean, row * values + d) + numberAt(dropped, row * keys + j) * numberAt(v, (start + j) * values + d);
      }
    }
    return [mean, logSums];
  }),
  meaning(attentionGradientOp, (inputs, attrs, outputs) => {
    const shape = referenceWeights(inputs, attrs, gradientMask, at(inputs, 3).data);
    const { rows, queries, keys, features, values, weights, dropped, factors } = shape;
    const [q, k, v, , offset, ct] = inputs.map((x) => x.data);
    if (!q || !k || !v || !offset || !ct) throw new RangeError("[attention-gradient] has six operands");
    const [dq, dk, dv] = [0, 1, 2].map((i) => new Float64Array(sizeOf(at(outputs, i).shape)));
    if (!dq || !dk || !dv) throw new RangeError("[attention-gradient] has three results");
    const perPart = queriesOfPart(shape, attrs.parts);
    for (let row = 0; row < rows; row++) {
      const start = Math.floor(row / queries) * keys;
      const base = Math.floor((row % queries) / perPart) * (rows / queries) * keys + start;
      for (let j = 0; j < keys; j++) {
        let slope = 0;
        for (let d = 0; d < values; d++) {
          slope += numberAt(ct, row * values + d) * numberAt(v, (start + j) * values + d);
          dv[(base + j) * values + d] = numberAt(dv, (base + j) * values + d) + numberAt(dropped, row * keys + j) * numberAt(ct, row * values + d);
        }
        const score = attrs.scale * numberAt(weights, row * keys + j) * (slope * numberAt(factors, row * keys + j) - numberAt(offset, row));
        for (let e = 0; e < features; e++) {
          dq[row * features + e] = numberAt(dq, row * features + e) + score * numberAt(k, (start + j) * features + e);
          dk[(base + j) * features + e] = numberAt(dk, (base + j) * features + e) + score * numberAt(q, row * features + e);
        }
      }
    }
    return [dq, dk, dv];
  }),
  meaning(randomBitsOp, (inputs, { shape, offset }) => [drawnBits(at(inputs, 0), shape, offset)]),
];

/**
 * The weights of every query before and after dropout, and the logarithms of their sums, one after another. Where these are
 * given, weights follow from them.
 */
function referenceWeights(inputs: readonly Numbers[], attrs: AttentionAttrs, maskAt: number, given?: Float64Array) {
  const [q, k, v] = [at(inputs, 0), at(inputs, 1), at(inputs, 2)];
  const shape = attentionShape(q.shape, k.shape, v.shape);
  const { batch, queries, keys, features, values } = shape;
  const rows = sizeOf(batch) * queries;
  const weights = new Float64Array(rows * keys);
  const logSums = new Float64Array(rows);
  for (let row = 0; row < rows; row++) {
    const start = Math.floor(row / queries) * keys;
    const scores = Array.from({ length: keys }, (_, j) => {
      let score = 0;
      for (let e = 0; e < features; e++) score += numberAt(q.data, row * features + e) * numberAt(k.data, (start + j) * features + e);
      score *= attrs.scale;
      if (attrs.mask) {
        const mask = at(inputs, maskAt);
        const m = numberAt(mask.data, row * keys + j);
        score = mask.dtype === "bool" ? (m ? score : -Infinity) : score + m;
      }
      return attrs.causal && j > row % queries ? -Infinity : score;
    });
    const most = scores.reduce((x, y) => Math.max(x, y), -Infinity);
    const shift = most === -Infinity ? 0 : most;
    const total = scores.reduce((x, y) => x + Math.exp(y - shift), 0);
    const logSum = given ? numberAt(given, row) : total === 0 ? Infinity : most + Math.log(total);
    logSums[row] = logSum;
    scores.forEach((score, j) => (weights[row * keys + j] = Math.exp(score - logSum)));
  }
  const factors = referenceFactors(inputs, attrs, [...batch, queries, keys], maskAt);
  return { ...shape, rows, weights, dropped: weights.map((p, i) => p * numberAt(factors, i)), factors, logSums, values };
}

function referenceFactors(inputs: readonly Numbers[], { keep, mask: masked }: AttentionAttrs, shape: Shape, maskAt: number): Float64Array {
  if (keep === 1) return new Float64Array(sizeOf(shape)).fill(1);
  const state = at(inputs, maskAt + Number(masked));
  const drawn = shape.slice(state.shape.length - 1);
  return drawnBits(state, drawn, 0).map((word) => (word >>> 8 < likelyBelow(keep) ? 1 / keep : 0));
}

/** What is drawn from each state. */
function drawnBits({ data }: Numbers, shape: Shape, offset: number): Float64Array {
  const size = sizeOf(shape);
  const bits = new Float64Array((data.length / 3) * size);
  for (const s of range(data.length / 3)) {
    const key = drawKey([numberAt(data, 3 * s), numberAt(data, 3 * s + 1)], numberAt(data, 3 * s + 2) + offset);
    for (let i = 0; i < size; i++) bits[s * size + i] = drawBits(key, i);
  }
  return bits;
}
