import { CompileError } from "../../core/errors.js";
import type { Kernel } from "../../ir/loop.js";
import { renderKernel } from "./render-wasm.js";
import { encodeBody, encodeModule, type WasmFunction } from "./wasm-module.js";

/** A compiled module and where its functions, exported as k0, k1 …, stand in every thread's table. */
export interface KernelModule {
  readonly module: WebAssembly.Module;
  readonly first: number;
  readonly count: number;
}

interface CompiledKernel {
  readonly index: number;
  readonly scratchBytes: number;
  readonly module: KernelModule;
}

/** What a program needs of its kernels. */
export interface KernelSet {
  /** The table entry of each kernel. */
  readonly functions: readonly number[];
  readonly modules: ReadonlySet<KernelModule>;
  /** The most scratch memory that one of them needs. */
  readonly scratchBytes: number;
}

/** All kernels compiled so far. Kernels with the same code are one function, whatever program they come from. */
export class KernelLibrary {
  readonly #relaxed: boolean;
  readonly #sharedMemory: boolean;
  readonly #byCode = new Map<string, CompiledKernel>();
  readonly #byKernel = new WeakMap<Kernel, CompiledKernel>();
  #count = 0;

  constructor(relaxed: boolean, sharedMemory: boolean) {
    this.#relaxed = relaxed;
    this.#sharedMemory = sharedMemory;
  }

  /** Functions compiled so far. */
  get size(): number {
    return this.#count;
  }

  /** Finds or compiles kernels; the new ones become one module. Throws CompileError. */
  compile(kernels: readonly Kernel[]): KernelSet {
    const fresh = new Map<string, { fn: WasmFunction; body: Uint8Array; scratchBytes: number }>();
    const keys = kernels.map((kernel) => {
      if (this.#byKernel.has(kernel)) return "";
      const fn = renderKernel(kernel, this.#relaxed);
      const body = encodeBody(fn);
      const key = `${fn.scratchBytes}:${new TextDecoder("latin1").decode(body)}`;
      if (!this.#byCode.has(key)) fresh.set(key, { fn, body, scratchBytes: fn.scratchBytes });
      return key;
    });
    if (fresh.size > 0) this.#add(fresh);
    const compiled = kernels.map((kernel, i) => {
      const found = this.#byKernel.get(kernel) ?? this.#byCode.get(keys[i] ?? "");
      if (!found) throw new CompileError(`[wasm] kernel ${kernel.name} was not compiled`);
      this.#byKernel.set(kernel, found);
      return found;
    });
    return {
      functions: compiled.map((c) => c.index),
      modules: new Set(compiled.map((c) => c.module)),
      scratchBytes: Math.max(0, ...compiled.map((c) => c.scratchBytes)),
    };
  }

  #add(fresh: ReadonlyMap<string, { fn: WasmFunction; body: Uint8Array; scratchBytes: number }>): void {
    const list = [...fresh.values()];
    const bytes = encodeModule(
      {
        imports: [],
        sharedMemory: this.#sharedMemory,
        table: false,
        types: [],
        functions: list.map(({ fn }, i) => ({ ...fn, name: `k${i}` })),
      },
      list.map(({ body }) => body),
    );
    let compiled: WebAssembly.Module;
    try {
      compiled = new WebAssembly.Module(bytes);
    } catch (cause) {
      throw new CompileError(
        `[wasm] the engine rejects the kernels ${list.map(({ fn }) => fn.name).join(", ")}: ${String(cause)}`,
        { cause },
      );
    }
    const module: KernelModule = { module: compiled, first: this.#count, count: list.length };
    this.#count += list.length;
    [...fresh].forEach(([key, { scratchBytes }], i) =>
      this.#byCode.set(key, { index: module.first + i, scratchBytes, module }),
    );
  }
}
