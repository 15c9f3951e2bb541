import { sizeOf, stridesOf, type Shape } from "../../core/shape.js";
import { convOp, type ConvAttrs } from "../../ops/conv.js";
import { dotOp, freeAxes } from "../../ops/dot.js";
import { at, range } from "../../ops/indexing.js";
import { meaning } from "./meaning.js";
import { arithmeticOf, forEachIndex, tabulate, valueAt } from "./numbers.js";

export const contractionMeanings = [
  meaning(dotOp, (inputs, { batchA, batchB, contractA, contractB, accumulate }, outputs) => {
    const [a, b] = [at(inputs, 0), at(inputs, 1)];
    const [batchesA, batchesB] = [positionsOver(a.shape, batchA), positionsOver(b.shape, batchB)];
    const [rows, columns] = [positionsOver(a.shape, freeAxes(a.shape.length, batchA, contractA)), positionsOver(b.shape, freeAxes(b.shape.length, batchB, contractB))];
    const [termsA, termsB] = [positionsOver(a.shape, contractA), positionsOver(b.shape, contractB)];
    const { add, mul } = arithmeticOf(accumulate);
    const result = new Float64Array(sizeOf(at(outputs, 0).shape));
    let position = 0;
    for (const [batch, startA] of batchesA.entries()) {
      for (const row of rows) {
        for (const column of columns) {
          const [fromA, fromB] = [startA + row, at(batchesB, batch) + column];
          let total = 0;
          for (let k = 0; k < termsA.length; k++) total = add(total, mul(a.data[fromA + (termsA[k] ?? 0)] ?? NaN, b.data[fromB + (termsB[k] ?? 0)] ?? NaN));
          result[position++] = total;
        }
      }
    }
    return [result];
  }),
  meaning(convOp, (inputs, attrs, outputs) => {
    const [x, w, y] = [at(inputs, 0), at(inputs, 1), at(outputs, 0)];
    const arithmetic = arithmeticOf(attrs.accumulate);
    const channels = at(w.shape, 1);
    const perGroup = at(w.shape, 0) / (attrs.groups * attrs.batchGroups);
    return [
      tabulate(y.shape, ([n = 0, o = 0, ...rest]) => {
        const group = Math.floor(o / perGroup);
        const image = attrs.batchGroups > 1 ? group * at(y.shape, 0) + n : n;
        let total = 0;
        forEachIndex(w.shape.slice(1), ([c = 0, ...k]) => {
          const source = rest.map((e, i) => tap(attrs, i, e, at(k, i)) / at(attrs.inputDilation, i));
          if (!source.every((p, i) => Number.isInteger(p) && p >= 0 && p < at(x.shape, i + 2))) return;
          const channel = attrs.groups > 1 ? group * channels + c : c;
          total = arithmetic.add(total, arithmetic.mul(valueAt(x, [image, channel, ...source]), valueAt(w, [o, c, ...k])));
        });
        return total;
      }),
    ];
  }),
];

/** Positions in a tensor of all indices over some axes, row-major, the other axes being at 0. */
function positionsOver(shape: Shape, axes: readonly number[]): number[] {
  const strides = stridesOf(shape);
  return axes.reduce<number[]>((starts, axis) => starts.flatMap((start) => range(at(shape, axis)).map((i) => start + i * at(strides, axis))), [0]);
}

/** Position within the dilated and padded input of kernel element k for output o. */
function tap(attrs: ConvAttrs, axis: number, o: number, k: number): number {
  return o * at(attrs.strides, axis) - at(attrs.padding, axis)[0] + k * at(attrs.kernelDilation, axis);
}
