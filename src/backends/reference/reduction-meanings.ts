import { sizeOf, type Shape } from "../../core/shape.js";
import type { Op } from "../../ir/graph.js";
import type { FoldOp } from "../../ir/loop.js";
import { reduceAddOp, type ReduceAttrs } from "../../ops/broadcast.js";
import { cumulativeOp } from "../../ops/cumulative.js";
import { foldIdentity } from "../../ops/fold.js";
import { at } from "../../ops/indexing.js";
import { argReduceWindowOp, batchAxes, reduceWindowOp, type WindowAttrs } from "../../ops/reduce-window.js";
import { argReduceOp, reduceAndOp, reduceMaxOp, reduceMinOp, reduceMulOp, reduceOrOp } from "../../ops/reduce.js";
import { sortOp } from "../../ops/sort.js";
import { meaning, type Meaning } from "./meaning.js";
import { foldNumbers, forEachIndex, numberAt, positionOf, replacesNumber, tabulate, valueAt } from "./numbers.js";

function reduction(op: Op<ReduceAttrs>, fold: FoldOp): readonly [Op, Meaning] {
  return meaning(op, (inputs, { axes }, outputs) => {
    const x = at(inputs, 0);
    const { shape } = at(outputs, 0);
    const result = new Float64Array(sizeOf(shape)).fill(foldIdentity(fold, x.dtype));
    const combine = foldNumbers(fold, x.dtype);
    forEachIndex(x.shape, (index, position) => {
      const to = positionOf(shape, index.filter((_, axis) => !axes.includes(axis)));
      result[to] = combine(numberAt(result, to), numberAt(x.data, position));
    });
    return [result];
  });
}

export const reductionMeanings = [
  reduction(reduceAddOp, "add"),
  reduction(reduceMulOp, "mul"),
  reduction(reduceMinOp, "min"),
  reduction(reduceMaxOp, "max"),
  reduction(reduceAndOp, "and"),
  reduction(reduceOrOp, "or"),
  meaning(argReduceOp, (inputs, { axis, fold }, outputs) => {
    const x = at(inputs, 0);
    const length = at(x.shape, axis);
    return [
      tabulate(at(outputs, 0).shape, (index) => {
        const element = (i: number): number => valueAt(x, [...index.slice(0, axis), i, ...index.slice(axis)]);
        let best = 0;
        for (let i = 1; i < length; i++) if (replacesNumber(fold, element(i), element(best))) best = i;
        return best;
      }),
    ];
  }),
  meaning(cumulativeOp, (inputs, attrs) => {
    const { data, dtype, shape } = at(inputs, 0);
    const combine = foldNumbers(attrs.fold, dtype);
    const length = at(shape, attrs.axis);
    const result = data.slice();
    forEachIndex(shape, (index) => {
      const step = at(index, attrs.axis);
      if (step === 0) return;
      const place = (k: number): number =>
        positionOf(shape, index.map((i, axis) => (axis !== attrs.axis ? i : attrs.reverse ? length - 1 - k : k)));
      result[place(step)] = combine(numberAt(result, place(step - 1)), numberAt(data, place(step)));
    });
    return [result];
  }),
  meaning(reduceWindowOp, (inputs, attrs, outputs) => {
    const x = at(inputs, 0);
    const combine = foldNumbers(attrs.fold, x.dtype);
    return [
      tabulate(at(outputs, 0).shape, (index) => {
        let total = foldIdentity(attrs.fold, x.dtype);
        forEachInWindow(attrs, x.shape, index, (source) => (total = combine(total, valueAt(x, source))));
        return total;
      }),
    ];
  }),
  meaning(argReduceWindowOp, (inputs, attrs, outputs) => {
    const x = at(inputs, 0);
    const fold = attrs.fold === "min" ? "min" : "max";
    const batch = batchAxes(attrs);
    return [
      tabulate(at(outputs, 0).shape, (index) => {
        let [best, place] = [NaN, -1];
        forEachInWindow(attrs, x.shape, index, (source) => {
          const value = valueAt(x, source);
          if (place >= 0 && !replacesNumber(fold, value, best)) return;
          best = value;
          place = positionOf(x.shape.slice(batch), source.slice(batch));
        });
        return place;
      }),
    ];
  }),
  meaning(sortOp, (inputs, { axis, descending }) => {
    const x = at(inputs, 0);
    const length = at(x.shape, axis);
    const values = new Float64Array(x.data.length);
    const indices = new Float64Array(x.data.length);
    forEachIndex(x.shape.map((d, i) => (i === axis ? Math.min(1, d) : d)), (row) => {
      const place = (i: number): number[] => row.map((e, a) => (a === axis ? i : e));
      const order = Array.from({ length }, (_, i) => ({ value: valueAt(x, place(i)), from: i }));
      order.sort((p, q) => {
        const byNaN = Number(Number.isNaN(p.value)) - Number(Number.isNaN(q.value));
        const difference = p.value === q.value ? 0 : p.value < q.value ? -1 : 1;
        return byNaN || (Number.isNaN(p.value) ? 0 : descending ? -difference : difference) || p.from - q.from;
      });
      order.forEach(({ value, from }, i) => {
        values[positionOf(x.shape, place(i))] = value;
        indices[positionOf(x.shape, place(i))] = from;
      });
    });
    return [values, indices];
  }),
];

/** Calls `visit` with the input index of each element of a window that lies inside the input. */
function forEachInWindow(attrs: WindowAttrs, shape: Shape, index: readonly number[], visit: (source: readonly number[]) => void): void {
  forEachIndex(attrs.window, (within) => {
    const source = index.map((o, i) => o * at(attrs.strides, i) - at(attrs.padding, i)[0] + at(within, i) * at(attrs.dilation, i));
    if (source.every((p, i) => p >= 0 && p < at(shape, i))) visit(source);
  });
}
