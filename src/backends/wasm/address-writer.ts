import { byteSize } from "../../core/dtype.js";
import { CompileError } from "../../core/errors.js";
import { constantOf } from "../../ir/scalar-builder.js";
import type { Expr, Kernel, KernelBuffer, Variable } from "../../ir/loop.js";
import type { FunctionWriter } from "./function-writer.js";
import { parameter } from "./kernel-type.js";
import { linearIndex, type IndexTerm, type LinearIndex } from "./linear-index.js";
import * as wasm from "./opcodes.js";
import { constant, indexed, memory, plain, type Instruction } from "./wasm-module.js";

const get = (local: number): Instruction => indexed(wasm.localGet, local);
const i32 = (value: number): Instruction => constant(wasm.i32Const, value);

/** Where a variable of a kernel is kept. */
export interface Held {
  /** One for each register. */
  readonly locals: readonly number[];
  /** The scope in which it gets its value. */
  readonly depth: number;
  readonly mutable: boolean;
  /**
   * What an index computed from unchanging values stands for. It is computed when first asked for; addresses are put
   * together from its terms.
   */
  readonly index?: { readonly value: Expr; readonly sum: LinearIndex };
}

/** The variables and buffers of a kernel, and the addresses that are made of them. */
export class AddressWriter {
  readonly #kernel: Kernel;
  readonly #writer: FunctionWriter;
  /** Leaves an index expression on the stack. */
  readonly #value: (e: Expr) => void;
  readonly #variables = new Map<number, Held>();
  readonly #depths = new Map<number, number>();
  readonly #scratchOffsets: readonly number[];
  readonly scratchBytes: number;

  constructor(kernel: Kernel, writer: FunctionWriter, value: (e: Expr) => void) {
    this.#kernel = kernel;
    this.#writer = writer;
    this.#value = value;
    let offset = 0;
    this.#scratchOffsets = kernel.buffers.map((buffer) => {
      const at = offset;
      if (buffer.access === "scratch") offset += Math.ceil((buffer.scratchSize * byteSize(buffer.dtype)) / 64) * 64;
      return at;
    });
    this.scratchBytes = offset;
  }

  buffer(index: number): KernelBuffer {
    const buffer = this.#kernel.buffers[index];
    if (!buffer)
      throw new CompileError(
        `[wasm] kernel ${this.#kernel.name} uses buffer ${index} of ${this.#kernel.buffers.length}`,
      );
    return buffer;
  }

  define(variable: Variable, held: Held): void {
    this.#variables.set(variable.id, held);
  }

  held(variable: Variable): Held {
    const held = this.#variables.get(variable.id);
    if (!held)
      throw new CompileError(`[wasm] kernel ${this.#kernel.name} reads ${variable.name} before it has a value`);
    return held;
  }

  /**
   * Leaves the address of an element on the stack, and returns what is still to be added as the instruction's offset.
   * Terms that do not change in inner loops are added outside of them.
   */
  address(buffer: number, index: Expr, ahead: number): number {
    const size = byteSize(this.buffer(buffer).dtype);
    const { terms, constant: fixed, min } = this.linear(index);
    const byDepth = new Map<number, IndexTerm[]>();
    for (const term of terms) {
      const depth = this.depthOf(term.expr);
      const list = byDepth.get(depth);
      if (list) list.push(term);
      else byDepth.set(depth, [term]);
    }
    let local = this.#pointer(buffer);
    let key = `address ${buffer}`;
    for (const depth of [...byDepth.keys()].filter(Number.isFinite).sort((a, b) => a - b)) {
      const group = byDepth.get(depth) ?? [];
      key += group.map(({ expr, factor }) => `+${expr.id}*${factor}`).join("");
      const from = local;
      local = this.#writer.once(depth, key, "i32", () => {
        this.#writer.emit(get(from));
        for (const term of group) this.#addTerm(term, size);
      });
    }
    this.#writer.emit(get(local));
    for (const term of byDepth.get(Infinity) ?? []) this.#addTerm(term, size);
    const bytes = (fixed + ahead) * size;
    // An offset is added without wrapping, so the rest must not lie before the buffer.
    if (min >= 0 && bytes >= 0 && bytes < 2 ** 31) return bytes;
    if (bytes !== 0) this.#writer.emit(i32(bytes), plain(wasm.i32Add));
    return 0;
  }

  linear(index: Expr): LinearIndex {
    return linearIndex(index, (variable) => this.held(variable).index?.sum);
  }

  #addTerm({ expr, factor }: IndexTerm, size: number): void {
    this.#value(expr);
    const by = factor * size;
    const shift = Math.log2(by);
    if (by > 1 && Number.isInteger(shift)) this.#writer.emit(i32(shift), plain(wasm.i32Shl));
    else if (by !== 1) this.#writer.emit(i32(by), plain(wasm.i32Mul));
    this.#writer.emit(plain(wasm.i32Add));
  }

  #pointer(buffer: number): number {
    const { access } = this.buffer(buffer);
    return this.#writer.once(0, `pointer ${buffer}`, "i32", () => {
      if (access === "scratch")
        this.#writer.emit(get(parameter.scratch), i32(this.#scratchOffsets[buffer] ?? 0), plain(wasm.i32Add));
      else {
        const place = this.#kernel.buffers.slice(0, buffer).filter((b) => b.access !== "scratch").length;
        this.#writer.emit(get(parameter.buffers), memory(wasm.i32Load, 4 * place));
      }
    });
  }

  /** The outermost scope in which the expression can be computed; Infinity where it must stay in its place. */
  depthOf(e: Expr): number {
    const have = this.#depths.get(e.id);
    if (have !== undefined) return have;
    const depth = this.#findDepth(e);
    this.#depths.set(e.id, depth);
    return depth;
  }

  #findDepth(e: Expr): number {
    switch (e.kind) {
      case "const":
      case "int-arg":
        return 0;
      case "var": {
        const { depth, mutable } = this.held(e.variable);
        return mutable ? Infinity : depth;
      }
      case "op":
        // A division may trap where its operands make no sense, as in a loop that is not entered.
        if ((e.op === "div" || e.op === "rem") && !constantOf(e.args[1] ?? e)) return Infinity;
        return Math.max(...e.args.map((a) => this.depthOf(a)));
      case "cast":
      case "bitcast":
        return this.depthOf(e.arg);
      case "load":
      case "guard":
      case "splat":
      case "pack":
      case "shuffle":
      case "ramp":
      case "fold":
        return Infinity;
    }
  }
}
