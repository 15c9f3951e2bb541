import type { ExprBuilder } from "../ir/expr-builder.js";
import type { Expr, Stmt, Variable } from "../ir/loop.js";
import { factorOf } from "./loops.js";
import { allExprs, copyStmts, type LoadType, nested, ownExprs, variablesOf } from "./walk.js";

type For = Extract<Stmt, { kind: "for" }>;

/** Cuts after which a loop is left as it is: every cut may double the code. */
const mostCuts = 6;

/**
 * Cuts a loop where a guard in it changes its answer, so that each part knows it and can be vectorized: the inside and
 * the borders of a padded convolution, the pieces of a concatenation.
 */
export function splitAtGuards(b: ExprBuilder, loop: For, storage: (buffer: number) => LoadType, cuts = mostCuts): readonly Stmt[] {
  const { variable, begin, end } = loop;
  if (cuts === 0) return [loop];
  const inner = declaredIn(loop.body);
  for (const atom of conditions(loop.body)) {
    if (atom.kind !== "op" || (atom.op !== "lt" && atom.op !== "le")) continue;
    const [left, right] = atom.args;
    if (!left || !right || left.type !== "index" || left.lanes !== 1) continue;
    // difference = factor·i + rest, and the condition is difference < 0.
    const difference = b.add(b.sub(left, right), b.index(atom.op === "le" ? -1 : 0));
    const factor = factorOf(b, difference, variable);
    if (factor === undefined || factor === 0) continue;
    const rest = b.sub(difference, b.mul(b.ref(variable), b.index(factor)));
    // A condition on an inner loop's counter does not say where this loop changes.
    if ([...variablesOf(rest)].some((v) => inner.has(v))) continue;
    const step = Math.abs(factor);
    // i < −rest / step where it counts up, i ≥ (rest + 1) / step where it counts down; i is never negative.
    const atLeastZero = b.max(factor > 0 ? b.sub(b.index(0), rest) : b.add(rest, b.index(1)), b.index(0));
    const edge = b.min(b.max(begin, b.div(b.add(atLeastZero, b.index(step - 1)), b.index(step))), end);
    const part = (first: Expr, last: Expr, holds: boolean): readonly Stmt[] => {
      if (b.sub(last, first).max <= 0) return [];
      const copy = b.variable(variable.name, "index", 1, variable.min, variable.max);
      const known = new Map([[atom.id, b.const(holds ? 1 : 0, "bool")]]);
      const body = copyStmts(b, loop.body, new Map([[variable, copy]]), storage, known);
      return splitAtGuards(b, { ...loop, variable: copy, begin: first, end: last, body }, storage, cuts - 1);
    };
    return [...part(begin, edge, factor > 0), ...part(edge, end, factor < 0)];
  }
  return [loop];
}

function declaredIn(stmts: readonly Stmt[]): Set<Variable> {
  const declared = new Set<Variable>();
  const visit = (list: readonly Stmt[]): void => {
    for (const s of list) {
      if (s.kind === "for" || s.kind === "let" || s.kind === "mutable") declared.add(s.variable);
      nested(s).forEach(visit);
    }
  };
  visit(stmts);
  return declared;
}

/** The terms of all guard conditions in the statements, conjunctions taken apart. */
function conditions(stmts: readonly Stmt[]): Expr[] {
  const atoms = new Set<Expr>();
  const take = (e: Expr): void => {
    if (e.kind === "op" && e.op === "and") e.args.forEach(take);
    else atoms.add(e);
  };
  const visit = (list: readonly Stmt[]): void => {
    for (const s of list) {
      for (const e of allExprs(ownExprs(s))) if (e.kind === "guard") take(e.condition);
      nested(s).forEach(visit);
    }
  };
  visit(stmts);
  return [...atoms];
}
