import { likelyBelow } from "../core/rng.js";
import type { ExprBuilder } from "../ir/expr-builder.js";
import type { Attrs, BlockProduct, LoopsContext, Scratch } from "../ir/graph.js";
import type { Expr, Stmt, Variable } from "../ir/loop.js";
import type { AttentionAttrs, AttentionShape } from "./attention-shape.js";
import { at, ravel } from "./indexing.js";
import { bitsAt } from "./random-bits.js";

/** A block of consecutive queries or keys. */
export interface Span {
  readonly begin: Expr;
  readonly count: Expr;
  readonly most: number;
}

/** The span number `n` of those that divide `size` into pieces of `most`. */
export function spanAt(b: ExprBuilder, size: number, most: number, n: Expr): Span {
  const begin = b.mul(n, b.index(most));
  return { begin, count: size % most === 0 ? b.index(most) : b.min(b.index(most), b.sub(b.index(size), begin)), most };
}

/** A matrix in scratch memory, with room for whole tiles. */
export interface Matrix {
  readonly memory: Scratch;
  /** Numbers from one row to the next. */
  readonly width: number;
}

/** Loops, matrices and scores as the attention kernels write them. */
export class AttentionWriter {
  readonly type: "float32" | "float64";
  readonly #b: ExprBuilder;
  readonly #ctx: LoopsContext<Attrs>;
  readonly #attrs: AttentionAttrs;
  readonly #shape: AttentionShape;
  /** The operand that holds the mask. */
  readonly #mask: number;

  constructor(b: ExprBuilder, ctx: LoopsContext<Attrs>, attrs: AttentionAttrs, shape: AttentionShape, mask: number) {
    this.#b = b;
    this.#ctx = ctx;
    this.#attrs = attrs;
    this.#shape = shape;
    this.#mask = mask;
    this.type = at(ctx.inputs, 0).dtype === "float64" ? "float64" : "float32";
  }

  number(value: number): Expr {
    return this.#b.const(value, this.type);
  }

  /** A matrix with room for the tiles of every product that it takes part in. */
  matrix(rows: number, columns: number): Matrix {
    const tile = this.#ctx.tileColumns(this.type, rows, columns);
    const width = Math.ceil(columns / tile) * tile;
    // Whichever way a product cuts it, whole tiles fit.
    return { memory: this.#ctx.scratch(this.type, (rows + 16) * width + 64), width };
  }

  loop(name: string, count: Expr, most: number, body: (i: Expr) => readonly Stmt[], vectorize = false): Stmt {
    const variable = this.#b.counter(name, most);
    return { kind: "for", variable, begin: this.#b.index(0), end: count, step: 1, body: body(this.#b.ref(variable)), vectorize };
  }

  at(m: Matrix, row: Expr, column: Expr): Expr {
    return this.#b.add(this.#b.mul(row, this.#b.index(m.width)), column);
  }

  named(name: string, value: Expr): { readonly stmt: Stmt; readonly ref: Expr } {
    const variable = this.#b.variable(name, value.type);
    return { stmt: { kind: "let", variable, value }, ref: this.#b.ref(variable) };
  }

  total(name: string, from: number): { readonly variable: Variable; readonly stmt: Stmt; readonly ref: Expr } {
    const variable = this.#b.variable(name, this.type);
    return { variable, stmt: { kind: "mutable", variable, value: this.number(from) }, ref: this.#b.ref(variable) };
  }

  zero(memory: Scratch, size: number): Stmt {
    return this.loop("z", this.#b.index(size), size, (i) => [memory.store(i, this.number(0))], true);
  }

  /** Copies rows of an operand [batch…, rows, columns]. */
  copy(to: Matrix, operand: number, batch: readonly Expr[], rows: Span, columns: number, change = (x: Expr): Expr => x): Stmt {
    const b = this.#b;
    return this.loop("r", rows.count, rows.most, (row) => [
      this.loop("e", b.index(columns), columns, (e) => [to.memory.store(this.at(to, row, e), change(this.#element(operand, [...batch, b.add(rows.begin, row), e])))], true),
    ]);
  }

  /** Copies rows of an operand as columns. */
  copyTurned(to: Matrix, operand: number, batch: readonly Expr[], rows: Span, columns: number): Stmt {
    const b = this.#b;
    return this.loop("e", b.index(columns), columns, (e) => [
      this.loop("r", rows.count, rows.most, (row) => [to.memory.store(this.at(to, e, row), this.#element(operand, [...batch, b.add(rows.begin, row), e]))], true),
    ]);
  }

  #element(operand: number, index: readonly Expr[]): Expr {
    return this.#b.cast(this.#ctx.operand(operand, index), this.type);
  }

  /** c = a · b or c += a · b: rows of `a` as they lie or turned. */
  product(a: Matrix, right: Matrix, c: Matrix, rows: Omit<Span, "begin">, columns: number | Omit<Span, "begin">, steps: Omit<Span, "begin">, how: { readonly turned?: boolean; readonly adds?: boolean } = {}): Stmt {
    const wide = typeof columns === "number" ? { count: this.#b.index(columns), most: columns } : columns;
    const product: BlockProduct = {
      a: a.memory,
      b: right.memory,
      c: c.memory,
      rows: { count: rows.count, most: rows.most, a: how.turned ? 1 : a.width, c: c.width },
      columns: wide,
      steps: { count: steps.count, most: steps.most, a: how.turned ? a.width : 1, b: right.width },
      adds: how.adds ?? false,
    };
    return this.#ctx.product(product);
  }

  /** A score with mask and causality applied: −∞ where the query may not look. */
  masked(score: Expr, batch: readonly Expr[], query: Expr, key: Expr): Expr {
    const b = this.#b;
    let result = score;
    if (this.#attrs.mask) {
      const mask = this.#ctx.operand(this.#mask, [...batch, query, key]);
      result = mask.type === "bool" ? b.select(mask, result, this.number(-Infinity)) : b.add(result, b.cast(mask, this.type));
    }
    if (!this.#attrs.causal) return result;
    return b.select(b.le(b.cast(key, "int32"), b.cast(query, "int32")), result, this.number(-Infinity));
  }

  /** Whether `masked` changes scores. */
  get masks(): boolean {
    return this.#attrs.mask || this.#attrs.causal;
  }

  /** The factor of dropout on a weight, or undefined where there is none. */
  dropout(batch: readonly Expr[], query: Expr, key: Expr): Expr | undefined {
    const b = this.#b;
    const { keep } = this.#attrs;
    if (keep === 1) return undefined;
    const { batch: sizes, queries, keys } = this.#shape;
    const operand = this.#mask + Number(this.#attrs.mask);
    // A state for each of the first axes of the batch, as random bits take them.
    const states = at(this.#ctx.inputs, operand).shape.length - 1;
    const word = (i: Expr): Expr => this.#ctx.operand(operand, [...batch.slice(0, states), i]);
    const position = ravel(b, [...batch.slice(states), query, key], [...sizes.slice(states), queries, keys]);
    const bits = b.op("shr", bitsAt(b, word, position), b.const(8, "uint32"));
    return b.select(b.lt(b.cast(bits, "int32"), b.const(likelyBelow(keep), "int32")), this.number(1 / keep), this.number(0));
  }
}

