import type { Expr, Variable } from "../../ir/loop.js";

export interface IndexTerm {
  readonly expr: Expr;
  readonly factor: number;
}

export interface LinearIndex {
  readonly terms: readonly IndexTerm[];
  readonly constant: number;
  /** A lower bound of the sum without the constant. */
  readonly min: number;
}

/** A scalar index as Σ factor·expr + constant; `valueOf` gives what a variable stands for, where that is such a sum. */
export function linearIndex(index: Expr, valueOf: (variable: Variable) => LinearIndex | undefined): LinearIndex {
  const terms = new Map<number, IndexTerm>();
  let constant = 0;
  const add = (e: Expr, factor: number): void => {
    if (e.kind === "const") {
      constant += e.value * factor;
      return;
    }
    const value = e.kind === "var" ? valueOf(e.variable) : undefined;
    if (value) {
      constant += value.constant * factor;
      for (const term of value.terms) add(term.expr, term.factor * factor);
      return;
    }
    const [a, b] = e.kind === "op" ? e.args : [];
    if (e.kind === "op" && a && b) {
      if (e.op === "add" || e.op === "sub") {
        add(a, factor);
        add(b, e.op === "add" ? factor : -factor);
        return;
      }
      if (e.op === "mul" && b.kind === "const") return add(a, factor * b.value);
      if (e.op === "mul" && a.kind === "const") return add(b, factor * a.value);
    }
    terms.set(e.id, { expr: e, factor: factor + (terms.get(e.id)?.factor ?? 0) });
  };
  add(index, 1);
  const used = [...terms.values()].filter((t) => t.factor !== 0);
  const least = used.reduce((sum, { expr, factor }) => sum + factor * (factor > 0 ? expr.min : expr.max), 0);
  return { terms: used, constant, min: Math.max(least, index.min - constant) };
}
