import * as wasm from "./opcodes.js";

export type ValueType = "i32" | "f32" | "f64" | "v128";

export type Instruction =
  | { readonly kind: "plain"; readonly op: wasm.Opcode }
  | { readonly kind: "memory"; readonly op: wasm.Opcode; readonly offset: number; readonly lane?: number }
  | { readonly kind: "indexed"; readonly op: wasm.Opcode; readonly args: readonly number[] }
  | { readonly kind: "typed"; readonly op: wasm.Opcode; readonly type: ValueType | "void" }
  | { readonly kind: "constant"; readonly op: wasm.Opcode; readonly value: readonly number[] };

export interface FunctionType {
  readonly params: readonly ValueType[];
  readonly results: readonly ValueType[];
}

export interface WasmFunction {
  /** The name under which it is exported; "" for one that is not. */
  readonly name: string;
  readonly type: FunctionType;
  /** Locals beyond the parameters. */
  readonly locals: readonly ValueType[];
  /** Without the closing `end`. */
  readonly body: readonly Instruction[];
}

/** A module that imports everything from "env": functions by name, the memory as "memory", a function table as "table". */
export interface WasmModule {
  readonly imports: readonly { readonly name: string; readonly type: FunctionType }[];
  readonly sharedMemory: boolean;
  readonly table: boolean;
  /** Types of indirect calls; type n of `call_indirect` is the n-th of these. */
  readonly types: readonly FunctionType[];
  /** Their index space begins after the imports. */
  readonly functions: readonly WasmFunction[];
}

/** 64 KiB pages that a memory may have at most: the whole 32-bit address space. */
export const maxPages = 65536;

const valueTypes: Readonly<Record<ValueType | "void", number>> = {
  i32: 0x7f,
  f32: 0x7d,
  f64: 0x7c,
  v128: 0x7b,
  void: 0x40,
};

export const plain = (op: wasm.Opcode): Instruction => ({ kind: "plain", op });
export const memory = (op: wasm.Opcode, offset = 0, lane?: number): Instruction =>
  lane === undefined ? { kind: "memory", op, offset } : { kind: "memory", op, offset, lane };
export const indexed = (op: wasm.Opcode, ...args: readonly number[]): Instruction => ({ kind: "indexed", op, args });
export const typed = (op: wasm.Opcode, type: ValueType | "void" = "void"): Instruction => ({ kind: "typed", op, type });
export const constant = (op: wasm.Opcode, ...value: readonly number[]): Instruction => ({ kind: "constant", op, value });

class ByteWriter {
  readonly bytes: number[] = [];

  byte(...values: readonly number[]): this {
    for (const v of values) this.bytes.push(v & 0xff);
    return this;
  }

  /** Unsigned LEB128. */
  unsigned(value: number): this {
    let rest = value >>> 0;
    while (rest > 127) {
      this.bytes.push((rest & 127) | 128);
      rest >>>= 7;
    }
    this.bytes.push(rest);
    return this;
  }

  /** Signed LEB128 of 32 bits. */
  signed(value: number): this {
    let rest = value | 0;
    while (rest > 63 || rest < -64) {
      this.bytes.push((rest & 127) | 128);
      rest >>= 7;
    }
    this.bytes.push(rest & 127);
    return this;
  }

  append(bytes: readonly number[]): this {
    for (const b of bytes) this.bytes.push(b);
    return this;
  }

  name(text: string): this {
    const bytes = [...new TextEncoder().encode(text)];
    return this.unsigned(bytes.length).append(bytes);
  }

  list<T>(items: readonly T[], write: (item: T) => void): this {
    this.unsigned(items.length);
    items.forEach(write);
    return this;
  }

  section(id: number, write: (section: ByteWriter) => void): this {
    const section = new ByteWriter();
    write(section);
    return this.byte(id).unsigned(section.bytes.length).append(section.bytes);
  }

  opcode(opcode: number): this {
    const prefix = opcode >>> 12;
    return prefix === 0 ? this.byte(opcode) : this.byte(prefix).unsigned(opcode & 0xfff);
  }
}

const floatBits = new DataView(new ArrayBuffer(8));

