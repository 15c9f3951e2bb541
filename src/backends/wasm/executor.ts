import { interpreterModule } from "./interpreter.js";
import type { KernelModule } from "./kernel-library.js";
import type { LinearMemory } from "./linear-memory.js";
import { threadLayout } from "./program-layout.js";
import type { Progress } from "./residency.js";
import { encodeModule } from "./wasm-module.js";
import { newControl, newThread, WorkerQueue, type RunCommand, type WorkerFactory } from "./worker-queue.js";

/** Runs programs on the calling thread. */
class LocalRunner {
  readonly #memory: LinearMemory;
  readonly #table = new WebAssembly.Table({ element: "anyfunc", initial: 256 });
  readonly #installed = new Set<KernelModule>();
  readonly #thread: number;
  readonly #run: (thread: number, program: number, end: number) => void;
  /** When a measured run was last looked at. */
  #marked = 0;

  constructor(memory: LinearMemory, interpreter: WebAssembly.Module) {
    this.#memory = memory;
    this.#thread = newThread(memory, newControl(memory), 0, 1);
    const unused = (): void => undefined;
    const mark = (field: number, fresh: number): void => this.#mark(field >>> 0, fresh !== 0);
    const env = { memory: memory.memory, table: this.#table, read: unused, drained: unused, mark };
    this.#run = exported(new WebAssembly.Instance(interpreter, { env }), "run");
  }

  run(command: RunCommand, modules: Iterable<KernelModule>): void {
    for (const module of modules) this.#install(module);
    const words = this.#memory.words(this.#thread, threadLayout.counters >> 2);
    words[threadLayout.bases >> 2] = command.bases;
    words[threadLayout.scratch >> 2] = command.scratch;
    words[threadLayout.record >> 2] = command.record;
    this.#run(this.#thread, command.program, command.program + command.programBytes);
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
  /** Worker threads; 0 runs everything on the calling thread. */
  readonly threads: number;
  /** Whether the calling thread may sleep. */
  readonly canWait: boolean;
  readonly worker: WorkerFactory;
}

/** One in-order queue of commands, run by worker threads, or by the calling thread where that is quicker. */
export class Executor implements Progress {
  readonly queue: WorkerQueue | undefined;
  readonly wait?: (command: number) => void;
  readonly #local: LocalRunner;
  #commands = 0;

  constructor(memory: LinearMemory, options: ExecutorOptions) {
    const interpreter = new WebAssembly.Module(encodeModule(interpreterModule(options.threads > 0)));
    this.#local = new LocalRunner(memory, interpreter);
    const queue =
      options.threads > 0
        ? new WorkerQueue(memory, interpreter, options.threads, options.canWait, options.worker)
        : undefined;
    this.queue = queue;
    if (!queue || options.canWait) this.wait = (command) => queue?.wait(this.#commands - command);
  }

  queued(): number {
    return this.#commands;
  }

  completed(): number {
    return this.#commands - (this.queue?.pending() ?? 0);
  }

  install(module: KernelModule): void {
    if (!this.queue) return;
    this.queue.install(module.module, module.first, module.count);
    this.#commands++;
  }

  /** Runs a program, at once on this thread if it is `small` and nothing is under way. */
  run(command: RunCommand, modules: Iterable<KernelModule>, small: boolean): void {
    if (!this.queue || (small && this.queue.pending() === 0)) this.#local.run(command, modules);
    else this.queue.run(command);
    this.#commands++;
  }

  read(queue: WorkerQueue, address: number, length: number): Promise<Uint8Array> {
    const bytes = queue.read(address, length);
    this.#commands++;
    return bytes;
  }
}
