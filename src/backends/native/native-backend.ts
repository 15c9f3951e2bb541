import { availableParallelism } from "node:os";
import { provideAllParts } from "../../compiler/all-parts.js";
import { compileForCores } from "../../compiler/compile-for-cores.js";
import type { Program, Step } from "../../compiler/program.js";
import { byteSize, type DType } from "../../core/dtype.js";
import { ArgumentError, CompileError, DeviceError, OutOfMemoryError } from "../../core/errors.js";
import { sizeOf } from "../../core/shape.js";
import type { Graph, Storage, TensorType } from "../../ir/graph.js";
import type { Backend, Executable } from "../../runtime/backend.js";
import { describeProgram, recordLength, type ProgramDescription, type Profiler } from "../../runtime/profile.js";
import { nativeHost, type NativeHost } from "./native-host.js";
import { type Block, BlockPool, NativeStorage, type PendingRead } from "./native-memory.js";
import { nativeTarget } from "./native-target.js";
import type { BuiltProgram } from "./program-store.js";
import { SubstituteProgram, type SubstituteDevice } from "./substitute-program.js";
import { baseTable, encodeProgram, type BaseTable } from "./program-code.js";

/** Runs that may be queued and not done; the next one waits for the oldest. */
const mostPending = 16;
/** How long threads look for work before they sleep. */
const spinNanoseconds = 200_000;
/** Programs that take one thread less run on the calling thread: waking another costs as much. */
const inlineMicroseconds = 30;
/** Programs that take one thread less have the calling thread as one of theirs: it would soon be told that they are done. */
const sharedMicroseconds = 2000;

provideAllParts();

export interface NativeOptions {
  /** Threads that compute; as many as the process has processors when not given. */
  readonly threads?: number;
  /** Where kernels are compiled; the process's own by default. */
  readonly host?: NativeHost;
  /** Makes the device that runs programs which the C compiler refuses; without it they are a CompileError. */
  readonly substitute?: () => SubstituteDevice;
}

/** The device that compiles kernels with the machine's C compiler and runs them on threads of its own. */
export class NativeBackend implements Backend {
  readonly name = "native";
  readonly threads: number;
  readonly #host: NativeHost;
  readonly #makeSubstitute: (() => SubstituteDevice) | undefined;
  #substitute: SubstituteDevice | undefined;
  readonly #pool: BlockPool;
  readonly #executables = new WeakMap<Graph, Executable>();
  readonly #pending: Run[] = [];
  readonly #waiters: { readonly ticket: number; readonly resolve: () => void }[] = [];
  #handle: number;
  #bases = new Float64Array(64);
  #basesAddress: number;
  #issued = 0;
  #watching = false;
  #profiler: Profiler | undefined;

