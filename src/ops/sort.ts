import { isFloat } from "../core/dtype.js";
import { LatePart } from "../core/late-part.js";
import { normalizeAxis } from "../core/shape.js";
import { apply, type Value, type Op } from "../ir/graph.js";
import { constantLike } from "./constant.js";
import { scatterAlong } from "./cumulative.js";
import { checkKind, numbers } from "./dtype-rules.js";
import { at } from "./indexing.js";
import type { SortAttrs } from "./sort-order.js";

/** How rows are sorted. */
export const sortPart = new LatePart(() => import("./sort-loops.js"));

export const sortOp: Op<SortAttrs> = {
  name: "sort",
  infer: (inputs, { axis }) => {
    const { shape, dtype } = at(inputs, 0);
    checkKind("sort", dtype, numbers);
    normalizeAxis("sort", axis, shape.length);
    return [
      { shape, dtype },
      { shape, dtype: "int32" },
    ];
  },
  vjp: (node, [ct]) => {
    const x = at(node.inputs, 0);
    if (!ct || !isFloat(x.dtype)) return [];
    return [scatterAlong(constantLike(x, 0), node.attrs.axis, at(node.outputs, 1), ct)];
  },
  batch: ({ inputs, attrs }) => apply(sortOp, inputs, { ...attrs, axis: attrs.axis + 1 }),
  lower: { kind: "loops", part: sortPart, build: (b, ctx) => sortPart.value.buildSort(b, ctx) },
};

/** Values along an axis in order, and the int32 positions they had: stable, NaN last in both directions. Throws IndexError, DTypeError. */
export function sort(x: Value, axis: number, descending = false): { values: Value; indices: Value } {
  const outputs = apply(sortOp, [x], { axis, descending });
  return { values: at(outputs, 0), indices: at(outputs, 1) };
}