function writeInstruction(out: ByteWriter, i: Instruction): void {
  switch (i.kind) {
    case "plain":
      out.opcode(i.op);
      return;
    case "memory":
      out.opcode(i.op & 0xffffff).unsigned(i.op >> 24).unsigned(i.offset);
      if (i.lane !== undefined) out.byte(i.lane);
      return;
    case "indexed":
      out.opcode(i.op);
      for (const arg of i.args) out.unsigned(arg);
      return;
    case "typed":
      out.opcode(i.op);
      if (i.op === wasm.selectTyped) out.byte(1);
      out.byte(valueTypes[i.type]);
      return;
    case "constant":
      out.opcode(i.op);
      if (i.op === wasm.v128Const) {
        out.append(i.value);
        return;
      }
      for (const value of i.value) {
        if (i.op === wasm.i32Const || i.op === wasm.i64Const) out.signed(value);
        else if (i.op === wasm.f32Const) {
          floatBits.setFloat32(0, value, true);
          for (let b = 0; b < 4; b++) out.byte(floatBits.getUint8(b));
        } else {
          floatBits.setFloat64(0, value, true);
          for (let b = 0; b < 8; b++) out.byte(floatBits.getUint8(b));
        }
      }
  }
}

/** A function's entry in the code section, without its length: locals and instructions. Equal code gives equal bytes. */
export function encodeBody(fn: WasmFunction): Uint8Array {
  const out = new ByteWriter();
  const runs: { type: ValueType; count: number }[] = [];
  for (const type of fn.locals) {
    const last = runs[runs.length - 1];
    if (last?.type === type) last.count++;
    else runs.push({ type, count: 1 });
  }
  out.list(runs, (run) => out.unsigned(run.count).byte(valueTypes[run.type]));
  for (const instruction of fn.body) writeInstruction(out, instruction);
  out.byte(wasm.end);
  return Uint8Array.from(out.bytes);
}

/** The binary form of a module (WebAssembly Core Specification, chapter 5). */
export function encodeModule(
  module: WasmModule,
  bodies: readonly Uint8Array[] = module.functions.map(encodeBody),
): Uint8Array<ArrayBuffer> {
  const types: FunctionType[] = [...module.types];
  const keyOf = (type: FunctionType): string => `${type.params.join()}>${type.results.join()}`;
  const typeIndex = new Map<string, number>();
  types.forEach((type, index) => typeIndex.set(keyOf(type), index));
  const indexOf = (type: FunctionType): number => {
    const have = typeIndex.get(keyOf(type));
    if (have !== undefined) return have;
    typeIndex.set(keyOf(type), types.length);
    return types.push(type) - 1;
  };
  const importTypes = module.imports.map((f) => indexOf(f.type));
  const functionTypes = module.functions.map((f) => indexOf(f.type));
  const out = new ByteWriter();
  out.byte(0, 0x61, 0x73, 0x6d, 1, 0, 0, 0);
  out.section(1, (s) =>
    s.list(types, (type) => {
      s.byte(0x60);
      s.list(type.params, (p) => s.byte(valueTypes[p]));
      s.list(type.results, (r) => s.byte(valueTypes[r]));
    }),
  );
  out.section(2, (s) => {
    s.unsigned(module.imports.length + 1 + (module.table ? 1 : 0));
    module.imports.forEach((f, i) =>
      s
        .name("env")
        .name(f.name)
        .byte(0)
        .unsigned(importTypes[i] ?? 0),
    );
    s.name("env")
      .name("memory")
      .byte(2, module.sharedMemory ? 3 : 1)
      .unsigned(0)
      .unsigned(maxPages);
    if (module.table) s.name("env").name("table").byte(1, 0x70, 0).unsigned(0);
  });
  out.section(3, (s) => s.list(functionTypes, (type) => s.unsigned(type)));
  const exported = module.functions
    .map((f, i) => ({ name: f.name, index: module.imports.length + i }))
    .filter((f) => f.name !== "");
  out.section(7, (s) => s.list(exported, (f) => s.name(f.name).byte(0).unsigned(f.index)));
  out.section(10, (s) =>
    s.list(bodies, (body) => {
      s.unsigned(body.length);
      for (const b of body) s.bytes.push(b);
    }),
  );
  return Uint8Array.from(out.bytes);
}
