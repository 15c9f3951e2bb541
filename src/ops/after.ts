import { apply, applyOne, type Op, type Value } from "../ir/graph.js";
import type { NoAttrs } from "./elementwise.js";
import { at } from "./indexing.js";

export const afterOp: Op<NoAttrs> = {
  name: "after",
  infer: (inputs) => [{ shape: at(inputs, 0).shape, dtype: at(inputs, 0).dtype }],
  vjp: (_, [ct]) => [ct],
  batch: ({ inputs, attrs, all }) => apply(afterOp, [all(0), ...inputs.slice(1)], attrs),
  lower: { kind: "map", view: true, after: true, element: (_, ctx, index) => ctx.operand(0, index) },
};

/**
 * x as a value of its own that exists only once `others` are computed: what is computed from it is neither merged with what is
 * computed from x nor done earlier.
 */
export function after(x: Value, others: readonly Value[]): Value {
  return applyOne(afterOp, [x, ...others], {});
}
