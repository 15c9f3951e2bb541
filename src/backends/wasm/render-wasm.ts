import { byteSize } from "../../core/dtype.js";
import { CompileError } from "../../core/errors.js";
import { constantOf } from "../../ir/scalar-builder.js";
import type { ComputeType, Expr, FoldOp, Kernel, Stmt, Variable } from "../../ir/loop.js";
import type { ScalarOp } from "../../ir/scalar.js";
import { AddressWriter } from "./address-writer.js";
import { evenWords, writeCast } from "./casts.js";
import { FunctionWriter } from "./function-writer.js";
import { kernelType, parameter } from "./kernel-type.js";
import { loadScalar, loadVector, storeScalar, storeVector } from "./memory-access.js";
import { kindOf, laneBytes, lanesIn, registerLanes, registers, valueType } from "./registers.js";
import {
  laneInstructions,
  scalarOps,
  spell,
  uniformShift,
  type Emission,
  type OpRow,
  type Spelled,
} from "./scalar-ops.js";
import * as wasm from "./opcodes.js";
import {
  constant,
  indexed,
  memory,
  plain,
  typed,
  type Instruction,
  type ValueType,
  type WasmFunction,
} from "./wasm-module.js";

export interface RenderedKernel extends WasmFunction {
  /** Memory that each thread needs at its scratch address, 64-byte aligned. */
  readonly scratchBytes: number;
}

/** Writes a kernel as a WebAssembly function. `relaxed`: use the fused multiply-add of relaxed SIMD. Throws CompileError. */
export function renderKernel(kernel: Kernel, relaxed: boolean): RenderedKernel {
  return new KernelRenderer(kernel, scalarOps(relaxed)).run();
}

const get = (local: number): Instruction => indexed(wasm.localGet, local);
const set = (local: number): Instruction => indexed(wasm.localSet, local);
const i32 = (value: number): Instruction => constant(wasm.i32Const, value);

class KernelRenderer {
  readonly #kernel: Kernel;
  readonly #ops: Readonly<Record<ScalarOp, OpRow>>;
  readonly #writer = new FunctionWriter(kernelType.params);
  readonly #addresses: AddressWriter;

  constructor(kernel: Kernel, ops: Readonly<Record<ScalarOp, OpRow>>) {
    this.#kernel = kernel;
    this.#ops = ops;
    this.#addresses = new AddressWriter(kernel, this.#writer, (e) => this.#value(e, 0));
  }

  run(): RenderedKernel {
    if (this.#kernel.group) throw this.#hasGroup();
    const item = this.#writer.acquire("i32");
    this.#loop(this.#kernel.item, item, [get(parameter.begin)], [get(parameter.end)], 1, true, this.#kernel.body);
    return {
      name: this.#kernel.name,
      type: kernelType,
      locals: this.#writer.locals,
      body: this.#writer.finish(),
      scratchBytes: this.#addresses.scratchBytes,
    };
  }

  #hasGroup(): CompileError {
    return new CompileError(
      `[wasm] kernel ${this.#kernel.name} is written for a group of invocations, and a thread runs an item alone: ` +
        "compile it for a target without groups",
    );
  }

