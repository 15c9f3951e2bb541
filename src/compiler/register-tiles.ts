import { isFloat, type DType } from "../core/dtype.js";
import type { ExprBuilder } from "../ir/expr-builder.js";
import type { ComputeType, Expr, Stmt, Variable } from "../ir/loop.js";
import type { Target } from "./target.js";

/** A loop over rows or columns of a block of results. */
export interface TileAxis {
  readonly count: Expr;
  /** The most that `count` may be. */
  readonly most: number;
  /** Elements from one index to the next, in the operand and in the results. */
  readonly operand: number;
  readonly result: number;
}

/** A loop over terms of the sums, from `begin` (0 if not given) to `count`. */
export interface StepAxis {
  readonly begin?: Expr;
  readonly count: Expr;
  readonly most: number;
  readonly a: number;
  readonly b: number;
}

/** Two operands, and the block of results that they add to. */
export interface Blocks {
  readonly type: ComputeType;
  readonly dtype: DType;
  readonly lanes: number;
  /** Buffers: the first operand and the results are scratch memory. */
  readonly a: number;
  readonly b: number;
  readonly c: number;
  /** Where the blocks of the operands and of the results start; 0 where not given. */
  readonly aBase?: Expr;
  readonly bBase: Expr;
  readonly cBase?: Expr;
  readonly rows: readonly TileAxis[];
  readonly column: TileAxis;
  readonly steps: readonly StepAxis[];
  /** Whether the results are set instead of added to. */
  readonly first: boolean;
  /** The digits that the results lost so far (Kahan, 1965), where many blocks are added up. */
  readonly lost: number | undefined;
}

/** Rows of a register tile: `count` indexes of one axis, all of those after it. */
export interface RowTile {
  readonly axis: number;
  readonly count: number;
}

/** A loop over tiles; the last may hang over the block's edge, where scratch memory is padded and the result unused. */
export function overTiles(b: ExprBuilder, name: string, axis: Pick<TileAxis, "count" | "most">, size: number, body: (start: Expr) => readonly Stmt[]): Stmt {
  const variable = b.counter(name, Math.ceil(axis.most / size));
  return {
    kind: "for",
    variable,
    begin: b.index(0),
    end: b.div(b.add(axis.count, b.index(size - 1)), b.index(size)),
    step: 1,
    body: body(b.mul(b.ref(variable), b.index(size))),
    vectorize: false,
  };
}

export function multiplyAdd(b: ExprBuilder, dtype: DType, x: Expr, y: Expr, sum: Expr): Expr {
  return isFloat(dtype) ? b.op("fma", x, y, sum) : b.add(b.mul(x, y), sum);
}

