import { byteSize, type DType } from "../../core/dtype.js";
import { ArgumentError, DeviceError, DisposedError, OutOfMemoryError } from "../../core/errors.js";
import { sizeOf } from "../../core/shape.js";
import type { Program } from "../../compiler/program.js";
import type { Target } from "../../compiler/target.js";
import type { Graph, Storage, TensorType } from "../../ir/graph.js";
import type { Backend, Executable } from "../../runtime/backend.js";
import { describeProgram, recordLength, type ProgramDescription, type Profiler } from "../../runtime/profile.js";
import { baseLayout, encodeProgram, type EncodedProgram } from "./encode-program.js";
import { Executor, type ExecutorOptions, type Runner } from "./executor.js";
import { hasRelaxedSimd } from "./features.js";
import { KernelLibrary, type KernelSet } from "./kernel-library.js";
import type { MemoryRanges } from "./memory-ranges.js";
import { Block, Residency } from "./residency.js";

/** Four gigabytes less a page: what 32-bit addresses reach. */
const memoryLimit = 65535 * 65536;

export const wasmTarget: Target = {
  name: "wasm",
  vectorBytes: 16,
  // Of 15 that are free: V8 loads all operands of a loop's step before the first multiply-add, so that a register tile of
  // 4×2 with its six operands just fits, while one of 6×2 is spilled.
  vectorRegisters: 12,
  operandRegisters: 15,
  interleaved: 4,
  // A quarter of what there is: a strip of 8 columns uses half of each cache line, and a strip of rows lies beside it.
  l1Bytes: 8 << 10,
  l2Bytes: 1 << 20,
  float64: true,
  memoryBytes: memoryLimit,
};

export interface WasmBackendOptions extends ExecutorOptions {
  readonly compileGraph: (graph: Graph, target: Target) => Program;
  /** Whether small programs may run on the calling thread, or on it and the workers together. */
  readonly inline: boolean;
  /** Bytes that storages may take in linear memory before the least recently used are put out; 1.5 GiB by default. */
  readonly budgetBytes?: number;
  /** Where linear memory ends; 4 GiB by default. */
  readonly memoryBytes?: number;
}

/** Runs that may be under way before the next one waits. */
const maxPending = 16;
/** Programs below this estimate run on the calling thread: another one takes as long to wake. */
const inlineMicroseconds = 30;
/** Below this one, the calling thread takes part: handing the program over and waiting for its end would cost a tenth of it. */
const blockingMicroseconds = 1000;
/** Reads of at least this size are copied by a worker. */
const largeRead = 1 << 20;

class WasmStorage implements Storage {
  readonly device: WasmBackend;
  readonly bytes: number;
  readonly block: Block;

  constructor(device: WasmBackend, block: Block) {
    this.device = device;
    this.bytes = block.bytes;
    this.block = block;
  }
}

class WasmExecutable implements Executable {
  readonly graph: Graph;
  readonly program: Program;
  readonly kernels: KernelSet;
  readonly encoded: EncodedProgram;
  readonly compileMs: number;
  /** The steps, and all constants, as they go into linear memory. */
  readonly code: Block;
  readonly constants: Block;
  /** Who runs it where the calling thread may. */
  readonly runner: Runner;
  readonly description: ProgramDescription;

  constructor(graph: Graph, program: Program, kernels: KernelSet, compileMs: number, threads: number) {
    this.graph = graph;
    this.program = program;
    this.kernels = kernels;
    this.compileMs = compileMs;
    this.encoded = encodeProgram(program, kernels.functions, threads);
    this.description = describeProgram(program, compileMs);
    this.code = new Block(this.encoded.words.byteLength, new Uint8Array(this.encoded.words.buffer));
    const constants = new Uint8Array(this.encoded.constantBytes);
    program.constants.forEach((c, i) => constants.set(c, this.encoded.constantOffsets[i]));
    this.constants = new Block(constants.byteLength, constants);
    // Operations or bytes a nanosecond, and what a launch costs.
    const estimate = (rate: number): number => Math.max(program.flops, program.bytes) / (1000 * rate) + this.encoded.stepCount * 0.2;
    const { alone } = this.encoded;
    const blocks = estimate(alone ? 20 : 20 * threads) < blockingMicroseconds;
    this.runner = estimate(4) < inlineMicroseconds || (blocks && alone) ? "caller" : blocks ? "team" : "queue";
  }

  get inPlace(): readonly number[] {
    return this.program.inPlace;
  }
}

const cannotWait = (): DeviceError => new DeviceError("[wasm] this thread cannot wait for a value: use the asynchronous read");
const typeBytes = (type: TensorType): number => sizeOf(type.shape) * byteSize(type.dtype);

