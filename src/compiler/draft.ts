import { byteSize, dtypeInfo, type DType } from "../core/dtype.js";
import { sizeOf, type Shape } from "../core/shape.js";
import { ExprBuilder } from "../ir/expr-builder.js";
import type { Value } from "../ir/graph.js";
import type { ComputeType, Expr, FoldOp, Kernel, KernelBuffer, Stmt, Variable } from "../ir/loop.js";
import { flatIndex, type Source } from "./reader.js";
import { allExprs, ownExprs, nested } from "./walk.js";

/** A buffer argument of a kernel: a value of the graph, or memory between two kernels of one group. */
export type Argument = Value | Temporary;

/** Memory that only the kernels of one group see. */
export interface Temporary {
  readonly shape: Shape;
  readonly dtype: DType;
  readonly temporary: true;
}

/** A kernel with the values that its buffers stand for. */
export interface KernelCall {
  readonly kernel: Kernel;
  /** Made the kernel's expressions, and goes on to do so in the passes. */
  readonly builder: ExprBuilder;
  readonly buffers: readonly Argument[];
  readonly items: number;
  readonly grain: number;
}

/** The values that are written to memory, with the order in which the axes of each lie there, outermost first. */
export type Stored = ReadonlyMap<Value, readonly number[]>;

/** A read of memory: what it reads, and where. */
export interface Origin {
  readonly argument: Argument;
  readonly index: readonly Expr[];
}

/** A kernel while it is being written: its expressions, and the buffers as they are first used. */
export class Draft {
  readonly b = new ExprBuilder();
  /** Where the loads that `memory` made come from, by their ids. */
  readonly origins = new Map<number, Origin>();
  readonly #stored: Stored;
  readonly #slots = new Map<Argument, number>();
  readonly #arguments: Argument[] = [];
  readonly #buffers: (KernelBuffer & { readonly argument?: Argument })[] = [];

  constructor(stored: Stored) {
    this.#stored = stored;
  }

  /** The order in which the axes lie in memory. */
  orderOf(argument: Argument): readonly number[] {
    return ("temporary" in argument ? undefined : this.#stored.get(argument)) ?? argument.shape.map((_, axis) => axis);
  }

  /** Where an element lies in its buffer. */
  address(argument: Argument, index: readonly Expr[]): Expr {
    return flatIndex(this.b, argument.shape, index, this.orderOf(argument));
  }

  /** The slot of a value that is read or written; a slot once written stays writable. */
  slot(argument: Argument, access: "read" | "write" | "readwrite"): number {
    const have = this.#slots.get(argument);
    if (have !== undefined) {
      const buffer = this.#buffers[have];
      if (buffer && buffer.access !== access) this.#buffers[have] = { ...buffer, access: "readwrite" };
      return have;
    }
    const made = this.#buffers.length;
    this.#slots.set(argument, made);
    this.#arguments.push(argument);
    this.#buffers.push({ dtype: argument.dtype, access, scratchSize: 0, argument });
    return made;
  }

  /** Memory of the running thread, rounded up to whole cache lines. */
  scratch(dtype: DType, size: number): number {
    this.#buffers.push({ dtype, access: "scratch", scratchSize: size });
    return this.#buffers.length - 1;
  }

  /** Memory that a group of invocations shares. */
  shared(dtype: DType, size: number): number {
    this.#buffers.push({ dtype, access: "shared", scratchSize: size });
    return this.#buffers.length - 1;
  }

  dtypeOf(slot: number): DType {
    const buffer = this.#buffers[slot];
    if (!buffer) throw new RangeError(`kernel has no buffer ${slot}`);
    return buffer.dtype;
  }

  load(slot: number, index: Expr, lanes = 1): Expr {
    return this.b.load(slot, this.dtypeOf(slot), index, lanes);
  }

  /** Reads from memory. */
  memory(argument: Argument): Source {
    return (index) => {
      const made = this.load(this.slot(argument, "read"), this.address(argument, index));
      this.origins.set(made.id, { argument, index });
      return made;
    };
  }

  store(argument: Argument, index: readonly Expr[], value: Expr): Stmt {
    return { kind: "store", buffer: this.slot(argument, "write"), index: this.address(argument, index), value };
  }

  mutable(name: string, type: ComputeType, value: Expr, lanes = 1): { variable: Variable; stmt: Stmt } {
    const variable = this.b.variable(name, type, lanes);
    return { variable, stmt: { kind: "mutable", variable, value } };
  }

  call(name: string, item: Variable, body: readonly Stmt[], items: number, group?: Kernel["group"]): KernelCall {
    const buffers = this.#buffers.map(({ dtype, access, scratchSize }) => ({ dtype, access, scratchSize }));
    const bytes = this.#arguments.reduce((sum, a) => sum + sizeOf(a.shape) * byteSize(a.dtype), 0);
    const flops = items * (group?.size ?? 1) * countFlops(this.b, body);
    const kernel: Kernel = { name, buffers, item, ...(group && { group }), body, intCount: 0, flops, bytes };
    const perItem = Math.max(1, (flops + bytes) / Math.max(1, items));
    return { kernel, builder: this.b, buffers: this.#arguments, items, grain: Math.max(1, Math.ceil(grainWork / perItem)) };
  }
}

/** Work (operations and bytes) that is worth waking another thread for: about ten microseconds. */
const grainWork = 100_000;

/** Scalar floating-point operations of one item. */
function countFlops(b: ExprBuilder, body: readonly Stmt[]): number {
  let total = 0;
  for (const s of body) {
    for (const e of allExprs(ownExprs(s))) {
      if (e.type === "index" || e.type === "bool") continue;
      if (e.kind === "op") total += e.lanes * (e.op === "fma" ? 2 : 1);
      if (e.kind === "guard") total += 1;
    }
    if (s.kind === "accumulate") total += s.value.lanes;
    const times = s.kind === "for" ? tripCount(b.sub(s.end, s.begin), s.step) : 1;
    for (const list of nested(s)) total += times * countFlops(b, list);
  }
  return total;
}

function tripCount(length: Expr, step: number): number {
  return Number.isFinite(length.max) ? Math.max(0, Math.ceil(length.max / step)) : 1;
}

/** What a fold starts from. */
export function identityOf(b: ExprBuilder, fold: FoldOp, dtype: DType): Expr {
  const type = dtypeInfo[dtype].compute;
  switch (fold) {
    case "add":
    case "or":
      return b.const(0, type);
    case "mul":
      return b.const(1, type);
    case "and":
      return b.const(type === "bool" ? 1 : -1, type);
    case "max":
      return b.const(type === "bool" ? 0 : type === "uint32" ? 0 : type === "int32" ? -(2 ** 31) : -Infinity, type);
    case "min":
      return b.const(type === "bool" ? 1 : type === "uint32" ? 2 ** 32 - 1 : type === "int32" ? 2 ** 31 - 1 : Infinity, type);
  }
}