  #emit(...instructions: readonly Instruction[]): void {
    this.#writer.emit(...instructions);
  }

  /** Writes with temporaries that are free again afterwards. */
  #withTemporaries(lanes: number, write: (e: Emission) => void): void {
    const taken: number[] = [];
    write({
      lanes,
      emit: (...instructions) => this.#emit(...instructions),
      temporary: (type) => {
        const local = this.#writer.acquire(type);
        taken.push(local);
        return local;
      },
    });
    for (const local of taken) this.#writer.release(local);
  }

  // Statements

  #stmts(stmts: readonly Stmt[]): void {
    for (const s of stmts) this.#stmt(s);
  }

  #stmt(s: Stmt): void {
    switch (s.kind) {
      case "let":
      case "mutable": {
        if (
          s.kind === "let" &&
          s.value.type === "index" &&
          s.value.kind === "op" &&
          Number.isFinite(this.#addresses.depthOf(s.value))
        ) {
          const index = { value: s.value, sum: this.#addresses.linear(s.value) };
          this.#addresses.define(s.variable, {
            locals: [],
            depth: this.#addresses.depthOf(s.value),
            mutable: false,
            index,
          });
          return;
        }
        this.#values(s.value);
        const type = valueType(s.variable);
        const locals = Array.from({ length: registers(s.variable) }, () => this.#writer.local(type));
        this.#addresses.define(s.variable, { locals, depth: this.#writer.depth, mutable: s.kind === "mutable" });
        this.#assign(locals);
        return;
      }
      case "assign":
        this.#values(s.value);
        this.#assign(this.#addresses.held(s.variable).locals);
        return;
      case "accumulate": {
        const { locals } = this.#addresses.held(s.variable);
        locals.forEach((local, part) => {
          this.#emit(get(local));
          this.#value(s.value, part);
          this.#combine(s.op, s.value, part);
        });
        this.#assign(locals);
        return;
      }
      case "store":
        this.#store(s.buffer, s.index, s.value);
        return;
      case "if":
        this.#value(s.condition, 0);
        this.#if(
          "void",
          () => this.#stmts(s.then),
          s.otherwise.length === 0 ? undefined : () => this.#stmts(s.otherwise),
        );
        return;
      case "for": {
        const counter = this.#writer.local("i32");
        const begin = this.#captured(s.begin);
        const end = this.#captured(s.end);
        const entered = s.begin.kind === "const" && s.end.kind === "const" && s.begin.value < s.end.value;
        this.#loop(s.variable, counter, begin, end, s.step, !entered, s.body);
        return;
      }
      case "barrier":
      case "combine":
        throw this.#hasGroup();
    }
  }

  /** Puts an index expression where it can be read again: a constant or a local. */
  #captured(e: Expr): readonly Instruction[] {
    if (e.kind === "const") return [i32(e.value)];
    this.#value(e, 0);
    const local = this.#writer.local("i32");
    this.#emit(set(local));
    return [get(local)];
  }

  /** A loop that tests at its end; `mayBeEmpty` adds a test before it. */
  #loop(
    variable: Variable,
    counter: number,
    begin: readonly Instruction[],
    end: readonly Instruction[],
    step: number,
    mayBeEmpty: boolean,
    body: readonly Stmt[],
  ): void {
    this.#emit(...begin, set(counter));
    this.#addresses.define(variable, { locals: [counter], depth: this.#writer.depth + 1, mutable: false });
    const inner = this.#writer.inScope(() => this.#stmts(body));
    if (mayBeEmpty) this.#emit(get(counter), ...end, plain(wasm.i32LtS), typed(wasm.ifOp));
    this.#emit(typed(wasm.loop));
    this.#writer.append(inner);
    this.#emit(
      get(counter),
      i32(step),
      plain(wasm.i32Add),
      indexed(wasm.localTee, counter),
      ...end,
      plain(wasm.i32LtS),
      indexed(wasm.brIf, 0),
      plain(wasm.end),
    );
    if (mayBeEmpty) this.#emit(plain(wasm.end));
  }

  /** Branches of the condition on the stack. */
  #if(result: ValueType | "void", then: () => void, otherwise: (() => void) | undefined): void {
    const yes = this.#writer.inScope(then);
    const no = otherwise && this.#writer.inScope(otherwise);
    this.#emit(typed(wasm.ifOp, result));
    this.#writer.append(yes);
    if (no) {
      this.#emit(plain(wasm.elseOp));
      this.#writer.append(no);
    }
    this.#emit(plain(wasm.end));
  }

  #values(e: Expr): void {
    for (let part = 0; part < registers(e); part++) this.#value(e, part);
  }

  #assign(locals: readonly number[]): void {
    for (const local of [...locals].reverse()) this.#emit(set(local));
  }

  #store(buffer: number, index: Expr, value: Expr): void {
    const { dtype } = this.#addresses.buffer(buffer);
    const parts = registers(value);
    // All registers are computed before the first is stored: the value may be read from the same buffer.
    const locals = parts === 1 ? [] : Array.from({ length: parts }, () => this.#writer.local("v128"));
    if (parts > 1) {
      this.#values(value);
      this.#assign(locals);
    }
    for (let part = 0; part < parts; part++) {
      const offset = this.#addresses.address(buffer, index, part * registerLanes(value.type));
      const local = locals[part];
      if (local === undefined) this.#value(value, 0);
      else this.#emit(get(local));
      this.#withTemporaries(lanesIn(value, part), (e) => {
        if (value.lanes === 1) storeScalar(e, dtype, offset);
        else storeVector(e, dtype, offset);
      });
    }
  }

  // Expressions

  /** Leaves one register of the expression on the stack. */
  #value(e: Expr, part: number): void {
    switch (e.kind) {
      case "const":
        this.#emit(scalarConstant(e.type, e.value));
        return;
      case "var": {
        const { locals, index, depth } = this.#addresses.held(e.variable);
        const local = index
          ? this.#writer.once(depth, `index ${e.variable.id}`, "i32", () => this.#value(index.value, 0))
          : locals[part];
        this.#emit(get(local ?? 0));
        return;
      }
      case "int-arg":
        this.#emit(
          get(
            this.#writer.once(0, `int ${e.slot}`, "i32", () =>
              this.#emit(get(parameter.ints), memory(wasm.i32Load, 4 * e.slot)),
            ),
          ),
        );
        return;
      case "load":
        this.#load(e, part);
        return;
      case "op":
        this.#op(e, part);
        return;
      case "cast":
        writeCast(e.arg.type, e.type, e.lanes, part, {
          emit: (...instructions) => this.#emit(...instructions),
          argument: (from) => this.#value(e.arg, from),
          constant: (bytes) => this.#vectorConstant(bytes),
          duplicate: () => this.#duplicate(),
        });
        return;
      case "bitcast":
        this.#value(e.arg, part);
        if (e.lanes === 1 && e.type === "float32") this.#emit(plain(wasm.f32ReinterpretI32));
        else if (e.lanes === 1 && e.arg.type === "float32") this.#emit(plain(wasm.i32ReinterpretF32));
        return;
      case "guard":
        this.#value(e.condition, 0);
        this.#if(
          valueType(e),
          () => this.#value(e.value, part),
          () => this.#value(e.other, part),
        );
        return;
      case "splat":
        this.#splat(e.arg);
        return;
      case "pack":
        this.#pack(e.args.slice(part * registerLanes(e.type), (part + 1) * registerLanes(e.type)));
        return;
      case "shuffle":
        this.#shuffle(e);
        return;
      case "ramp": {
        const lanes = registerLanes(e.type);
        const base = constantOf(e.base);
        const from = (base ?? 0) + part * lanes;
        const steps = laneBytes(
          e.type,
          Array.from({ length: lanes }, (_, lane) => from + lane),
        );
        if (base !== undefined) this.#vectorConstant(steps);
        else {
          this.#splat(e.base);
          this.#vectorConstant(steps);
          this.#spelled("add", e.type, lanes, "vector");
        }
        return;
      }
      case "fold":
        this.#fold(e.op, e.arg);
    }
  }

  /** Copies the register on the stack. */
  #duplicate(): void {
    const local = this.#writer.acquire("v128");
    this.#emit(indexed(wasm.localTee, local), get(local));
    this.#writer.release(local);
  }

  /** V8 builds a vector constant anew wherever it stands, so it is kept in a local from the function's entry on. */
  #vectorConstant(bytes: readonly number[]): void {
    this.#emit(
      get(this.#writer.once(0, `constant ${bytes.join()}`, "v128", () => this.#emit(constant(wasm.v128Const, ...bytes)))),
    );
  }

  #load(e: Extract<Expr, { kind: "load" }>, part: number): void {
    const { dtype } = this.#addresses.buffer(e.buffer);
    const offset = this.#addresses.address(e.buffer, e.index, part * registerLanes(e.type));
    this.#withTemporaries(lanesIn(e, part), (emission) => {
      if (e.lanes === 1) loadScalar(emission, dtype, offset);
      else loadVector(emission, dtype, offset);
    });
  }

  #row(op: ScalarOp, type: ComputeType): Spelled {
    const row = this.#ops[op][kindOf(type)];
    if (row === "none") throw new CompileError(`[wasm] kernel ${this.#kernel.name}: ${op} has no meaning for ${type}`);
    return row;
  }

  #spelled(op: ScalarOp, type: ComputeType, lanes: number, form: keyof Spelled): void {
    const row = this.#row(op, type);
    this.#withTemporaries(lanes, (e) => spell(e, row[form]));
  }

  #combine(op: FoldOp, value: Expr, part: number): void {
    this.#spelled(op, value.type, lanesIn(value, part), value.lanes === 1 ? "scalar" : "vector");
  }

  #op(e: Extract<Expr, { kind: "op" }>, part: number): void {
    const [a, b, c] = e.args;
    if (!a) throw new CompileError(`[wasm] kernel ${this.#kernel.name}: ${e.op} without operands`);
    if (e.op === "select" && b && c) {
      this.#select(e, a, b, c, part);
      return;
    }
    if (e.lanes === 1) {
      for (const arg of e.args) this.#value(arg, 0);
      // Where no sign is to be thought of, dividing by a power of two is one instruction.
      const unsigned = (e.op === "div" || e.op === "rem") && e.type === "index" && a.min >= 0 && b && b.min > 0;
      this.#spelled(e.op, unsigned ? "uint32" : a.type, 1, "scalar");
      return;
    }
    if ((e.op === "shl" || e.op === "shr") && b?.kind === "splat") {
      this.#value(a, part);
      this.#value(b.arg, 0);
      this.#emit(plain(uniformShift[e.op][e.type === "uint32" ? "uint32" : "int32"]));
      return;
    }
    if (e.type === "bool" && a.type === "float64") {
      // Two registers of 64-bit masks become one of 32-bit masks.
      const parts = 2 * part + 1 < registers(a) ? [2 * part, 2 * part + 1] : [2 * part, 2 * part];
      for (const from of parts) {
        for (const arg of e.args) this.#value(arg, from);
        this.#spelled(e.op, a.type, lanesIn(a, from), "vector");
      }
      this.#emit(evenWords);
      return;
    }
    const limit = e.args.find((arg) => isLimit(arg));
    const limited = limit && limitBy(e);
    if (limited !== undefined) {
      for (const arg of [limit === a ? b : a, limit]) if (arg) this.#value(arg, part);
      this.#emit(plain(limited));
      return;
    }
    for (const arg of e.args) this.#value(arg, part);
    this.#spelled(e.op, a.type, lanesIn(a, part), "vector");
  }

  #select(e: Expr, condition: Expr, yes: Expr, no: Expr, part: number): void {
    this.#value(yes, part);
    this.#value(no, part);
    if (e.lanes === 1) {
      this.#value(condition, 0);
      this.#emit(plain(wasm.select));
    } else if (condition.kind === "splat") {
      this.#value(condition.arg, 0);
      this.#emit(typed(wasm.selectTyped, "v128"));
    } else {
      const wide = e.type === "float64";
      this.#value(condition, wide ? part >> 1 : part);
      if (wide) this.#emit(plain(part & 1 ? wasm.i64x2ExtendHighI32x4S : wasm.i64x2ExtendLowI32x4S));
      this.#spelled("select", e.type, lanesIn(e, part), "vector");
    }
  }

  #splat(arg: Expr): void {
    const value = constantOf(arg);
    if (value !== undefined) {
      this.#vectorConstant(laneBytes(arg.type, [value, value, value, value].slice(0, registerLanes(arg.type))));
      return;
    }
    if (
      arg.kind === "load" &&
      byteSize(this.#addresses.buffer(arg.buffer).dtype) === (arg.type === "float64" ? 8 : 4)
    ) {
      const offset = this.#addresses.address(arg.buffer, arg.index, 0);
      this.#emit(memory(arg.type === "float64" ? wasm.v128Load64Splat : wasm.v128Load32Splat, offset));
      return;
    }
    const depth = this.#addresses.depthOf(arg);
    const write = (): void => {
      if (arg.type === "bool") this.#emit(i32(0));
      this.#value(arg, 0);
      if (arg.type === "bool") this.#emit(plain(wasm.i32Sub));
      this.#emit(laneInstructions(kindOf(arg.type)).splat);
    };
    if (depth < this.#writer.depth) this.#emit(get(this.#writer.once(depth, `splat ${arg.id}`, "v128", write)));
    else write();
  }

  /** One register from the scalars of its lanes. */
  #pack(args: readonly Expr[]): void {
    const [first] = args;
    if (!first) return;
    const plainLoads = args.every(
      (a) => a.kind === "load" && byteSize(this.#addresses.buffer(a.buffer).dtype) === (a.type === "float64" ? 8 : 4),
    );
    if (plainLoads) {
      // The address of the last lane goes deepest, so that each load finds its own above the others.
      const offsets = [...args]
        .reverse()
        .map((a) => (a.kind === "load" ? this.#addresses.address(a.buffer, a.index, 0) : 0));
      const wide = first.type === "float64";
      offsets.reverse().forEach((offset, lane) => {
        if (lane === 0) this.#emit(memory(wide ? wasm.v128Load64Zero : wasm.v128Load32Zero, offset));
        else this.#emit(memory(wide ? wasm.v128Load64Lane : wasm.v128Load32Lane, offset, lane));
      });
      return;
    }
    const { splat, replace } = laneInstructions(kindOf(first.type));
    args.forEach((arg, lane) => {
      this.#value(arg, 0);
      this.#emit(lane === 0 ? splat : replace(lane));
    });
    if (first.type === "bool") this.#emit(plain(wasm.i32x4Neg));
  }

  #shuffle(e: Extract<Expr, { kind: "shuffle" }>): void {
    if (e.lanes !== registerLanes(e.type)) throw new CompileError(`[wasm] kernel ${this.#kernel.name} shuffles vectors of ${e.lanes} lanes, and a register has ${registerLanes(e.type)}`);
    this.#value(e.a, 0);
    this.#value(e.b, 0);
    const width = 16 / e.lanes;
    this.#emit(indexed(wasm.i8x16Shuffle, ...e.pattern.flatMap((lane) => Array.from({ length: width }, (_, i) => lane * width + i))));
  }

  #fold(op: FoldOp, arg: Expr): void {
    const { extract } = laneInstructions(kindOf(arg.type));
    this.#foldRegisters(op, arg, 0, 1, registers(arg));
    let lanes = lanesIn(arg, 0);
    for (; lanes > 1; lanes /= 2) {
      this.#duplicate();
      const width = arg.type === "float64" ? 8 : 4;
      const moved = Array.from({ length: 16 }, (_, i) => ((lanes / 2) * width + i) % 16);
      this.#duplicate();
      this.#emit(indexed(wasm.i8x16Shuffle, ...moved));
      this.#spelled(op, arg.type, registerLanes(arg.type), "vector");
    }
    this.#emit(extract(0));
    // A mask is all ones.
    if (arg.type === "bool") this.#emit(i32(1), plain(wasm.i32And));
  }

  #foldRegisters(op: FoldOp, arg: Expr, first: number, step: number, count: number): void {
    if (count === 1) {
      this.#value(arg, first);
      return;
    }
    this.#foldRegisters(op, arg, first, step * 2, count / 2);
    this.#foldRegisters(op, arg, first + step, step * 2, count / 2);
    this.#spelled(op, arg.type, registerLanes(arg.type), "vector");
  }
}

/** A number that equals nothing but itself: against one, a NaN or a zero on the other side stays what it is. */
function isLimit(e: Expr): boolean {
  const value = e.kind === "splat" ? constantOf(e.arg) : undefined;
  return value !== undefined && value !== 0 && !Number.isNaN(value);
}

/** A minimum or maximum as a comparison that keeps the first operand where it does not hold: one instruction instead of eight. */
function limitBy({ op, type }: Extract<Expr, { kind: "op" }>): wasm.Opcode | undefined {
  if (type !== "float32" && type !== "float64") return undefined;
  if (op === "min") return type === "float32" ? wasm.f32x4Pmin : wasm.f64x2Pmin;
  if (op === "max") return type === "float32" ? wasm.f32x4Pmax : wasm.f64x2Pmax;
  return undefined;
}

function scalarConstant(type: ComputeType, value: number): Instruction {
  if (type === "float32") return constant(wasm.f32Const, value);
  if (type === "float64") return constant(wasm.f64Const, value);
  return i32(type === "bool" ? (value ? 1 : 0) : value);
}
