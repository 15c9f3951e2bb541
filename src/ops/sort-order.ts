import type { ExprBuilder } from "../ir/expr-builder.js";
import type { Expr, Stmt } from "../ir/loop.js";

export type SortAttrs = { readonly axis: number; readonly descending: boolean };

/** Memory that is sorted: values with the positions that they had. */
export interface SortedPlaces {
  load(i: Expr): readonly [value: Expr, from: Expr];
  store(i: Expr, value: Expr, from: Expr): readonly Stmt[];
}

/** Exchanges what lies at two places unless it is in order there. */
export function exchangeInOrder(b: ExprBuilder, descending: boolean, low: Expr, high: Expr, { load, store }: SortedPlaces): Stmt[] {
  const [lowStored, highStored] = [load(low), load(high)];
  const { type } = lowStored[0];
  const [lowValue, highValue] = [b.variable("lowValue", type), b.variable("highValue", type)];
  const [lowFrom, highFrom] = [b.variable("lowFrom", "int32"), b.variable("highFrom", "int32")];
  const swap = comesBefore(b, [b.ref(highValue), b.ref(highFrom)], [b.ref(lowValue), b.ref(lowFrom)], descending);
  return [
    { kind: "let", variable: lowValue, value: lowStored[0] },
    { kind: "let", variable: highValue, value: highStored[0] },
    { kind: "let", variable: lowFrom, value: lowStored[1] },
    { kind: "let", variable: highFrom, value: highStored[1] },
    { kind: "if", condition: swap, then: [...store(low, b.ref(highValue), b.ref(highFrom)), ...store(high, b.ref(lowValue), b.ref(lowFrom))], otherwise: [] },
  ];
}

/** Strict order of (value, original position): stable, with NaN last. */
function comesBefore(b: ExprBuilder, [x, i]: readonly [Expr, Expr], [y, j]: readonly [Expr, Expr], descending: boolean): Expr {
  const less = descending ? b.lt(y, x) : b.lt(x, y);
  const tie = b.and(b.eq(x, y), b.lt(i, j));
  if (x.type !== "float32" && x.type !== "float64") return b.or(less, tie);
  const [xNaN, yNaN] = [b.ne(x, x), b.ne(y, y)];
  const byNaN = b.and(yNaN, b.or(b.not(xNaN), b.lt(i, j)));
  return b.or(b.or(less, tie), byNaN);
}
