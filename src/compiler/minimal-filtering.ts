import type { ExprBuilder } from "../ir/expr-builder.js";
import type { Expr, Stmt } from "../ir/loop.js";

type Matrix = readonly (readonly number[])[];

/**
 * A way to compute `outputs` neighbouring results of a filter with `taps` factors by `points` multiplications (Winograd,
 * 1980): y = results · ((filter · g) ∘ (signal · d)). In two dimensions each matrix is applied to rows and to columns.
 */
export interface MinimalFilter {
  readonly outputs: number;
  readonly taps: number;
  readonly points: number;
  readonly signal: Matrix;
  readonly filter: Matrix;
  readonly results: Matrix;
}

const signal: Matrix = [[1, 0, -1, 0], [0, 1, 1, 0], [0, -1, 1, 0], [0, 1, 0, -1]];

/** F(2, 3): Lavin and Gray, Fast Algorithms for Convolutional Neural Networks (2016). */
export const twoOfThree: MinimalFilter = {
  outputs: 2,
  taps: 3,
  points: 4,
  signal,
  filter: [[1, 0, 0], [0.5, 0.5, 0.5], [0.5, -0.5, 0.5], [0, 0, 1]],
  results: [[1, 1, 1, 0], [0, 1, -1, -1]],
};

/** F(3, 2), for the gradient of a filter: its results are the filter's three elements, two elements of a gradient filter the signal. */
export const threeOfTwo: MinimalFilter = {
  outputs: 3,
  taps: 2,
  points: 4,
  signal: [...signal.slice(0, 3), [0, -1, 0, 1]],
  filter: [[1, 0], [0.5, 0.5], [0.5, -0.5], [0, 1]],
  results: [[1, 1, 1, 0], [0, 1, -1, 0], [0, 1, 1, 1]],
};

/** matrix · x · matrixᵀ of expressions; what comes of the first product is named by statements that are added to `stmts`. */
export function transformed(b: ExprBuilder, matrix: Matrix, x: readonly (readonly Expr[])[], stmts: Stmt[]): readonly (readonly Expr[])[] {
  const half = matrix.map((row) => (x[0] ?? []).map((_, k) => named(b, "h", combined(b, row, x.map((line) => line[k] ?? b.index(0))), stmts)));
  return half.map((line) => matrix.map((row) => combined(b, row, line)));
}

/** Names an expression by a statement that is added to `stmts`: what is read from memory that the kernel writes is read once. */
export function named(b: ExprBuilder, name: string, value: Expr, stmts: Stmt[]): Expr {
  const variable = b.variable(name, value.type);
  stmts.push({ kind: "let", variable, value });
  return b.ref(variable);
}

/** Σ factor · x, positive terms first; terms of one factor are added before they are multiplied. */
function combined(b: ExprBuilder, factors: readonly number[], x: readonly Expr[]): Expr {
  const type = x[0]?.type ?? "float32";
  const sizes = [...new Set(factors.map(Math.abs).filter((f) => f !== 0))];
  let total: Expr | undefined;
  for (const size of sizes) {
    let sum: Expr | undefined;
    const first = factors.find((f) => Math.abs(f) === size) ?? 1;
    const lead = factors.includes(size) ? size : first;
    for (const sign of [lead, -lead]) {
      factors.forEach((factor, k) => {
        const term = x[k];
        if (factor !== sign || !term) return;
        sum = sum ? (sign === lead ? b.add(sum, term) : b.sub(sum, term)) : term;
      });
    }
    if (!sum) continue;
    const part = lead === 1 ? sum : b.mul(sum, b.const(lead, type));
    total = total ? b.add(total, part) : part;
  }
  return total ?? b.const(0, type);
}
