import type { TypedArray } from "../core/dtype.js";
import type { ExprBuilder } from "./expr-builder.js";
import type { Attrs, Node, TensorType, Value } from "./graph.js";
import type { Expr, FoldOp, Stmt } from "./loop.js";

/** Numbers of a tensor as the reference interpreter holds them: every dtype as float64, row-major. */
export interface RefTensor extends TensorType {
  readonly data: Float64Array;
}

/**
 * Everything that is known of a primitive operator, in one record. Autodiff and compiler read it; nothing branches on
 * its name.
 */
export interface Op<A extends Attrs = Attrs> {
  readonly name: string;
  /** The only shape and dtype rule. Throws ShapeError, DTypeError or IndexError with the op's name in brackets. */
  infer(inputs: readonly TensorType[], attrs: A): readonly TensorType[];
  /**
   * Cotangents of the inputs from those of the outputs (undefined is zero), as graph operations, so that they can be
   * differentiated again. Absent where the derivative is zero or does not exist (comparisons, integers).
   */
  vjp?(node: Node & { readonly attrs: A }, cotangents: readonly (Value | undefined)[]): readonly (Value | undefined)[];
  readonly lower: Lowering<A>;
  /** Plain meaning in float64, one array for each output; results are wrapped to the output's dtype by the caller. */
  ref(inputs: readonly RefTensor[], attrs: A, outputs: readonly TensorType[]): readonly (Float64Array | TypedArray)[];
}

/** Reads an element of an input at the given index (one expression for each axis, type index). May be any fused computation. */
export type Operand = (input: number, index: readonly Expr[]) => Expr;

/** How an operator becomes loops. A pass decides what is fused with what; the operator says only what one element is. */
export type Lowering<A extends Attrs> =
  | { readonly kind: "leaf" }
  /** One output element from input elements: elementwise operations and every kind of data movement. Fuses freely. */
  | {
      readonly kind: "map";
      /** The element of the single output at `index`, in the compute type of its dtype. */
      element(b: ExprBuilder, ctx: LowerContext<A>, index: readonly Expr[]): Expr;
      /** True where the output's memory is the input's memory, read in the same order (reshape). */
      readonly view?: boolean;
      /** Rough cost of one element beyond reading the operands; above 8 the fuser does not compute it twice. */
      readonly cost?: number;
    }
  /** One output element folded over a box of reduced indexes. */
  | {
      readonly kind: "reduce";
      fold(attrs: A): FoldOp;
      /** Sizes of the reduced loops. */
      extents(inputs: readonly TensorType[], attrs: A): readonly number[];
      element(b: ExprBuilder, ctx: LowerContext<A>, index: readonly Expr[], reduced: readonly Expr[]): Expr;
    }
  /** A sum of products that the tiled contraction kernel computes. */
  | { readonly kind: "contraction"; spec(b: ExprBuilder, ctx: LowerContext<A>): Contraction }
  /** Loops of the operator's own (sort, scatter, cumulative): `items` independent bodies. Inputs may still be fused into reads. */
  | { readonly kind: "loops"; build(b: ExprBuilder, ctx: LoopsContext<A>): { readonly items: number; body(item: Expr): readonly Stmt[] } };

export interface LowerContext<A extends Attrs> {
  readonly attrs: A;
  readonly inputs: readonly TensorType[];
  readonly outputs: readonly TensorType[];
  readonly operand: Operand;
}

export interface LoopsContext<A extends Attrs> extends LowerContext<A> {
  /** Writes an element of an output. */
  store(output: number, index: readonly Expr[], value: Expr): Stmt;
  /** Reads back what this item stored before. Bind it with a `let` statement: it must not move. */
  reload(output: number, index: readonly Expr[]): Expr;
}

/**
 * out(batch, m, n) = Σ_k lhs(batch, m, k) · rhs(batch, k, n), every group of axes being a list of extents. Operands are
 * given as an element expression, so transposition, padding, dilation and fused producers happen while packing.
 */
export interface Contraction {
  readonly batch: readonly number[];
  readonly m: readonly number[];
  readonly n: readonly number[];
  readonly k: readonly number[];
  lhs(batch: readonly Expr[], m: readonly Expr[], k: readonly Expr[]): Expr;
  rhs(batch: readonly Expr[], k: readonly Expr[], n: readonly Expr[]): Expr;
  /** The index of the output element. */
  out(batch: readonly Expr[], m: readonly Expr[], n: readonly Expr[]): readonly Expr[];
}
