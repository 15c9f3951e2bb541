import type { Expr } from "../../ir/loop.js";

export interface IndexTerm {
  readonly expr: Expr;
  readonly factor: number;
}

/** A scalar index as Σ factor·expr + constant; `min` is a lower bound of the sum without the constant. */
export function linearIndex(index: Expr): { readonly terms: readonly IndexTerm[]; readonly constant: number; readonly min: number } {
  const terms = new Map<number, IndexTerm>();
  let constant = 0;
  const add = (e: Expr, factor: number): void => {
    if (e.kind === "const") {
      constant += e.value * factor;
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
  const min = used.reduce((sum, { expr, factor }) => sum + factor * (factor > 0 ? expr.min : expr.max), 0);
  return { terms: used, constant, min };
}