  /** Throws DeviceError without a C compiler or koffi, ArgumentError for a number of threads that is no whole number ≥ 1. */
  constructor(options: NativeOptions = {}) {
    this.threads = options.threads ?? availableParallelism();
    if (!Number.isInteger(this.threads) || this.threads < 1 || this.threads > 1024) {
      throw new ArgumentError(`threads is ${this.threads}: expected a whole number from 1 to 1024`);
    }
    this.#host = options.host ?? nativeHost();
    this.#makeSubstitute = options.substitute;
    this.#pool = new BlockPool(this.#host);
    this.#basesAddress = this.#host.address(this.#bases.buffer);
    this.#handle = this.#host.calls.create(this.threads, this.threads > availableParallelism() ? 0 : spinNanoseconds);
    if (this.#handle === 0) throw new DeviceError(`${this.threads} threads could not be started: use fewer`);
    if (live.size === 0) process.on("exit", stopAll);
    live.add(this);
  }

  supports(_dtype: DType): boolean {
    return true;
  }

  load(graph: Graph): Executable {
    let executable = this.#executables.get(graph);
    if (!executable) {
      const start = performance.now();
      const stored = this.#host.findProgram(graph, nativeTarget());
      try {
        executable = stored ? this.#link(graph, stored, 0) : this.loadProgram(graph, compileForCores(graph, nativeTarget()), start);
        if (!stored && executable instanceof NativeExecutable) this.#host.keepProgram(graph, nativeTarget(), executable.program);
      } catch (error) {
        if (!(error instanceof CompileError) || !this.#makeSubstitute) throw error;
        console.warn(`${error.message}\nThis program runs on another device instead.`);
        executable = new SubstituteProgram(graph, (this.#substitute ??= this.#makeSubstitute()));
      }
      this.#executables.set(graph, executable);
    }
    return executable;
  }

  /** Makes a compiled graph ready to run; its making began at `start`. Throws CompileError. */
  loadProgram(graph: Graph, program: Program, start = performance.now()): Executable {
    const before = this.#host.compiledKernels;
    const built = this.#host.build(program);
    return this.#link(graph, built, this.#host.compiledKernels === before ? 0 : performance.now() - start);
  }

  #link(graph: Graph, program: BuiltProgram, compileMs: number): NativeExecutable {
    const code = encodeProgram(program, this.#host.kernelAddresses(program.kernels));
    const bytes = new Uint8Array(code.buffer, code.byteOffset, code.byteLength);
    const constants = program.constants.map((c) => this.upload(c));
    return new NativeExecutable(this, graph, program, this.upload(bytes), constants, compileMs);
  }

  allocate(bytes: number): NativeStorage {
    return new NativeStorage(this, bytes, this.#pool.take(bytes, this.#done()));
  }

  upload(bytes: Uint8Array): NativeStorage {
    const storage = this.allocate(bytes.byteLength);
    storage.block.bytes.set(bytes);
    return storage;
  }

  submit(executable: Executable, inputs: readonly Storage[], outputs: readonly Storage[]): void {
    if (executable instanceof SubstituteProgram) {
      this.#wait(this.#issued);
      const own = (list: readonly Storage[]): NativeStorage[] => list.map((storage) => this.#own(storage));
      for (const storage of own(outputs)) this.#serveReads(storage);
      executable.run(own(inputs), own(outputs));
      return;
    }
    if (!(executable instanceof NativeExecutable) || executable.device !== this) throw new DeviceError("the program was loaded for another device");
    const ins = this.#checked(inputs, executable.inputBytes, "input");
    const outs = this.#checked(outputs, executable.outputBytes, "output");
    for (const storage of outs) this.#serveReads(storage);
    this.#retire();
    const oldest = this.#pending[0];
    if (oldest && this.#pending.length >= mostPending) {
      this.#wait(oldest.ticket);
      this.#retire();
    }
    const { table, constants } = executable;
    if (this.#bases.length < table.count) {
      this.#bases = new Float64Array(2 * table.count);
      this.#basesAddress = this.#host.address(this.#bases.buffer);
    }
    const bases = this.#bases;
    constants.forEach((s, i) => (bases[table.constants + i] = s.block.address));
    ins.forEach((s, i) => (bases[table.inputs + i] = s.block.address));
    outs.forEach((s, i) => (bases[table.outputs + i] = s.block.address));
    const here = executable.microseconds < inlineMicroseconds ? 1 : executable.microseconds < sharedMicroseconds ? 2 : 0;
    const record = this.#profiler && this.#record(this.#profiler, executable.description);
    const ticket = this.#host.calls.submit(this.#handle, executable.code.block.address, this.#basesAddress, table.count, here, record?.block.address ?? 0);
    if (ticket === 0) throw new OutOfMemoryError("the memory for a program's intermediate values could not be allocated: use smaller tensors or batches");
    this.#issued = ticket;
    for (const storage of ins) storage.usedBy = ticket;
    for (const storage of outs) storage.usedBy = storage.writtenBy = ticket;
    if (this.#done() < ticket) this.#pending.push({ ticket, executable, memory: [...ins, ...outs].map((s) => s.block), record });
    else record?.deliver();
  }

  async read(storage: Storage): Promise<Uint8Array> {
    const own = this.#own(storage);
    if (this.#done() >= own.writtenBy) return own.copy();
    const read: PendingRead = { bytes: undefined };
    own.reads.add(read);
    await this.#until(own.writtenBy);
    own.reads.delete(read);
    return read.bytes ?? own.copy();
  }

  readSync(storage: Storage): Uint8Array {
    const own = this.#own(storage);
    this.#wait(own.writtenBy);
    return own.copy();
  }

  async idle(): Promise<void> {
    await this.#until(this.#issued);
    this.#retire();
  }

  release(storage: Storage): void {
    const own = this.#own(storage);
    this.#serveReads(own);
    const block = own.detach();
    if (this.#handle !== 0) this.#pool.give(block, own.usedBy, this.#done());
  }

  profile(profiler: Profiler | undefined): void {
    if (this.#handle !== 0) {
      this.#wait(this.#issued);
      this.#retire();
    }
    this.#profiler = profiler;
  }

  async close(): Promise<void> {
    if (this.#handle === 0) return;
    await this.idle();
    this.#retire();
    this.#pool.clear();
    live.delete(this);
    if (live.size === 0) process.off("exit", stopAll);
    this.#host.calls.destroy(this.#handle);
    this.#handle = 0;
  }

  /** Ends the threads when the process ends: no kernel may run while its memory is taken down. */
  stop(): void {
    if (this.#handle !== 0) this.#host.calls.stop(this.#handle);
  }

  #done(): number {
    if (this.#handle === 0) throw new DeviceError("the native device was closed and is used again");
    return this.#host.calls.done(this.#handle);
  }

  #wait(ticket: number): void {
    if (this.#done() < ticket) this.#host.calls.wait(this.#handle, ticket);
  }

  async #until(ticket: number): Promise<void> {
    if (this.#done() >= ticket) return;
    await new Promise<void>((resolve) => {
      this.#waiters.push({ ticket, resolve });
      this.#watch();
    });
  }

  /** One call at a time waits in libuv's pool, for the first ticket that somebody waits for. */
  #watch(): void {
    if (this.#watching || this.#waiters.length === 0) return;
    this.#watching = true;
    const first = this.#waiters.reduce((least, w) => Math.min(least, w.ticket), Infinity);
    this.#host.calls.waitAsync(this.#handle, first, () => {
      this.#watching = false;
      const done = this.#done();
      this.#retire();
      const ready = this.#waiters.filter((w) => w.ticket <= done);
      const rest = this.#waiters.filter((w) => w.ticket > done);
      this.#waiters.splice(0, this.#waiters.length, ...rest);
      for (const waiter of ready) waiter.resolve();
      this.#watch();
    });
  }

  /** Lets go of what finished runs used. */
  #retire(): void {
    const done = this.#done();
    let finished = 0;
    while ((this.#pending[finished]?.ticket ?? Infinity) <= done) finished++;
    for (const run of this.#pending.splice(0, finished)) run.record?.deliver();
  }

  #record(profiler: Profiler, program: ProgramDescription): RunRecord {
    const bytes = 8 * recordLength(program);
    const block = this.#pool.take(bytes, this.#done());
    block.bytes.fill(0);
    const numbers = new Float64Array(block.bytes.buffer, block.bytes.byteOffset, bytes / 8);
    return { block, deliver: () => profiler.add(program, numbers) };
  }

  /** Copies what is being read before the memory changes. */
  #serveReads(storage: NativeStorage): void {
    if (storage.reads.size === 0) return;
    this.#wait(storage.writtenBy);
    for (const read of storage.reads) read.bytes ??= storage.copy();
  }

  #own(storage: Storage): NativeStorage {
    if (!(storage instanceof NativeStorage) || storage.device !== this) {
      throw new DeviceError(`memory of ${storage.device.name} was given to a native device that does not own it`);
    }
    return storage;
  }

  #checked(storages: readonly Storage[], sizes: readonly number[], role: string): NativeStorage[] {
    if (storages.length !== sizes.length) throw new ArgumentError(`a program with ${sizes.length} ${role}s was given ${storages.length}`);
    return storages.map((storage, i) => {
      if (storage.bytes < (sizes[i] ?? 0)) throw new ArgumentError(`${role} ${i} has ${storage.bytes} bytes: expected ${sizes[i]}`);
      return this.#own(storage);
    });
  }
}

/** A run in the queue: all that must stay alive until it is done, even if its storages are released before. */
interface Run {
  readonly ticket: number;
  readonly executable: NativeExecutable;
  readonly memory: readonly Block[];
  readonly record: RunRecord | undefined;
}

/** Where a run is measured. */
interface RunRecord {
  readonly block: Block;
  deliver(): void;
}

class NativeExecutable implements Executable {
  readonly device: NativeBackend;
  readonly graph: Graph;
  readonly program: BuiltProgram;
  readonly inPlace: readonly number[];
  readonly compileMs: number;
  readonly code: NativeStorage;
  readonly constants: readonly NativeStorage[];
  readonly table: BaseTable;
  readonly inputBytes: readonly number[];
  readonly outputBytes: readonly number[];
  /** A guess of what one run takes on one thread. */
  readonly microseconds: number;
  readonly description: ProgramDescription;

  constructor(device: NativeBackend, graph: Graph, program: BuiltProgram, code: NativeStorage, constants: readonly NativeStorage[], compileMs: number) {
    this.device = device;
    this.graph = graph;
    this.program = program;
    this.inPlace = program.inPlace;
    this.code = code;
    this.constants = constants;
    this.table = baseTable(program);
    this.inputBytes = program.inputs.map(bytesOf);
    this.outputBytes = program.outputs.map(bytesOf);
    this.microseconds = program.flops / 60_000 + program.bytes / 10_000 + 0.1 * countSteps(program.steps);
    this.compileMs = compileMs;
    this.description = describeProgram(program, compileMs);
  }
}

function bytesOf(type: TensorType): number {
  return sizeOf(type.shape) * byteSize(type.dtype);
}

function countSteps(steps: readonly Step[]): number {
  return steps.reduce((sum, step) => sum + (step.kind === "loop" ? step.count * countSteps(step.body) : 1), 0);
}

const live = new Set<NativeBackend>();

function stopAll(): void {
  for (const backend of live) backend.stop();
}
