import { DeviceError, type GradusError } from "../../core/errors.js";
import type { LinearMemory } from "./linear-memory.js";
import type { MemoryRanges } from "./memory-ranges.js";
import { commandKind, commandLayout, controlLayout, ringSlots, sleepers, threadLayout } from "./program-layout.js";

export type WorkerMessage =
  | {
      readonly kind: "start";
      readonly module: WebAssembly.Module;
      readonly memory: WebAssembly.Memory;
      readonly thread: number;
      readonly control: number;
      /** `performance.timeOrigin` of the thread that asks. */
      readonly origin: number;
    }
  | { readonly kind: "install"; readonly module: WebAssembly.Module; readonly first: number; readonly count: number }
  // To a worker that owns its memory, of at most `pages` pages; it answers each run and install by "done".
  | { readonly kind: "own"; readonly module: WebAssembly.Module; readonly pages: number }
  | { readonly kind: "grow"; readonly pages: number }
  | { readonly kind: "write"; readonly address: number; readonly bytes: Uint8Array<ArrayBuffer> }
  | { readonly kind: "run"; readonly thread: number; readonly program: number; readonly end: number }
  | { readonly kind: "read"; readonly address: number; readonly length: number; readonly ticket: number };

export type WorkerReply =
  | { readonly kind: "bytes"; readonly ticket: number; readonly bytes: Uint8Array<ArrayBuffer> }
  | { readonly kind: "done" }
  | { readonly kind: "drained" }
  | { readonly kind: "failed"; readonly message: string };

/** A thread as the queue sees it, in Node or in a browser. */
export interface WorkerThread {
  post(message: WorkerMessage, transfer?: readonly ArrayBuffer[]): void;
  /** Whether it keeps the process alive. */
  keepAlive(on: boolean): void;
  terminate(): Promise<void>;
}

export type WorkerFactory = (onReply: (reply: WorkerReply) => void) => WorkerThread;

/** A run as the interpreter needs it: addresses in linear memory. */
export interface RunCommand {
  readonly program: number;
  readonly programBytes: number;
  readonly bases: number;
  readonly scratch: number;
  readonly scratchStride: number;
  readonly alone: boolean;
  /** Where the run is measured, or 0. */
  readonly record: number;
}

/** Commands that a worker or several run in order. */
export interface CommandQueue {
  /** Commands that are not done. */
  pending(): number;
  /** Throws what ended the queue, if anything did. */
  check(): void;
  run(command: RunCommand): void;
  /** Bytes of linear memory as they are after everything queued before. */
  read(address: number, length: number): Promise<Uint8Array<ArrayBuffer>>;
  /** Puts `count` functions of a kernel module into every thread's table. */
  install(module: WebAssembly.Module, first: number, count: number): void;
  close(): Promise<void>;
}

const word = (offset: number): number => offset >> 2;
/** How often the main thread looks before it sleeps. */
const spins = 2000;

/** The queue of commands that worker threads take from shared memory, in order: the first thread takes them, and leads the others. */
export class WorkerQueue implements CommandQueue {
  readonly threads: number;
  /** Whether this thread may sleep. */
  readonly canWait: boolean;
  readonly control: number;
  readonly #workers: WorkerThread[];
  readonly #tickets = new Map<number, { resolve: (bytes: Uint8Array<ArrayBuffer>) => void; reject: (error: GradusError) => void }>();
  #nextTicket = 0;
  /** Commands queued; in memory the same number modulo 2³². */
  #submitted = 0;
  #holding = false;
  #failure: GradusError | undefined;
  #view: Int32Array;

