import type { DType } from "../core/dtype.js";
import type { ScalarOp } from "./scalar.js";

/**
 * Loop IR: what a kernel does, as loops over scalars and short vectors. Operators lower to it, passes rewrite it,
 * backends print it. `index` is the type of loop variables and addresses: 64 bits in C, 32 in WebAssembly and WGSL.
 */
export type ComputeType = "float32" | "float64" | "int32" | "uint32" | "bool" | "index";

/** A local variable of a kernel: a loop counter, a `let`, or a mutable accumulator. `min`/`max` bound an index (inclusive). */
export interface Variable {
  readonly id: number;
  readonly name: string;
  readonly type: ComputeType;
  readonly lanes: number;
  readonly min: number;
  readonly max: number;
}

interface ExprBase {
  /** Equal ids mean equal expressions within one ExprBuilder. */
  readonly id: number;
  readonly type: ComputeType;
  /** 1 for a scalar. */
  readonly lanes: number;
  /** Bounds of an index expression, inclusive; ±Infinity where unknown. */
  readonly min: number;
  readonly max: number;
}

export type Expr = ExprBase &
  (
    | { readonly kind: "const"; readonly value: number }
    | { readonly kind: "var"; readonly variable: Variable }
    /** An integer argument of the launch (type index): `args.ints[slot]`. */
    | { readonly kind: "int-arg"; readonly slot: number }
    /** `lanes` consecutive elements of a buffer, from `index` on, converted from how they are stored. */
    | { readonly kind: "load"; readonly buffer: number; readonly index: Expr }
    | { readonly kind: "op"; readonly op: ScalarOp; readonly args: readonly Expr[] }
    /** Value conversion: float to int truncates, saturates, NaN to 0; to bool is "≠ 0"; 32-bit ints and index wrap. */
    | { readonly kind: "cast"; readonly arg: Expr }
    /** The same 32 bits read as another type (float32, int32, uint32), or 64 as [not supported]. */
    | { readonly kind: "bitcast"; readonly arg: Expr }
    /** `condition ? value : other` where the side not taken is not computed; the condition is a scalar bool. */
    | { readonly kind: "guard"; readonly condition: Expr; readonly value: Expr; readonly other: Expr }
    /** A vector of `lanes` copies of a scalar. */
    | { readonly kind: "splat"; readonly arg: Expr }
    /** A vector of the given scalars, one a lane. */
    | { readonly kind: "pack"; readonly args: readonly Expr[] }
    /** A vector of lanes chosen from two vectors of equal length: `pattern` counts through `a`, then `b`. */
    | { readonly kind: "shuffle"; readonly a: Expr; readonly b: Expr; readonly pattern: readonly number[] }
    /** base, base+1, … as a vector of int32, uint32 or float32 (base has the same type). */
    | { readonly kind: "ramp"; readonly base: Expr }
    /** The lanes of a vector folded into a scalar, lane 0 with the last by halves: ((0+2)+(1+3)) for four. */
    | { readonly kind: "fold"; readonly op: FoldOp; readonly arg: Expr }
  );

/** Associative operations that a reduction can use. */
export type FoldOp = "add" | "mul" | "min" | "max" | "and" | "or";

export type Stmt =
  | { readonly kind: "let"; readonly variable: Variable; readonly value: Expr }
  /** A variable that `assign` and `accumulate` may change. */
  | { readonly kind: "mutable"; readonly variable: Variable; readonly value: Expr }
  | { readonly kind: "assign"; readonly variable: Variable; readonly value: Expr }
  /** `variable = op(variable, value)`; the vectorizer may fold lanes in any fixed order. */
  | { readonly kind: "accumulate"; readonly variable: Variable; readonly op: FoldOp; readonly value: Expr }
  | { readonly kind: "store"; readonly buffer: number; readonly index: Expr; readonly value: Expr }
  | { readonly kind: "if"; readonly condition: Expr; readonly then: readonly Stmt[]; readonly otherwise: readonly Stmt[] }
  | {
      readonly kind: "for";
      readonly variable: Variable;
      readonly begin: Expr;
      readonly end: Expr;
      readonly step: number;
      readonly body: readonly Stmt[];
      /** May be run `lanes` iterations at a time: the iterations are independent but for `accumulate`. */
      readonly vectorize: boolean;
    }
  /**
   * All invocations of the group arrive here before one goes on; what they wrote to buffers and shared memory is then
   * seen by all of them. Only where all of them come by.
   */
  | { readonly kind: "barrier" }
  /**
   * The values that the group's invocations have in a mutable scalar are folded, in the same order on every run, and each
   * gets the result. Holds the barriers that it needs, so it stands only where all of them come by.
   */
  | { readonly kind: "combine"; readonly variable: Variable; readonly op: FoldOp };

/**
 * A region of memory that a kernel sees. Scratch belongs to one invocation (the running thread), shared memory to a
 * group; both hold rubbish at the start.
 */
export interface KernelBuffer {
  readonly dtype: DType;
  readonly access: "read" | "write" | "readwrite" | "scratch" | "shared";
  /** Elements, for scratch and shared memory only. */
  readonly scratchSize: number;
}

/** Whether a launch says where the buffer lies; scratch and shared memory are the kernel's own. */
export function isPassed(buffer: KernelBuffer): boolean {
  return buffer.access !== "scratch" && buffer.access !== "shared";
}

/**
 * One kernel: `for (item = begin; item < end; item++) body`, the range being what the runtime gives to this thread out
 * of `0 … launch.items`. Items are independent of each other. With a group, `size` invocations of the body run one item
 * together, and each knows by `lane` (0 … size−1) which one it is.
 */
export interface Kernel {
  /** For people and profiles, like "add-mul-relu"; not an identity. */
  readonly name: string;
  readonly buffers: readonly KernelBuffer[];
  readonly item: Variable;
  /** Only for targets that run invocations side by side. */
  readonly group?: { readonly size: number; readonly lane: Variable };
  readonly body: readonly Stmt[];
  /** Integer launch arguments that the body reads as `int-arg`. */
  readonly intCount: number;
  /** Floating-point operations and bytes of one whole launch, for schedules and profiles. */
  readonly flops: number;
  readonly bytes: number;
}
