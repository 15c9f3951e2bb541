import { createRequire } from "node:module";
import type { LibraryHandle } from "koffi";
import { CompileError, DeviceError } from "../../core/errors.js";
import type { Program } from "../../compiler/program.js";
import { sizesAsArguments, withArguments } from "../../compiler/sizes-as-arguments.js";
import type { Target } from "../../compiler/target.js";
import type { Graph } from "../../ir/graph.js";
import type { Kernel } from "../../ir/loop.js";
import { openCacheFolder } from "./cache-folder.js";
import { CompilerDriver, type Source } from "./compiler-driver.js";
import { ProgramStore, type BuiltKernel, type BuiltProgram } from "./program-store.js";
import { renderKernel, scratchBytes, scratchPlaces } from "./render-c.js";
import { runtimeSource } from "./runtime-source.js";
import { findToolchain } from "./toolchain.js";

/** Calls into the C runtime; handles and addresses are numbers. */
export interface RuntimeCalls {
  create(threads: number, spinNanoseconds: number): number;
  submit(handle: number, code: number, bases: number, count: number, here: number, record: number): number;
  done(handle: number): number;
  wait(handle: number, ticket: number): void;
  waitAsync(handle: number, ticket: number, settle: (error: Error | null) => void): void;
  stop(handle: number): void;
  destroy(handle: number): void;
  symbol(library: string, name: string): number;
  loadError(): string;
}

type Koffi = typeof import("koffi");

/** What all native devices of a process share: the loaded runtime, the compile cache and the kernels loaded from it. */
export class NativeHost {
  readonly calls: RuntimeCalls;
  readonly #koffi: Koffi;
  readonly #driver: CompilerDriver;
  readonly #programs: ProgramStore;
  readonly #addresses = new Map<string, number>();

  /** Compiles kernels through `folder`. Throws DeviceError where compiler or koffi is missing. */
  constructor(folder: string) {
    try {
      this.#koffi = createRequire(import.meta.url)("koffi") as Koffi;
    } catch (cause) {
      throw new DeviceError("the native device needs the package koffi, which did not load here: use the wasm device", { cause });
    }
    const toolchain = findToolchain(folder);
    this.#driver = new CompilerDriver(toolchain, folder);
    this.#programs = new ProgramStore(folder, toolchain.identity);
    const [runtime] = this.#driver.compile([{ text: runtimeSource, definitions: new Map(), build: "library" }]);
    if (!runtime) throw new DeviceError("the native runtime was not compiled");
    this.calls = bind(this.#koffi.load(runtime.library));
  }

  /** The machine address of memory that does not move. */
  address(memory: ArrayBuffer): number {
    return Number(this.#koffi.address(new Uint8Array(memory)));
  }

  /** How many kernels the compiler was called for. */
  get compiledKernels(): number {
    return this.#driver.compiledSources;
  }

  /** The program of a graph as an earlier process, or this one, left it in the cache folder. */
  findProgram(graph: Graph, target: Target): BuiltProgram | undefined {
    const program = this.#programs.find(graph, target);
    return program?.kernels.every(({ key }) => this.#driver.find(key)) ? program : undefined;
  }

  keepProgram(graph: Graph, target: Target, program: BuiltProgram): void {
    this.#programs.keep(graph, target, program);
  }

  /** Compiles the kernels that are not there yet. Throws CompileError. */
  build(given: Program): BuiltProgram {
    const program = sizesAsArguments(given);
    const sources = program.kernels.map((kernel): Source => {
      const source = renderKernel(kernel);
      return { ...source, build: isLight(kernel, source.text) ? "light" : "kernel" };
    });
    const compiled = this.#driver.compile(sources);
    const kernels = program.kernels.map((kernel, i) => {
      const { name, flops, bytes } = kernel;
      return { name, flops, bytes, scratchBytes: scratchBytes(kernel), key: compiled[i]?.key ?? "" };
    });
    return { ...program, kernels, steps: withArguments(program.steps, program.kernels.map(scratchPlaces)) };
  }

  /** Where the kernels of a program lie in memory; loads what is not there yet. Throws CompileError. */
  kernelAddresses(kernels: readonly BuiltKernel[]): number[] {
    return kernels.map(({ key, name }) => {
      let address = this.#addresses.get(key);
      if (address === undefined) {
        const { library = "", symbol = "" } = this.#driver.find(key) ?? {};
        address = this.calls.symbol(library, symbol);
        if (address === 0) throw new CompileError(`kernel ${name} could not be loaded from ${library}: ${this.calls.loadError()}`);
        this.#addresses.set(key, address);
      }
      return address;
    });
  }
}

/** Fewer operations and bytes than this take few microseconds, however they are compiled. */
const lightWork = 8192;

/** Whether a run is short, or goes through the text about once: optimizing it takes longer than it can save. */
function isLight({ flops, bytes }: Kernel, text: string): boolean {
  return flops + bytes < Math.max(lightWork, text.length);
}

function bind(library: LibraryHandle): RuntimeCalls {
  const waitAside = library.func("void gradus_wait_aside(int64_t, int64_t)");
  return {
    create: library.func("int64_t gradus_create(int64_t, int64_t)"),
    submit: library.func("int64_t gradus_submit(int64_t, int64_t, int64_t, int64_t, int64_t, int64_t)"),
    done: library.func("int64_t gradus_done(int64_t)"),
    wait: library.func("void gradus_wait(int64_t, int64_t)"),
    waitAsync: (handle, ticket, settle) => waitAside.async(handle, ticket, settle),
    stop: library.func("void gradus_stop(int64_t)"),
    destroy: library.func("void gradus_destroy(int64_t)"),
    symbol: library.func("int64_t gradus_symbol(const char *, const char *)"),
    loadError: library.func("const char *gradus_load_error()"),
  };
}

let shared: NativeHost | undefined;

/** The host of this process, made at the first call. Throws DeviceError where there cannot be one. */
export function nativeHost(): NativeHost {
  if (process.platform === "win32") throw new DeviceError("the native device needs Linux or macOS: use the wasm device");
  shared ??= new NativeHost(openCacheFolder());
  return shared;
}

/** Why there is no native device here, or undefined where there is one. */
export function nativeUnavailableReason(): string | undefined {
  try {
    nativeHost();
    return undefined;
  } catch (error) {
    if (error instanceof DeviceError || error instanceof CompileError) return error.message;
    throw error;
  }
}

/** Whether this machine has what the native device needs: a C compiler and koffi. */
export function isNativeAvailable(): boolean {
  return nativeUnavailableReason() === undefined;
}