/** The WebAssembly device: kernels in linear memory, run by worker threads or by the calling thread. */
export class WasmBackend implements Backend {
  readonly name = "wasm";
  readonly threads: number;
  readonly #options: WasmBackendOptions;
  readonly #memory: MemoryRanges;
  readonly #executor: Executor;
  readonly #residency: Residency;
  readonly #library: KernelLibrary;
  readonly #executables = new WeakMap<Graph, Executable>();
  /** The arena with the threads' scratch memory behind it, and the base addresses of the runs under way. */
  #workspace = new Block(0, undefined, true);
  #bases = new Block(0, undefined, true);
  #nextBases = 0;
  /** Commands of the runs that may still be under way, oldest first. */
  #pendingRuns: number[] = [];
  #failure: unknown;
  #profiler: Profiler | undefined;
  /** Records of the measured runs that may still be under way, oldest first. */
  #records: { readonly block: Block; readonly program: ProgramDescription; readonly profiler: Profiler }[] = [];

  constructor(options: WasmBackendOptions) {
    this.#options = options;
    this.threads = Math.max(1, options.threads);
    this.#executor = new Executor(options.memoryBytes ?? memoryLimit, options);
    this.#memory = this.#executor.memory;
    this.#residency = new Residency(this.#memory, this.#executor, options.budgetBytes ?? 1.5 * 2 ** 30);
    this.#library = new KernelLibrary(hasRelaxedSimd(), options.threads > 0);
  }

  supports(_dtype: DType): boolean {
    return true;
  }

  load(graph: Graph): Executable {
    const have = this.#executables.get(graph);
    if (have) return have;
    const start = performance.now();
    const made = this.loadProgram(graph, this.#options.compileGraph(graph, wasmTarget), start);
    this.#executables.set(graph, made);
    return made;
  }

  /** An executable from a program that is compiled already. Throws CompileError, OutOfMemoryError. */
  loadProgram(graph: Graph, program: Program, start = performance.now()): Executable {
    const values = [...program.inputs, ...program.outputs].reduce((sum, type) => sum + typeBytes(type), 0);
    const constants = program.constants.reduce((sum, c) => sum + c.byteLength, 0);
    const total = values + constants + program.arenaBytes;
    if (total > this.#memory.limit) {
      throw new OutOfMemoryError(
        `[wasm] the program needs ${total} bytes (${program.arenaBytes} of them for intermediate results): WebAssembly memory ends at ` +
          `${this.#memory.limit}; use smaller batches, or the native device`,
      );
    }
    const kernels = this.#library.compile(program.kernels);
    return new WasmExecutable(graph, program, kernels, performance.now() - start, this.threads);
  }

  allocate(bytes: number): Storage {
    return new WasmStorage(this, new Block(bytes));
  }

  upload(bytes: Uint8Array): Storage {
    // Not `slice`: that of a Node Buffer is a view.
    return new WasmStorage(this, new Block(bytes.byteLength, new Uint8Array(bytes)));
  }

  submit(executable: Executable, inputs: readonly Storage[], outputs: readonly Storage[]): void {
    this.#check();
    if (!(executable instanceof WasmExecutable))
      throw new DeviceError("[wasm] the executable was loaded by another device");
    const { program, encoded, kernels } = executable;
    const ins = this.#storages("input", inputs, program.inputs);
    const outs = this.#storages("output", outputs, program.outputs);
    this.#waitForTurn();

    const residency = this.#residency;
    residency.nextRun();
    const runner = this.#executor.choose(this.#options.inline ? executable.runner : "queue", kernels.modules);
    const command = this.#executor.queued() + 1;
    const layout = baseLayout(program);
    const scratchStride = Math.ceil(kernels.scratchBytes / 64) * 64;
    const arenaBytes = Math.ceil(program.arenaBytes / 64) * 64;
    const bases = new Int32Array(layout.count);
    ins.forEach((storage, i) => (bases[i] = residency.use(storage.block, command, "read", storage)));
    outs.forEach((storage, i) => (bases[layout.outputs + i] = residency.use(storage.block, command, "write", storage)));
    this.#workspace = this.#atLeast(this.#workspace, arenaBytes + scratchStride * this.threads);
    const workspace = residency.use(this.#workspace, command, "read");
    bases[layout.arena] = workspace;
    bases[layout.constants] = residency.use(executable.constants, command, "read");
    const code = residency.use(executable.code, command, "read");
    const basesAddress = this.#writeBases(bases, command);
    const record = this.#profiler ? this.#record(this.#profiler, executable.description, command) : 0;
    const run = {
      program: code,
      programBytes: encoded.words.byteLength,
      bases: basesAddress,
      scratch: workspace + arenaBytes,
      scratchStride,
      alone: encoded.alone,
      record,
    };
    try {
      this.#executor.run(run, kernels.modules, runner);
    } catch (error) {
      this.#failure ??= error;
      throw error;
    }
    this.#pendingRuns.push(command);
  }

  async read(storage: Storage): Promise<Uint8Array> {
    this.#check();
    const { block } = this.#usable("value", storage);
    const { queue } = this.#executor;
    const written = block.lastWrite <= this.#executor.completed();
    const atOnce = !queue || (written && (block.bytes < largeRead || block.address === 0));
    return this.#residency.contents(block, atOnce);
  }

  readSync(storage: Storage): Uint8Array {
    this.#check();
    const { block } = this.#usable("value", storage);
    if (block.lastWrite > this.#executor.completed()) {
      if (!this.#executor.wait) throw cannotWait();
      this.#executor.wait(block.lastWrite);
    }
    const bytes = this.#residency.contents(block);
    if (bytes instanceof Promise) throw cannotWait();
    return bytes;
  }

  async idle(): Promise<void> {
    this.#check();
    const { queue } = this.#executor;
    if (queue && queue.pending() > 0) await this.#executor.read(0, 0);
    await this.#deliver();
  }

  release(storage: Storage): void {
    const { block } = this.#own(storage);
    this.#residency.release(block);
  }

  profile(profiler: Profiler | undefined): void {
    if (!this.#failure) this.#executor.wait?.(this.#executor.queued());
    this.#deliver().catch(() => undefined);
    this.#profiler = profiler;
  }

  async close(): Promise<void> {
    if (this.#records.length > 0 && !this.#failure) await this.idle();
    this.#failure ??= new DeviceError("[wasm] the device was closed");
    await this.#executor.queue?.close();
  }

  /** Functions compiled so far. */
  get kernelCount(): number {
    return this.#library.size;
  }

  /** Queued commands that are not done. */
  get pending(): number {
    return this.#executor.queued() - this.#executor.completed();
  }

  /** Bytes of linear memory that hold storages, programs and arenas now. */
  get residentBytes(): number {
    return this.#residency.residentBytes;
  }

  #check(): void {
    if (this.#failure) throw this.#failure;
    this.#executor.queue?.check();
  }

  #own(storage: Storage): WasmStorage {
    if (storage instanceof WasmStorage && storage.device === this) return storage;
    throw new DeviceError(
      `[wasm] a storage of ${storage.device.name} was given to wasm: move the tensor with .to("wasm")`,
    );
  }

  #usable(what: string, storage: Storage): WasmStorage {
    const own = this.#own(storage);
    if (own.block.released)
      throw new DisposedError(`[wasm] the ${what} was given back with dispose() and must not be used again`);
    return own;
  }

  #storages(what: string, storages: readonly Storage[], types: readonly TensorType[]): WasmStorage[] {
    if (storages.length !== types.length)
      throw new ArgumentError(`[wasm] ${storages.length} ${what}s were given: the program has ${types.length}`);
    return storages.map((storage, i) => {
      const type = types[i];
      if (type && storage.bytes !== typeBytes(type)) {
        throw new ArgumentError(
          `[wasm] ${what} ${i} has ${storage.bytes} bytes: the program expects ${typeBytes(type)}`,
        );
      }
      return this.#usable(what, storage);
    });
  }

  /** Makes room for the measurement of one run and returns where it lies. */
  #record(profiler: Profiler, program: ProgramDescription, command: number): number {
    this.#deliver().catch(() => undefined);
    const bytes = 8 * recordLength(program);
    const block = new Block(bytes, new Uint8Array(bytes));
    const address = this.#residency.use(block, command, "read");
    // What counts from here on is what the run writes.
    block.host = undefined;
    this.#records.push({ block, program, profiler });
    return address;
  }

  /** Hands over what finished runs measured: at once, where this thread sees the memory. Rejects where the device has failed. */
  async #deliver(): Promise<void> {
    const completed = this.#executor.completed();
    const ready = this.#records.findIndex(({ block }) => block.lastUse > completed);
    for (const { block, program, profiler } of this.#records.splice(0, ready < 0 ? this.#records.length : ready)) {
      const contents = this.#residency.contents(block);
      this.#residency.release(block);
      profiler.add(program, new Float64Array((contents instanceof Promise ? await contents : contents).buffer));
    }
  }

