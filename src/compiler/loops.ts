import type { Shape } from "../core/shape.js";
import type { ExprBuilder } from "../ir/expr-builder.js";
import type { Expr, Stmt, Variable } from "../ir/loop.js";
import { allExprs, variablesOf } from "./walk.js";

/** Loop counters over a shape whose neighbouring axes have been joined where every address allows it. */
export interface LoopNest {
  /** One loop each, outermost first; [] for a single element. */
  readonly sizes: readonly number[];
  readonly variables: readonly Variable[];
  /** The index along each axis of the original shape. */
  readonly index: readonly Expr[];
}

/** Expressions of type index that leave index arithmetic: addresses, and positions used as numbers or in comparisons. */
function indexRoots(exprs: readonly Expr[]): Expr[] {
  const roots: Expr[] = [];
  for (const e of allExprs(exprs)) {
    if (e.kind === "load") roots.push(e.index);
    else if (e.kind === "cast" && e.arg.type === "index") roots.push(e.arg);
    else if (e.kind === "op" && e.type !== "index") for (const arg of e.args) if (arg.type === "index") roots.push(arg);
  }
  for (const e of exprs) if (e.type === "index") roots.push(e);
  return roots;
}

/**
 * Joins axes d and d+1 where all index expressions that `emit` gives depend on them only as i_d·size_{d+1} + i_{d+1}.
 * Fewer, longer loops vectorize better and need no division.
 */
export function loopNest(b: ExprBuilder, name: string, shape: Shape, emit: (index: readonly Expr[]) => readonly Expr[]): LoopNest {
  const axes = shape.map((size, axis) => ({ size, axis })).filter(({ size }) => size !== 1);
  const trial = new Map(axes.map(({ axis, size }) => [axis, b.counter(name, size)]));
  const trialIndex = shape.map((_, axis) => {
    const variable = trial.get(axis);
    return variable ? b.ref(variable) : b.index(0);
  });
  const roots = indexRoots(emit(trialIndex));
  const factors = axes.map(({ axis }) => roots.map((root) => factorOf(b, root, trial.get(axis))));
  const joined: { size: number; axes: number[] }[] = [];
  axes.forEach(({ size, axis }, d) => {
    const last = joined[joined.length - 1];
    const here = factors[d];
    const before = factors[d - 1];
    const joins = last && here && before && roots.every((_, r) => here[r] !== undefined && before[r] === (here[r] ?? 0) * size);
    if (joins) {
      last.size *= size;
      last.axes.push(axis);
    } else joined.push({ size, axes: [axis] });
  });
  const variables = joined.map(({ size }, d) => b.counter(`${name}${d}`, size));
  const index: Expr[] = shape.map(() => b.index(0));
  joined.forEach((group, d) => {
    const variable = variables[d];
    if (!variable) return;
    let below = 1;
    for (const axis of [...group.axes].reverse()) {
      const size = shape[axis] ?? 1;
      const outer = b.div(b.ref(variable), b.index(below));
      index[axis] = axis === group.axes[0] ? outer : b.rem(outer, b.index(size));
      below *= size;
    }
  });
  return { sizes: joined.map(({ size }) => size), variables, index };
}

/** The factor of a variable in an affine expression: 0 where it does not occur, undefined where it occurs otherwise. */
export function factorOf(b: ExprBuilder, e: Expr, variable: Variable | undefined): number | undefined {
  let factor = 0;
  for (const [term, by] of b.linearTerms(e).terms) {
    if (term.kind === "var") {
      if (term.variable === variable) factor += by;
    } else if (variable && variablesOf(term).has(variable)) return undefined;
  }
  return factor;
}

/** Loops from 0 around a body, outermost first, the innermost marked for vectorization if asked. */
export function loopsAround(b: ExprBuilder, loops: readonly { readonly variable: Variable; readonly end: Expr }[], body: readonly Stmt[], vectorize: boolean): readonly Stmt[] {
  let inner = body;
  for (const [d, loop] of [...loops.entries()].reverse()) {
    inner = [{ kind: "for", ...loop, begin: b.index(0), step: 1, body: inner, vectorize: vectorize && d === loops.length - 1 }];
  }
  return inner;
}

/** Nested loops over whole ranges, the innermost marked for vectorization if asked. */
export function nestLoops(b: ExprBuilder, nest: LoopNest, body: readonly Stmt[], vectorize: boolean): readonly Stmt[] {
  return loopsAround(b, nest.variables.map((variable, d) => ({ variable, end: b.index(nest.sizes[d] ?? 0) })), body, vectorize);
}

/** The invocations of a group that run one item together, and which of them this one is. */
export interface Lanes {
  readonly size: number;
  readonly lane: Variable;
}

/** Lets the loop variables of the outer loops follow from the item number. */
export function decodeItem(b: ExprBuilder, item: Expr, sizes: readonly number[], variables: readonly Variable[]): Stmt[] {
  const stmts: Stmt[] = [];
  let below = 1;
  for (let d = sizes.length - 1; d >= 0; d--) {
    const variable = variables[d];
    const size = sizes[d] ?? 1;
    if (variable) {
      const outer = b.div(item, b.index(below));
      stmts.unshift({ kind: "let", variable, value: d === 0 ? outer : b.rem(outer, b.index(size)) });
    }
    below *= size;
  }
  return stmts;
}
