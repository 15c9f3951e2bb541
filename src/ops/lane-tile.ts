import type { ExprBuilder } from "../ir/expr-builder.js";
import type { Expr, Stmt, Variable } from "../ir/loop.js";
import { range } from "./indexing.js";

/** How a tile of rows × columns lies in the registers of a group's lanes: some rows and columns each. */
export interface LaneShape {
  readonly rows: number;
  readonly columns: number;
  /** Rows and columns of one lane. */
  readonly laneRows: number;
  readonly laneColumns: number;
}

/** Lanes that a tile occupies. */
export function lanesOf({ rows, columns, laneRows, laneColumns }: LaneShape): number {
  return (rows / laneRows) * (columns / laneColumns);
}

/** The rows and columns of a tile that a lane has: rows lie together, columns are dealt out one to each lane in turn. */
export class LaneTile {
  /** Lanes that share a row, and the place of this one among them. */
  readonly across: number;
  readonly place: Expr;
  readonly #b: ExprBuilder;
  readonly #shape: LaneShape;
  readonly #down: Expr;

  constructor(b: ExprBuilder, shape: LaneShape, lane: Expr) {
    this.across = shape.columns / shape.laneColumns;
    this.place = b.rem(lane, b.index(this.across));
    this.#b = b;
    this.#shape = shape;
    this.#down = b.div(lane, b.index(this.across));
  }

  row(i: number): Expr {
    return this.#b.add(this.#b.mul(this.#down, this.#b.index(this.#shape.laneRows)), this.#b.index(i));
  }

  column(j: number): Expr {
    return this.#b.add(this.place, this.#b.index(j * this.across));
  }

  /** Columns of one lane where the tile has so many columns. */
  columnsOf(columns: number): number {
    return Math.ceil(columns / this.across);
  }

  /** Numbers of a lane for a tile of so many columns, at zero. */
  sums(name: string, type: "float32" | "float64", columns: number): { readonly variables: readonly (readonly Variable[])[]; readonly stmts: Stmt[] } {
    const b = this.#b;
    const variables = range(this.#shape.laneRows).map((i) => range(this.columnsOf(columns)).map((j) => b.variable(`${name}${i}_${j}`, type)));
    return { variables, stmts: variables.flat().map((variable) => ({ kind: "mutable", variable, value: b.const(0, type) })) };
  }
}

/** Adds left(i, step) · right(j, step) to each of a lane's sums, in ascending steps. */
export function addProducts(
  b: ExprBuilder,
  sums: readonly (readonly Variable[])[],
  steps: { readonly count: Expr; readonly most: number },
  left: (i: number, step: Expr) => Expr,
  right: (j: number, step: Expr) => Expr,
): Stmt {
  const step = b.counter("step", steps.most);
  const body = addProduct(b, sums, (i) => left(i, b.ref(step)), (j) => right(j, b.ref(step)));
  return { kind: "for", variable: step, begin: b.index(0), end: steps.count, step: 1, body, vectorize: false };
}

/** Adds left(i) · right(j) to each of a lane's sums. */
export function addProduct(b: ExprBuilder, sums: readonly (readonly Variable[])[], left: (i: number) => Expr, right: (j: number) => Expr): Stmt[] {
  const body: Stmt[] = [];
  const named = (name: string, value: Expr): Expr => {
    const variable = b.variable(name, value.type);
    body.push({ kind: "let", variable, value });
    return b.ref(variable);
  };
  const y = (sums[0] ?? []).map((_, j) => named(`y${j}`, right(j)));
  sums.forEach((list, i) => {
    const x = named(`x${i}`, left(i));
    list.forEach((variable, j) => {
      const sum = b.ref(variable);
      const factor = y[j] ?? x;
      const isFloat = variable.type === "float32" || variable.type === "float64";
      body.push({ kind: "assign", variable, value: isFloat ? b.op("fma", x, factor, sum) : b.add(b.mul(x, factor), sum) });
    });
  });
  return body;
}
