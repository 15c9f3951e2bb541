import { DeviceError, type GradusError } from "../../core/errors.js";
import { MemoryRanges } from "./memory-ranges.js";
import { threadLayout } from "./program-layout.js";
import { maxPages } from "./wasm-module.js";
import { newControl, newThread, runWords, type CommandQueue, type RunCommand, type WorkerFactory, type WorkerReply, type WorkerThread } from "./worker-queue.js";

/**
 * Linear memory that one worker owns, for threads that may neither share memory nor compute (a page that is not cross-origin
 * isolated). Addresses are given out here; what happens to the bytes, the worker is told by messages, whose order is that of the queue.
 */
export class RemoteMemory extends MemoryRanges implements CommandQueue {
  readonly #worker: WorkerThread;
  readonly #thread: number;
  /** What waits for bytes, by command. */
  readonly #reads = new Map<number, { resolve: (bytes: Uint8Array<ArrayBuffer>) => void; reject: (error: GradusError) => void }>();
  #queued = 0;
  #done = 0;
  #failure: GradusError | undefined;

  constructor(limit: number, interpreter: WebAssembly.Module, factory: WorkerFactory) {
    super(limit);
    this.#worker = factory((reply) => this.#receive(reply));
    this.#worker.post({ kind: "own", module: interpreter, pages: maxPages });
    this.#thread = newThread(this, newControl(this), 0, 1);
  }

  pending(): number {
    return this.#queued - this.#done;
  }

  check(): void {
    if (this.#failure) throw this.#failure;
  }

  override write(address: number, bytes: Uint8Array<ArrayBuffer>, give = false): void {
    this.#worker.post({ kind: "write", address, bytes }, give ? [bytes.buffer] : []);
  }

  /** Counts on the pages: where the worker cannot have them, the device ends. */
  protected override grow(pages: number): void {
    this.#worker.post({ kind: "grow", pages });
  }

  run(command: RunCommand): void {
    const { program, programBytes } = command;
    this.write(this.#thread + threadLayout.bases, runWords(command));
    this.#queued++;
    this.#worker.post({ kind: "run", thread: this.#thread, program, end: program + programBytes });
  }

  read(address: number, length: number): Promise<Uint8Array<ArrayBuffer>> {
    return new Promise((resolve, reject) => {
      const ticket = this.#queued++;
      this.#reads.set(ticket, { resolve, reject });
      this.#worker.post({ kind: "read", address, length, ticket });
    });
  }

  install(module: WebAssembly.Module, first: number, count: number): void {
    this.#queued++;
    this.#worker.post({ kind: "install", module, first, count });
  }

  async close(): Promise<void> {
    this.#fail("the device was closed");
    await this.#worker.terminate();
  }

  #receive(reply: WorkerReply): void {
    if (reply.kind === "failed") return this.#fail(reply.message);
    this.#done++;
    if (reply.kind !== "bytes") return;
    this.#reads.get(reply.ticket)?.resolve(reply.bytes);
    this.#reads.delete(reply.ticket);
  }

  #fail(message: string): void {
    this.#failure ??= new DeviceError(`[wasm] the device can no longer be used: ${message}`);
    for (const { reject } of this.#reads.values()) reject(this.#failure);
    this.#reads.clear();
  }
}
