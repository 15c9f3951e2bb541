import { interpreterModule } from "./interpreter.js";
import type { KernelModule } from "./kernel-library.js";
import { LinearMemory } from "./linear-memory.js";
import type { MemoryRanges } from "./memory-ranges.js";
import { threadLayout } from "./program-layout.js";
import { RemoteMemory } from "./remote-memory.js";
import type { Progress } from "./residency.js";
import { encodeModule } from "./wasm-module.js";
import { newControl, newThread, runWords, WorkerQueue, type CommandQueue, type RunCommand, type WorkerFactory } from "./worker-queue.js";

/** Runs programs on the calling thread. */
class LocalRunner {
  readonly #memory: LinearMemory;
  readonly #table = new WebAssembly.Table({ element: "anyfunc", initial: 256 });
  readonly #installed = new Set<KernelModule>();
  readonly #thread: number;
  readonly #run: (thread: number, program: number, end: number) => void;
  readonly #lead: (thread: number, command: number) => void;
  /** The block of this thread as the first of the queue's. */
  #first = 0;
  /** When a measured run was last looked at. */
  #marked = 0;

  constructor(memory: LinearMemory, interpreter: WebAssembly.Module) {
    this.#memory = memory;
    this.#thread = newThread(memory, newControl(memory), 0, 1);
    const unused = (): void => undefined;
    const mark = (field: number, fresh: number): void => this.#mark(field >>> 0, fresh !== 0);
    const env = { memory: memory.memory, table: this.#table, read: unused, drained: unused, mark };
    const instance = new WebAssembly.Instance(interpreter, { env });
    this.#run = exported(instance, "run");
    this.#lead = exported(instance, "lead");
  }

  run(command: RunCommand, modules: Iterable<KernelModule>): void {
    for (const module of modules) this.#install(module);
    this.#memory.write(this.#thread + threadLayout.bases, runWords(command));
    this.#run(this.#thread, command.program, command.program + command.programBytes);
  }

  /** Runs a program with the queue's threads, in place of the first. */
  lead(queue: WorkerQueue, command: RunCommand, modules: Iterable<KernelModule>): void {
    for (const module of modules) this.#install(module);
    this.#first ||= newThread(this.#memory, queue.control, 0, queue.threads);
    queue.lead(command, (address) => this.#lead(this.#first, address));
  }

  #mark(field: number, fresh: boolean): void {
    const [number = 0] = this.#memory.numbers(field, 1);
    const now = performance.now();
    this.#memory.numbers(field, 1)[0] = fresh ? now : number + now - this.#marked;
    this.#marked = now;
  }

  #install(module: KernelModule): void {
    if (this.#installed.has(module)) return;
    this.#installed.add(module);
    const instance = new WebAssembly.Instance(module.module, { env: { memory: this.#memory.memory } });
    while (this.#table.length < module.first + module.count) this.#table.grow(this.#table.length);
    for (let i = 0; i < module.count; i++) this.#table.set(module.first + i, exported(instance, `k${i}`));
  }
}

function exported(instance: WebAssembly.Instance, name: string): (...args: readonly number[]) => void {
  const found = instance.exports[name];
  if (typeof found !== "function") throw new TypeError(`the module does not export ${name}`);
  return found as (...args: readonly number[]) => void;
}

export interface ExecutorOptions {
  /** Worker threads on shared memory; 0 runs everything on the calling thread, unless a worker owns the memory. */
  readonly threads: number;
  /** Whether one worker owns the memory and is sent everything by messages. */
  readonly remote?: boolean;
  /** Whether the calling thread may sleep. */
  readonly canWait: boolean;
  readonly worker: WorkerFactory;
}

/** Who runs a program: the calling thread, the calling thread and the workers but the first, or those that take commands. */
export type Runner = "caller" | "team" | "queue";

/** One in-order queue of commands, run by worker threads, or by the calling thread where that is quicker. */
export class Executor implements Progress {
  readonly memory: MemoryRanges;
  readonly queue: CommandQueue | undefined;
  readonly wait?: (command: number) => void;
  readonly copy?: (address: number, length: number) => Uint8Array<ArrayBuffer>;
  readonly #local: LocalRunner | undefined;
  readonly #workers: WorkerQueue | undefined;
  readonly #installed = new Set<KernelModule>();
  #commands = 0;

  constructor(limit: number, { threads, canWait, worker, remote = false }: ExecutorOptions) {
    const interpreter = new WebAssembly.Module(encodeModule(interpreterModule(threads > 0)));
    if (remote) {
      this.memory = this.queue = new RemoteMemory(limit, interpreter, worker);
      return;
    }
    const memory = new LinearMemory(threads > 0, limit);
    this.memory = memory;
    this.copy = (address, length) => memory.bytes(address, length).slice();
    this.#local = new LocalRunner(memory, interpreter);
    const queue = threads > 0 ? new WorkerQueue(memory, interpreter, threads, canWait, worker) : undefined;
    this.queue = this.#workers = queue;
    if (!queue || canWait) this.wait = (command) => queue?.wait(this.#commands - command);
  }

  queued(): number {
    return this.#commands;
  }

  completed(): number {
    return this.#commands - (this.queue?.pending() ?? 0);
  }

  /** Who runs a program with these kernels: `wanted` if nothing is under way, and else the queue, whose threads are then given the kernels. */
  choose(wanted: Runner, modules: Iterable<KernelModule>): Runner {
    if (!this.queue) return "caller";
    if (wanted === "caller" && this.queue.pending() === 0) return wanted;
    for (const module of modules) {
      if (this.#installed.has(module)) continue;
      this.#installed.add(module);
      this.queue.install(module.module, module.first, module.count);
      this.#commands++;
    }
    return wanted === "team" && this.queue.pending() === 0 ? wanted : "queue";
  }

  run(command: RunCommand, modules: Iterable<KernelModule>, runner: Runner): void {
    if (runner === "queue") this.queue?.run(command);
    else if (runner === "team" && this.#workers) this.#local?.lead(this.#workers, command, modules);
    else this.#local?.run(command, modules);
    this.#commands++;
  }

  async read(address: number, length: number): Promise<Uint8Array<ArrayBuffer>> {
    if (!this.queue) return this.copy?.(address, length) ?? new Uint8Array(length);
    this.#commands++;
    return this.queue.read(address, length);
  }
}
