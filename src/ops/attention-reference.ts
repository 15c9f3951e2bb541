import { sizeOf, type Shape } from "../core/shape.js";
import type { RefTensor } from "../ir/graph.js";
import { attentionShape, keptBelow, type AttentionAttrs } from "./attention-blocks.js";
import { at, numberAt } from "./indexing.js";
import { randomBitsOp } from "./random-bits.js";

/**
 * The weights of every query before and after dropout, and the logarithms of their sums, one after another. Where these are
 * given, weights follow from them.
 */
export function referenceWeights(inputs: readonly RefTensor[], attrs: AttentionAttrs, maskAt: number, given?: Float64Array) {
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

function referenceFactors(inputs: readonly RefTensor[], { keep, mask: masked }: AttentionAttrs, shape: Shape, maskAt: number): Float64Array {
  if (keep === 1) return new Float64Array(sizeOf(shape)).fill(1);
  const state = at(inputs, maskAt + Number(masked));
  const drawn = shape.slice(state.shape.length - 1);
  const [bits = []] = randomBitsOp.ref([state], { shape: drawn, offset: 0 }, [{ shape, dtype: "uint32" }]);
  return Float64Array.from(bits, (word) => (word >>> 8 < keptBelow(keep) ? 1 / keep : 0));
}