/** Adds a block's sums to the results. */
function addTo(b: ExprBuilder, p: Blocks, at: Expr, sum: Expr): Stmt[] {
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

/** Where the rows of one tile lie, from its first. */
function rowOffsets(rows: readonly TileAxis[], tile: RowTile): { readonly operand: number; readonly result: number }[] {
  let offsets = [{ operand: 0, result: 0 }];
  rows.slice(tile.axis).forEach(({ most, operand, result }, k) => {
    const count = k === 0 ? tile.count : most;
    offsets = offsets.flatMap((o) => Array.from({ length: count }, (_, i) => ({ operand: o.operand + i * operand, result: o.result + i * result })));
  });
  return offsets;
}

/** Loops over all row tiles of a block; `body` is given where a tile's first row lies. */
function overRows(b: ExprBuilder, rows: readonly TileAxis[], tile: RowTile, body: (operand: Expr, result: Expr) => readonly Stmt[], axis = 0, operand = b.index(0), result = b.index(0)): readonly Stmt[] {
  const here = rows[axis];
  if (!here || axis > tile.axis) return body(operand, result);
  return [
    overTiles(b, `i${axis}`, here, axis === tile.axis ? tile.count : 1, (start) =>
      overRows(b, rows, tile, body, axis + 1, b.add(operand, b.mul(start, b.index(here.operand))), b.add(result, b.mul(start, b.index(here.result)))),
    ),
  ];
}

/** Loops over all terms, the innermost `step` at a time. */
export function overSteps(b: ExprBuilder, steps: readonly StepAxis[], step: number, body: (a: Expr, b: Expr) => readonly Stmt[]): readonly Stmt[] {
  const variables = steps.map(({ most }, k) => b.counter(`k${k}`, most));
  const sum = (pick: (s: StepAxis) => number): Expr =>
    steps.reduce((e, s, k) => {
      const variable = variables[k];
      return variable ? b.add(e, b.mul(b.ref(variable), b.index(pick(s)))) : e;
    }, b.index(0));
  let inner = body(sum((s) => s.a), sum((s) => s.b));
  for (let k = steps.length - 1; k >= 0; k--) {
    const [variable, axis] = [variables[k], steps[k]];
    if (variable && axis) inner = [{ kind: "for", variable, begin: axis.begin ?? b.index(0), end: axis.count, step: k === steps.length - 1 ? step : 1, body: inner, vectorize: false }];
  }
  return inner;
}

/** Whether rows × vectors of sums fit the registers with the operands of a step. */
export function fitsRegisters(rows: number, vectors: number, { vectorRegisters, operandRegisters }: Target): boolean {
  if (operandRegisters !== undefined) return rows * vectors + rows + vectors <= operandRegisters;
  return (rows + 1) * vectors + 4 <= vectorRegisters;
}

/** Register tiles of mr rows × nv vectors: each step costs mr·nv multiply-adds and about three instructions beside them. */
export function tileAcross(M: number, N: number, lanes: number, registers: number): { mr: number; nr: number } {
  const nv = N > lanes ? 2 : 1;
  const most = Math.min(16, Math.floor((registers - nv - 2) / nv));
  const time = (rows: number): number => Math.ceil(M / rows) * (rows * nv + 3);
  let mr = Math.min(M, most);
  for (let candidate = mr - 1; candidate > 0; candidate--) if (time(candidate) < time(mr)) mr = candidate;
  return { mr, nr: nv * lanes };
}

/** Tiles of rows × nv vectors: each step spreads an element of A over a vector and multiplies it with vectors of B. */
export function tilesAcross(b: ExprBuilder, p: Blocks, rowTile: RowTile, nv: number): Stmt {
  const { type, dtype, lanes } = p;
  const offsets = rowOffsets(p.rows, rowTile);
  const tile = (column0: Expr, rowOperand: Expr, rowResult: Expr): Stmt[] => {
    const start: Stmt[] = [];
    const finish: Stmt[] = [];
    const sums = offsets.map((offset, i) =>
      Array.from({ length: nv }, (_, j) => {
        const at = b.add(b.add(rowResult, b.index(offset.result)), b.add(column0, b.index(j * lanes)));
        const variable = b.variable(`c${i}_${j}`, type, lanes);
        start.push({ kind: "mutable", variable, value: b.splat(b.const(0, type), lanes) });
        finish.push(...addTo(b, p, at, b.ref(variable)));
        return variable;
      }),
    );
    const loop = overSteps(b, p.steps, 1, (aStep, bStep) => {
      const each: Stmt[] = [];
      const right = Array.from({ length: nv }, (_, j) => {
        const variable = b.variable(`b${j}`, type, lanes);
        const at = b.add(b.add(p.bBase, bStep), b.add(column0, b.index(j * lanes)));
        each.push({ kind: "let", variable, value: b.load(p.b, dtype, at, lanes) });
        return b.ref(variable);
      });
      offsets.forEach((offset, i) => {
        const left = b.variable(`a${i}`, type, lanes);
        const at = b.add(b.add(rowOperand, b.index(offset.operand)), aStep);
        each.push({ kind: "let", variable: left, value: b.splat(b.load(p.a, dtype, at), lanes) });
        right.forEach((y, j) => {
          const variable = sums[i]?.[j];
          if (variable) each.push({ kind: "assign", variable, value: multiplyAdd(b, dtype, b.ref(left), y, b.ref(variable)) });
        });
      });
      return each;
    });
    return [...start, ...loop, ...finish];
  };
  return overTiles(b, "jt", p.column, nv * lanes, (column0) => overRows(b, p.rows, rowTile, (operand, result) => tile(column0, operand, result), 0, p.aBase, p.cBase));
}

/**
 * Tiles of mr × nc results, each a vector of partial sums along k that is folded at the end: for operands that both lie
 * along k, which would have to be transposed otherwise. Steps beyond the end are zero in both blocks.
 */
export function tilesAlong(b: ExprBuilder, p: Blocks, rowTile: RowTile, nc: number): Stmt {
  const { type, dtype, lanes } = p;
  const offsets = rowOffsets(p.rows, rowTile);
  const vector = (name: string, list: Stmt[], value: Expr): Variable => {
    const variable = b.variable(name, type, lanes);
    list.push({ kind: "let", variable, value });
    return variable;
  };
  const tile = (column0: Expr, rowOperand: Expr, rowResult: Expr): Stmt[] => {
    const start: Stmt[] = [];
    const finish: Stmt[] = [];
    const columns = Array.from({ length: nc }, (_, j) => b.add(column0, b.index(j)));
    const sums = offsets.map((offset, i) =>
      columns.map((column, j) => {
        const at = b.add(b.add(rowResult, b.index(offset.result)), column);
        const variable = b.variable(`c${i}_${j}`, type, lanes);
        start.push({ kind: "mutable", variable, value: b.splat(b.const(0, type), lanes) });
        finish.push(...addTo(b, p, at, b.fold("add", b.ref(variable))));
        return variable;
      }),
    );
    const loop = overSteps(b, p.steps, lanes, (aStep, bStep) => {
      const each: Stmt[] = [];
      const right = columns.map((column, j) => {
        const at = b.add(b.add(p.bBase, bStep), b.mul(column, b.index(p.column.operand)));
        return b.ref(vector(`b${j}`, each, b.load(p.b, dtype, at, lanes)));
      });
      offsets.forEach((offset, i) => {
        const at = b.add(b.add(rowOperand, b.index(offset.operand)), aStep);
        const left = b.ref(vector(`a${i}`, each, b.load(p.a, dtype, at, lanes)));
        right.forEach((y, j) => {
          const variable = sums[i]?.[j];
          if (variable) each.push({ kind: "assign", variable, value: multiplyAdd(b, dtype, left, y, b.ref(variable)) });
        });
      });
      return each;
    });
    return [...start, ...loop, ...finish];
  };
  return overTiles(b, "jt", p.column, nc, (column0) => overRows(b, p.rows, rowTile, (operand, result) => tile(column0, operand, result), 0, p.aBase, p.cBase));
}