  #waitForTurn(): void {
    const completed = this.#executor.completed();
    this.#pendingRuns = this.#pendingRuns.filter((command) => command > completed);
    const oldest = this.#pendingRuns[0];
    if (oldest === undefined || this.#pendingRuns.length < maxPending) return;
    if (!this.#executor.wait) {
      throw new DeviceError(
        `[wasm] ${maxPending} runs are under way and this thread cannot wait: await a read or idle() between runs`,
      );
    }
    this.#executor.wait(oldest);
  }

  /** The block itself, or a larger one in its place. */
  #atLeast(block: Block, bytes: number): Block {
    if (block.bytes >= bytes && !block.released) return block;
    this.#residency.release(block);
    return new Block(bytes, undefined, true);
  }

  /** Puts base addresses where queued runs find them: one slot for each run that may be under way, in turn. */
  #writeBases(bases: Int32Array<ArrayBuffer>, command: number): number {
    const slots = maxPending + 1;
    this.#bases = this.#atLeast(this.#bases, slots * Math.ceil(bases.byteLength / 64) * 64);
    this.#nextBases = (this.#nextBases + 1) % slots;
    const address = this.#residency.use(this.#bases, command, "read") + this.#nextBases * (this.#bases.bytes / slots);
    this.#memory.write(address, new Uint8Array(bases.buffer));
    return address;
  }
}
