import type { ExprBuilder } from "../ir/expr-builder.js";
import type { Expr, Stmt, Variable } from "../ir/loop.js";
import { factorOf } from "./loops.js";
import { allExprs, copyStmts, type LoadType, nested, ownExprs, rebuild } from "./walk.js";

export type For = Extract<Stmt, { kind: "for" }>;

/** Statements above this would grow too much by being written once a lane. */
const mostStatements = 4;

/** The loads of a body that step through memory along the outer loop instead of the inner one. */
function crossedLoads(b: ExprBuilder, outer: Variable, inner: Variable, body: readonly Stmt[]): Expr[] {
  const crossed = new Set<Expr>();
  for (const s of body) {
    for (const e of allExprs(ownExprs(s))) {
      if (e.kind !== "load" || e.lanes > 1) continue;
      const factor = factorOf(b, e.index, inner);
      if (factor !== 0 && factor !== 1 && factorOf(b, e.index, outer) === 1) crossed.add(e);
    }
  }
  return [...crossed];
}

/** The inner loop of a pair in which some load runs along the outer loop, and the loads that do. */
export function crossing(b: ExprBuilder, outer: For): { readonly inner: For; readonly loads: readonly Expr[] } | undefined {
  const [inner, more] = outer.body;
  if (more || inner?.kind !== "for" || !inner.vectorize || inner.step !== 1 || outer.step !== 1 || inner.body.length > mostStatements) return undefined;
  if (inner.body.some((s) => (s.kind !== "let" && s.kind !== "store") || nested(s).length > 0)) return undefined;
  const loads = crossedLoads(b, outer.variable, inner.variable, inner.body);
  if (loads.length === 0) return undefined;
  const guarded = inner.body.flatMap((s) => allExprs(ownExprs(s))).filter((e) => e.kind === "guard");
  if (allExprs(guarded).some((e) => loads.includes(e))) return undefined;
  for (const bound of [inner.begin, inner.end]) if (factorOf(b, bound, outer.variable) !== 0) return undefined;
  return { inner, loads };
}

/**
 * Square tiles of a pair of loops: loads that run along the outer loop are read as vectors along it and transposed in
 * registers. `vectorBody` gives the body for a vector of inner iterations, the given loads replaced by vectors.
 */
export function transposeTiles(
  b: ExprBuilder,
  outer: For,
  { inner, loads }: { readonly inner: For; readonly loads: readonly Expr[] },
  lanes: number,
  storage: (buffer: number) => LoadType,
  vectorBody: (loop: For, body: readonly Stmt[], vectors: ReadonlyMap<number, Expr>) => readonly Stmt[],
): readonly Stmt[] {
  const wholeOf = (loop: For): Expr => b.add(loop.begin, b.mul(b.div(b.sub(loop.end, loop.begin), b.index(lanes)), b.index(lanes)));
  const [wholeOuter, wholeInner] = [wholeOf(outer), wholeOf(inner)];
  const moved = (e: Expr, variable: Variable, by: number, known = new Map<number, Expr>()): Expr => {
    const have = known.get(e.id);
    if (have) return have;
    const made = e.kind === "var" ? (e.variable === variable ? b.add(e, b.index(by)) : e) : rebuild(b, e, (part) => moved(part, variable, by, known), storage);
    known.set(e.id, made);
    return made;
  };
  const tile: Stmt[] = [];
  const name = (label: string, value: Expr): Expr => {
    const variable = b.variable(label, value.type, value.lanes);
    tile.push({ kind: "let", variable, value });
    return b.ref(variable);
  };
  const columns = loads.map((load) => {
    if (load.kind !== "load") throw new TypeError("only loads are transposed");
    const rows = Array.from({ length: lanes }, (_, j) =>
      name("row", b.load(load.buffer, storage(load.buffer), moved(load.index, inner.variable, j), lanes)),
    );
    return { load, vectors: transposed(b, rows, name) };
  });
  for (let i = 0; i < lanes; i++) {
    const known = new Map([[b.ref(outer.variable).id, b.add(b.ref(outer.variable), b.index(i))]]);
    const body = copyStmts(b, inner.body, new Map(), storage, known);
    const vectors = new Map(columns.flatMap(({ load, vectors: list }) => {
      const vector = list[i];
      return vector ? [[moved(load, outer.variable, i).id, vector] as const] : [];
    }));
    tile.push(...vectorBody(inner, body, vectors));
  }
  const copy = (loop: For, body: readonly Stmt[], begin: Expr, end: Expr): For => {
    const variable = b.variable(loop.variable.name, "index", 1, loop.variable.min, loop.variable.max);
    return { ...loop, variable, begin, end, body: copyStmts(b, body, new Map([[loop.variable, variable]]), storage) };
  };
  const isEmpty = (from: Expr, to: Expr): boolean => b.sub(to, from).max <= 0;
  const main: Stmt[] = [{ ...inner, end: wholeInner, step: lanes, body: tile, vectorize: false }];
  if (!isEmpty(wholeInner, inner.end)) {
    const rest = copy(inner, inner.body, wholeInner, inner.end);
    const begin = b.ref(outer.variable);
    main.push(copy(outer, [{ ...rest, vectorize: false }], begin, b.add(begin, b.index(lanes))));
  }
  const stmts: Stmt[] = [{ ...outer, end: wholeOuter, step: lanes, body: main }];
  if (!isEmpty(wholeOuter, outer.end)) stmts.push(copy(outer, [copy(inner, inner.body, inner.begin, inner.end)], wholeOuter, outer.end));
  return stmts;
}

/** The columns of a square of vectors: blocks of half the size change places, then quarters, down to single lanes. */
function transposed(b: ExprBuilder, rows: readonly Expr[], name: (label: string, value: Expr) => Expr): readonly Expr[] {
  const lanes = rows.length;
  let now = [...rows];
  for (let size = lanes / 2; size >= 1; size /= 2) {
    const next = [...now];
    for (let i = 0; i < lanes; i++) {
      if (i & size) continue;
      const [low, high] = [now[i], now[i + size]];
      if (!low || !high) continue;
      const pattern = (upper: boolean): number[] =>
        Array.from({ length: lanes }, (_, lane) => {
          const from = upper ? lane | size : lane & ~size;
          return lane & size ? lanes + from : from;
        });
      next[i] = name("t", b.shuffle(low, high, pattern(false)));
      next[i + size] = name("t", b.shuffle(low, high, pattern(true)));
    }
    now = next;
  }
  return now;
}
