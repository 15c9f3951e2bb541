import { sizeOf, type Shape } from "../../core/shape.js";
import { afterOp } from "../../ops/after.js";
import { broadcastOp } from "../../ops/broadcast.js";
import { constantOp, iotaOp } from "../../ops/constant.js";
import { dynamicSliceOp, dynamicUpdateSliceOp } from "../../ops/dynamic-slice.js";
import { gatherOp, scatterOp } from "../../ops/gather.js";
import { at } from "../../ops/indexing.js";
import { inverse, reshapeOp, reverseOp, stopGradientOp, transposeOp } from "../../ops/movement.js";
import { concatOp, padOp, sliceOp, startsAlong } from "../../ops/slicing.js";
import { meaning, type Meaning, type Numbers } from "./meaning.js";
import { foldNumbers, forEachIndex, numberAt, positionOf, tabulate, valueAt } from "./numbers.js";

const copy: Meaning["of"] = (inputs) => [at(inputs, 0).data.slice()];

export const movementMeanings = [
  meaning(afterOp, copy),
  meaning(reshapeOp, copy),
  meaning(stopGradientOp, copy),
  meaning(constantOp, (_, { value, shape }) => [new Float64Array(sizeOf(shape)).fill(value)]),
  meaning(iotaOp, (_, { shape, axis }) => [tabulate(shape, (index) => at(index, axis))]),
  meaning(broadcastOp, (inputs, { shape, axes }) => {
    const x = at(inputs, 0);
    return [tabulate(shape, (index) => valueAt(x, axes.map((axis, i) => (x.shape[i] === 1 ? 0 : at(index, axis)))))];
  }),
  meaning(transposeOp, (inputs, { perm }, outputs) => {
    const back = inverse(perm);
    return [tabulate(at(outputs, 0).shape, (index) => valueAt(at(inputs, 0), back.map((axis) => at(index, axis))))];
  }),
  meaning(reverseOp, (inputs, { axes }) => {
    const x = at(inputs, 0);
    return [tabulate(x.shape, (index) => valueAt(x, index.map((i, axis) => (axes.includes(axis) ? at(x.shape, axis) - 1 - i : i))))];
  }),
  meaning(sliceOp, (inputs, { starts, strides }, outputs) => [
    tabulate(at(outputs, 0).shape, (index) => valueAt(at(inputs, 0), index.map((i, axis) => at(starts, axis) + i * at(strides, axis)))),
  ]),
  meaning(padOp, (inputs, { low, interior }, outputs) => {
    const [x, value] = [at(inputs, 0), numberAt(at(inputs, 1).data, 0)];
    return [
      tabulate(at(outputs, 0).shape, (index) => {
        const source = index.map((i, axis) => (i - at(low, axis)) / (at(interior, axis) + 1));
        const inside = source.every((i, axis) => Number.isInteger(i) && i >= 0 && i < at(x.shape, axis));
        return inside ? numberAt(x.data, positionOf(x.shape, source)) : value;
      }),
    ];
  }),
  meaning(concatOp, (inputs, { axis }, outputs) => {
    const starts = startsAlong(inputs, axis);
    return [
      tabulate(at(outputs, 0).shape, (index) => {
        const k = starts.findLastIndex((start, i) => at(index, axis) >= start && at(at(inputs, i).shape, axis) > 0);
        return valueAt(at(inputs, k), index.map((i, a) => (a === axis ? i - at(starts, k) : i)));
      }),
    ];
  }),
  meaning(dynamicSliceOp, (inputs, { sizes }) => {
    const x = at(inputs, 0);
    const starts = startNumbers(inputs.slice(1), x.shape, sizes);
    return [tabulate(sizes, (index) => valueAt(x, index.map((i, axis) => i + at(starts, axis))))];
  }),
  meaning(dynamicUpdateSliceOp, (inputs) => {
    const [x, update] = [at(inputs, 0), at(inputs, 1)];
    const starts = startNumbers(inputs.slice(2), x.shape, update.shape);
    const result = x.data.slice();
    if (sizeOf(update.shape) === 0) return [result];
    forEachIndex(update.shape, (index, position) => {
      result[positionOf(x.shape, index.map((i, axis) => i + at(starts, axis)))] = numberAt(update.data, position);
    });
    return [result];
  }),
  meaning(gatherOp, (inputs, { batch }, outputs) => {
    const [x, indices] = [at(inputs, 0), at(inputs, 1)];
    const rank = indices.shape.length;
    const last = at(x.shape, batch) - 1;
    return [
      tabulate(at(outputs, 0).shape, (index) => {
        const pick = Math.max(0, Math.min(last, valueAt(indices, index.slice(0, rank))));
        return valueAt(x, [...index.slice(0, batch), pick, ...index.slice(rank)]);
      }),
    ];
  }),
  meaning(scatterOp, (inputs, { batch, mode }) => {
    const [x, indices, updates] = [at(inputs, 0), at(inputs, 1), at(inputs, 2)];
    const rank = indices.shape.length;
    const size = at(x.shape, batch);
    const result = x.data.slice();
    const combine = mode === "set" ? (_: number, value: number): number => value : foldNumbers(mode, x.dtype);
    forEachIndex(updates.shape, (index, position) => {
      const target = valueAt(indices, index.slice(0, rank));
      if (target < 0 || target >= size) return;
      const to = positionOf(x.shape, [...index.slice(0, batch), target, ...index.slice(rank)]);
      result[to] = combine(numberAt(result, to), numberAt(updates.data, position));
    });
    return [result];
  }),
];

function startNumbers(starts: readonly Numbers[], shape: Shape, sizes: Shape): number[] {
  return shape.map((d, i) => Math.max(0, Math.min(numberAt(at(starts, i).data, 0), d - at(sizes, i))));
}
