import type { ExprBuilder } from "../ir/expr-builder.js";
import type { Stmt, Expr, Variable } from "../ir/loop.js";

export type CumulativeFold = "add" | "mul" | "min" | "max";
export type CumulativeAttrs = { readonly axis: number; readonly fold: CumulativeFold; readonly reverse: boolean };

/**
 * Adds a value to a sum and keeps what was rounded off in `loss`, so that the error of long sums does not grow.
 *
 * Source: Kahan, "Further remarks on reducing truncation errors" (1965).
 */
export function addCompensated(b: ExprBuilder, total: Variable, loss: Variable, value: Expr): Stmt[] {
  const [term, sum, lost] = [b.variable("term", value.type), b.variable("sum", value.type), b.variable("lost", value.type)];
  return [
    { kind: "let", variable: term, value: b.sub(value, b.ref(loss)) },
    { kind: "let", variable: sum, value: b.add(b.ref(total), b.ref(term)) },
    { kind: "let", variable: lost, value: b.sub(b.sub(b.ref(sum), b.ref(total)), b.ref(term)) },
    // An infinite sum has no digits to keep, and infinity minus infinity would make every later one NaN.
    { kind: "assign", variable: loss, value: b.select(b.eq(b.sub(b.ref(lost), b.ref(lost)), b.const(0, value.type)), b.ref(lost), b.const(0, value.type)) },
    { kind: "assign", variable: total, value: b.ref(sum) },
  ];
}