  constructor(
    memory: LinearMemory,
    interpreter: WebAssembly.Module,
    threads: number,
    canWait: boolean,
    factory: WorkerFactory,
  ) {
    this.threads = threads;
    this.canWait = canWait;
    this.control = newControl(memory);
    this.#view = memory.words(this.control, word(controlLayout.bytes));
    this.#workers = Array.from({ length: threads }, (_, i) => {
      const worker = factory((reply) => this.#receive(reply));
      worker.keepAlive(false);
      const thread = newThread(memory, this.control, i, threads);
      const { timeOrigin: origin } = performance;
      worker.post({ kind: "start", module: interpreter, memory: memory.memory, thread, control: this.control, origin });
      return worker;
    });
  }

  pending(): number {
    return (this.#submitted - Atomics.load(this.#view, word(controlLayout.progress))) | 0;
  }

  check(): void {
    if (this.#failure) throw this.#failure;
    if (Atomics.load(this.#view, word(controlLayout.failed)) !== 0) this.#fail("a kernel trapped");
    if (this.#failure) throw this.#failure;
  }

  run(command: RunCommand): void {
    this.#push((slot) => writeRun(slot, command));
  }

  /** Lets `begin` do a run with the threads but the first, at once; nothing may be queued. It is told where the command lies. */
  lead(command: RunCommand, begin: (address: number) => void): void {
    const address = this.control + controlLayout.own;
    writeRun(this.#view.subarray(word(controlLayout.own)), command);
    try {
      begin(address);
    } catch (error) {
      this.check();
      // Threads that wait at a barrier end then.
      Atomics.store(this.#view, word(controlLayout.failed), 1);
      Atomics.add(this.#view, word(controlLayout.generation), 1);
      Atomics.notify(this.#view, word(controlLayout.generation));
      throw error;
    }
  }

  read(address: number, length: number): Promise<Uint8Array<ArrayBuffer>> {
    return new Promise((resolve, reject) => {
      const ticket = this.#nextTicket++;
      this.#push((slot) => {
        slot[word(commandLayout.kind)] = commandKind.read;
        slot[word(commandLayout.address)] = address;
        slot[word(commandLayout.length)] = length;
        slot[word(commandLayout.ticket)] = ticket;
      });
      this.#tickets.set(ticket, { resolve, reject });
    });
  }

  install(module: WebAssembly.Module, first: number, count: number): void {
    for (const worker of this.#workers) worker.post({ kind: "install", module, first, count });
    this.#push((slot) => {
      slot[word(commandLayout.kind)] = commandKind.pause;
    });
  }

  /** Sleeps until at most `pending` commands are left. Throws DeviceError where this thread may not sleep. */
  wait(pending: number): void {
    if (this.pending() > pending && !this.canWait) {
      throw new DeviceError(
        "[wasm] the queue is full and this thread cannot wait: await a read or idle() between runs",
      );
    }
    for (let i = 0; i < spins && this.pending() > pending; i++);
    const sleeping = word(controlLayout.progress + sleepers);
    Atomics.store(this.#view, sleeping, 1);
    for (;;) {
      this.check();
      const done = Atomics.load(this.#view, word(controlLayout.progress));
      if (((this.#submitted - done) | 0) <= pending) break;
      Atomics.wait(this.#view, word(controlLayout.progress), done);
    }
    Atomics.store(this.#view, sleeping, 0);
  }

  async close(): Promise<void> {
    this.#fail("the device was closed");
    await Promise.all(this.#workers.map((worker) => worker.terminate()));
  }

  #push(write: (slot: Int32Array) => void): void {
    this.check();
    if (this.pending() >= ringSlots) this.wait(ringSlots / 2);
    const slot = word(controlLayout.ring) + (this.#submitted % ringSlots) * word(commandLayout.bytes);
    write(this.#view.subarray(slot, slot + word(commandLayout.bytes)));
    this.#hold();
    this.#submitted++;
    Atomics.store(this.#view, word(controlLayout.submitted), this.#submitted | 0);
    if (Atomics.load(this.#view, word(controlLayout.submitted + sleepers)) > 0)
      Atomics.notify(this.#view, word(controlLayout.submitted));
  }

  /** Keeps the process alive until the queue is empty. */
  #hold(): void {
    if (this.#holding) return;
    this.#holding = true;
    this.#workers[0]?.keepAlive(true);
    Atomics.store(this.#view, word(controlLayout.drainWanted), 1);
  }

  /** The queue may be empty, and if so nothing is left to wait for. */
  #drained(): void {
    // The message may be older than a read, whose bytes are then still under way though the command is done.
    if (this.#tickets.size > 0) return;
    const wanted = word(controlLayout.drainWanted);
    if (this.pending() > 0) {
      Atomics.store(this.#view, wanted, 1);
      // It may have become empty just before; then no message comes unless the thread has seen the wish.
      if (this.pending() > 0 || Atomics.exchange(this.#view, wanted, 0) === 0) return;
    }
    this.#holding = false;
    this.#workers[0]?.keepAlive(false);
  }

  #receive(reply: WorkerReply): void {
    // What arrives late must not let the process end while close() waits for the threads.
    if (this.#failure) return;
    switch (reply.kind) {
      case "bytes":
        this.#tickets.get(reply.ticket)?.resolve(reply.bytes);
        this.#tickets.delete(reply.ticket);
        this.#drained();
        return;
      case "drained":
        this.#drained();
        return;
      case "failed":
        this.#fail(reply.message);
    }
  }

  #fail(message: string): void {
    this.#failure ??= new DeviceError(`[wasm] the device can no longer be used: ${message}`);
    const waiting = [...this.#tickets.values()];
    this.#tickets.clear();
    for (const { reject } of waiting) reject(this.#failure);
    this.#holding = true;
    for (const worker of this.#workers) worker.keepAlive(false);
  }
}

function writeRun(slot: Int32Array, command: RunCommand): void {
  slot[word(commandLayout.kind)] = commandKind.run;
  slot[word(commandLayout.program)] = command.program;
  slot[word(commandLayout.programEnd)] = command.program + command.programBytes;
  slot[word(commandLayout.bases)] = command.bases;
  slot[word(commandLayout.scratch)] = command.scratch;
  slot[word(commandLayout.scratchStride)] = command.scratchStride;
  slot[word(commandLayout.alone)] = command.alone ? 1 : 0;
  slot[word(commandLayout.record)] = command.record;
}

/** A control block with everything at 0. */
export function newControl(memory: MemoryRanges): number {
  const control = memory.allocate(controlLayout.bytes);
  memory.write(control, new Uint8Array(controlLayout.bytes));
  return control;
}

/** The block of one thread. */
export function newThread(memory: MemoryRanges, control: number, thread: number, threads: number): number {
  const address = memory.allocate(threadLayout.bytes);
  const words = new Int32Array(word(threadLayout.bytes));
  words[word(threadLayout.control)] = control;
  words[word(threadLayout.thread)] = thread;
  words[word(threadLayout.threads)] = threads;
  memory.write(address, new Uint8Array(words.buffer));
  return address;
}

/** What a thread's block holds about the run that it alone is given, from `threadLayout.bases` on. */
export function runWords({ bases, scratch, record }: RunCommand): Uint8Array<ArrayBuffer> {
  return new Uint8Array(Int32Array.of(bases, scratch, record).buffer);
}
