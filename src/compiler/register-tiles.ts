import { isFloat, type DType } from "../core/dtype.js";
import type { ExprBuilder } from "../ir/expr-builder.js";
import type { ComputeType, Expr, Stmt, Variable } from "../ir/loop.js";

/** Two packed blocks in scratch memory, and the block of results that they add to. */
export interface PackedBlocks {
  readonly type: ComputeType;
  readonly dtype: DType;
  readonly lanes: number;
  /** Scratch buffers. */
  readonly a: number;
  readonly b: number;
  readonly c: number;
  /** Addresses in them. */
  aIndex(row: Expr, step: Expr): Expr;
  bIndex(step: Expr, column: Expr): Expr;
  cIndex(row: Expr, column: Expr): Expr;
  /** Rows, columns and steps of this block, and at most. */
  readonly rows: Expr;
  readonly columns: Expr;
  readonly steps: Expr;
  readonly mostRows: number;
  readonly mostColumns: number;
  readonly mostSteps: number;
  /** Whether the results are set instead of added to. */
  readonly first: boolean;
  /** The digits that the results lost so far (Kahan, 1965), where many blocks are added up. */
  readonly lost: number | undefined;
}

/** A loop over tiles; the last may hang over the block's edge, where scratch memory is padded and the result unused. */
function overTiles(b: ExprBuilder, name: string, count: Expr, most: number, size: number, body: (start: Expr) => readonly Stmt[]): Stmt {
  const variable = b.counter(name, Math.ceil(most / size));
  return {
    kind: "for",
    variable,
    begin: b.index(0),
    end: b.div(b.add(count, b.index(size - 1)), b.index(size)),
    step: 1,
    body: body(b.mul(b.ref(variable), b.index(size))),
    vectorize: false,
  };
}

function multiplyAdd(b: ExprBuilder, dtype: DType, x: Expr, y: Expr, sum: Expr): Expr {
  return isFloat(dtype) ? b.op("fma", x, y, sum) : b.add(b.mul(x, y), sum);
}

/** Adds a block's sums to the results. */
function addTo(b: ExprBuilder, p: PackedBlocks, at: Expr, sum: Expr): Stmt[] {
  const store = (buffer: number, value: Expr): Stmt => ({ kind: "store", buffer, index: at, value });
  if (p.first) return [store(p.c, sum)];
  const load = (buffer: number): Expr => b.load(buffer, p.dtype, at, sum.lanes);
  if (p.lost === undefined) return [store(p.c, b.add(load(p.c), sum))];
  const named = (name: string, value: Expr): { stmt: Stmt; ref: Expr } => {
    const variable = b.variable(name, p.type, sum.lanes);
    return { stmt: { kind: "let", variable, value }, ref: b.ref(variable) };
  };
  const before = named("before", load(p.c));
  const kept = named("kept", b.sub(sum, load(p.lost)));
  const after = named("after", b.add(before.ref, kept.ref));
  const lost = b.sub(b.sub(after.ref, before.ref), kept.ref);
  // An infinite sum has no digits to keep, and infinity minus infinity would make it NaN.
  const zero = b.splat(b.const(0, p.type), sum.lanes);
  const finite = b.select(b.eq(b.sub(lost, lost), zero), lost, zero);
  return [before.stmt, kept.stmt, after.stmt, store(p.lost, finite), store(p.c, after.ref)];
}

/** Tiles of mr × nv vectors: each step spreads an element of A over a vector and multiplies it with vectors of B. */
export function tilesAcross(b: ExprBuilder, p: PackedBlocks, mr: number, nv: number): Stmt {
  const { type, dtype, lanes } = p;
  const nr = nv * lanes;
  const step = b.counter("kk", p.mostSteps);
  const tile = (row0: Expr, column0: Expr): Stmt[] => {
    const start: Stmt[] = [];
    const each: Stmt[] = [];
    const finish: Stmt[] = [];
    const right = Array.from({ length: nv }, (_, j) => {
      const variable = b.variable(`b${j}`, type, lanes);
      each.push({ kind: "let", variable, value: b.load(p.b, dtype, p.bIndex(b.ref(step), b.add(column0, b.index(j * lanes))), lanes) });
      return b.ref(variable);
    });
    for (let i = 0; i < mr; i++) {
      const row = b.add(row0, b.index(i));
      const left = b.variable(`a${i}`, type, lanes);
      each.push({ kind: "let", variable: left, value: b.splat(b.load(p.a, dtype, p.aIndex(row, b.ref(step))), lanes) });
      right.forEach((y, j) => {
        const at = p.cIndex(row, b.add(column0, b.index(j * lanes)));
        const variable = b.variable(`c${i}_${j}`, type, lanes);
        start.push({ kind: "mutable", variable, value: b.splat(b.const(0, type), lanes) });
        each.push({ kind: "assign", variable, value: multiplyAdd(b, dtype, b.ref(left), y, b.ref(variable)) });
        finish.push(...addTo(b, p, at, b.ref(variable)));
      });
    }
    return [...start, { kind: "for", variable: step, begin: b.index(0), end: p.steps, step: 1, body: each, vectorize: false }, ...finish];
  };
  return overTiles(b, "jt", p.columns, p.mostColumns, nr, (column0) => [
    overTiles(b, "it", p.rows, p.mostRows, mr, (row0) => tile(row0, column0)),
  ]);
}

/**
 * Tiles of mr × nc results, each a vector of partial sums along k that is folded at the end: for operands that both lie
 * along k, which would have to be transposed otherwise. Steps beyond the end are zero in both blocks.
 */
export function tilesAlong(b: ExprBuilder, p: PackedBlocks, mr: number, nc: number): Stmt {
  const { type, dtype, lanes } = p;
  const step = b.counter("kk", p.mostSteps);
  const vector = (name: string, list: Stmt[], value: Expr): Variable => {
    const variable = b.variable(name, type, lanes);
    list.push({ kind: "let", variable, value });
    return variable;
  };
  const tile = (row0: Expr, column0: Expr): Stmt[] => {
    const start: Stmt[] = [];
    const each: Stmt[] = [];
    const finish: Stmt[] = [];
    const right = Array.from({ length: nc }, (_, j) =>
      vector(`b${j}`, each, b.load(p.b, dtype, p.bIndex(b.ref(step), b.add(column0, b.index(j))), lanes)),
    );
    for (let i = 0; i < mr; i++) {
      const row = b.add(row0, b.index(i));
      const left = vector(`a${i}`, each, b.load(p.a, dtype, p.aIndex(row, b.ref(step)), lanes));
      right.forEach((y, j) => {
        const at = p.cIndex(row, b.add(column0, b.index(j)));
        const variable = b.variable(`c${i}_${j}`, type, lanes);
        start.push({ kind: "mutable", variable, value: b.splat(b.const(0, type), lanes) });
        each.push({ kind: "assign", variable, value: multiplyAdd(b, dtype, b.ref(left), b.ref(y), b.ref(variable)) });
        finish.push(...addTo(b, p, at, b.fold("add", b.ref(variable))));
      });
    }
    return [...start, { kind: "for", variable: step, begin: b.index(0), end: p.steps, step: lanes, body: each, vectorize: false }, ...finish];
  };
  return overTiles(b, "jt", p.columns, p.mostColumns, nc, (column0) => [
    overTiles(b, "it", p.rows, p.mostRows, mr, (row0) => tile(row0, column0)),
  ]);
}
