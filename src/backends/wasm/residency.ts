import { OutOfMemoryError } from "../../core/errors.js";
import type { MemoryRanges } from "./memory-ranges.js";

/** Bytes that are in linear memory, in an array of their own, or in both. */
export class Block {
  readonly bytes: number;
  /** Where it lies in linear memory; 0 where it does not. */
  address = 0;
  /** A copy outside of linear memory; undefined where that would be out of date. */
  host: Uint8Array<ArrayBuffer> | undefined;
  /** Whether its contents may be dropped when it is not in use. */
  readonly scratch: boolean;
  released = false;
  /** The last queued commands that use it, and that write it. */
  lastUse = 0;
  lastWrite = 0;
  /** Runs, and bytes placed, at its last use. */
  run = 0;
  volume = 0;

  constructor(bytes: number, host?: Uint8Array<ArrayBuffer>, scratch = false) {
    this.bytes = bytes;
    this.host = host;
    this.scratch = scratch;
  }
}

/** How far the queue has come. */
export interface Progress {
  /** Commands queued so far, and how many of them are done. */
  queued(): number;
  completed(): number;
  /** Waits until a command is done; absent where a thread cannot wait. */
  readonly wait?: (command: number) => void;
  /** A copy of linear memory as it is; absent where a worker owns it. */
  readonly copy?: (address: number, length: number) => Uint8Array<ArrayBuffer>;
  /** The same after everything queued before. */
  read(address: number, length: number): Promise<Uint8Array<ArrayBuffer>>;
}

/** A block is put out once this many runs and this many bytes came after its last use. */
const idleRuns = 32;
const idleBytes = 8 << 20;
/** Blocks of at least this size are given back when their handle is collected; smaller ones are copied out. */
const watchedBytes = 64 << 10;
/** Larger blocks give their copy up while they are in linear memory. */
const largestTwin = 16 << 20;

/**
 * Which blocks lie in linear memory. A storage's bytes belong to its block alone: the table here forgets a block when it
 * is put out, so that the array it was copied to is freed with the last handle by the engine's own collector, in loops
 * that never reach the event loop too. Weak references would not do there: a target stays alive until the job ends.
 */
export class Residency {
  readonly #memory: MemoryRanges;
  readonly #progress: Progress;
  readonly #budget: number;
  /** Least recently used first. */
  readonly #resident = new Set<Block>();
  /** Ranges that queued commands may still use. */
  readonly #leaving: { command: number; address: number; bytes: number }[] = [];
  /** Spares collected storages the copy. It holds blocks only while they are in linear memory, lest it keep their arrays. */
  readonly #collected = new FinalizationRegistry<Block>((block) => this.release(block));
  #residentBytes = 0;
  #runs = 0;
  #volume = 0;

  constructor(memory: MemoryRanges, progress: Progress, budget: number) {
    this.#memory = memory;
    this.#progress = progress;
    this.#budget = budget;
  }

  get residentBytes(): number {
    return this.#residentBytes;
  }

  /**
   * Puts a block into linear memory for the command, and returns its address. `handle` is the object whose end is the
   * block's end. Throws OutOfMemoryError.
   */
  use(block: Block, command: number, access: "read" | "write", handle?: object): number {
    if (block.address === 0) {
      block.address = this.#place(block.bytes);
      if (handle && block.bytes >= watchedBytes) this.#collected.register(handle, block, block);
      this.#residentBytes += block.bytes;
      if (block.host && access === "read") {
        const give = block.bytes > largestTwin;
        this.#memory.write(block.address, block.host, give);
        if (give) block.host = undefined;
      }
    } else this.#resident.delete(block);
    this.#resident.add(block);
    block.run = this.#runs;
    block.volume = this.#volume;
    block.lastUse = command;
    if (access === "write") {
      block.lastWrite = command;
      block.host = undefined;
    }
    return block.address;
  }

  /** Called once before each run: puts out what has not been used for a while. */
  nextRun(): void {
    this.#runs++;
    for (const block of this.#resident) {
      if (this.#runs - block.run < idleRuns || this.#volume - block.volume < idleBytes) return;
      if (block.lastUse > this.#progress.completed()) return;
      this.#putOut(block);
    }
  }

  /** Gives the memory back as soon as queued work is done with it. */
  release(block: Block): void {
    block.released = true;
    block.host = undefined;
    if (block.address !== 0) this.#remove(block);
  }

  /**
   * A copy of the contents, at once where that is wanted and this thread sees the memory; whatever writes them must then be
   * done. Else as they are after everything queued before.
   */
  contents(block: Block, atOnce = true): Uint8Array<ArrayBuffer> | Promise<Uint8Array<ArrayBuffer>> {
    if (block.host) return block.host.slice();
    if (block.address === 0) return new Uint8Array(block.bytes);
    if (atOnce && this.#progress.copy) return this.#progress.copy(block.address, block.bytes);
    const bytes = this.#progress.read(block.address, block.bytes);
    block.lastUse = this.#progress.queued();
    return bytes;
  }

  /** Gives a block's place back, or begins to: what a worker has to send first goes then, unless it was used again. */
  #putOut(block: Block): void {
    const needed = !block.host && !block.scratch;
    const contents = needed ? this.contents(block) : undefined;
    if (!(contents instanceof Promise)) {
      block.host ??= contents;
      return this.#remove(block);
    }
    const { lastUse } = block;
    const leave = (host: Uint8Array<ArrayBuffer>): void => {
      if (block.lastUse !== lastUse || block.address === 0) return;
      block.host = host;
      this.#remove(block);
    };
    // Where the device has failed, nobody needs the place.
    contents.then(leave, () => undefined);
  }

  #remove(block: Block): void {
    this.#collected.unregister(block);
    this.#resident.delete(block);
    this.#residentBytes -= block.bytes;
    if (block.lastUse <= this.#progress.completed()) this.#memory.free(block.address, block.bytes);
    else this.#leaving.push({ command: block.lastUse, address: block.address, bytes: block.bytes });
    block.address = 0;
  }

  #place(bytes: number): number {
    this.#freeLeft();
    this.#volume += bytes;
    let excess = this.#residentBytes + bytes - this.#budget;
    for (const block of excess > 0 ? this.#resident : []) {
      if (block.lastUse > this.#progress.completed()) break;
      excess -= block.bytes;
      this.#putOut(block);
      if (excess <= 0) break;
    }
    const address = this.#memory.allocate(bytes) || this.#makeRoom(bytes);
    if (address === 0) {
      throw new OutOfMemoryError(
        `[wasm] ${bytes} bytes do not fit beside the ${this.#residentBytes} in use: WebAssembly memory ends at ${this.#memory.limit} bytes; ` +
          "use smaller batches, or the native device",
      );
    }
    return address;
  }

  /** Puts blocks out until a range is free, after waiting for queued work where that is possible. */
  #makeRoom(bytes: number): number {
    for (let round = 0; round < 2; round++) {
      for (const block of this.#resident) {
        if (block.lastUse > this.#progress.completed()) continue;
        if (!this.#progress.copy && !block.host && !block.scratch) continue;
        this.#putOut(block);
        const address = this.#memory.allocate(bytes);
        if (address !== 0) return address;
      }
      if (this.#progress.queued() === this.#progress.completed() || !this.#progress.wait) return 0;
      this.#progress.wait(this.#progress.queued());
      this.#freeLeft();
      const address = this.#memory.allocate(bytes);
      if (address !== 0) return address;
    }
    return 0;
  }

  #freeLeft(): void {
    const completed = this.#progress.completed();
    for (let i = this.#leaving.length - 1; i >= 0; i--) {
      const left = this.#leaving[i];
      if (!left || left.command > completed) continue;
      this.#memory.free(left.address, left.bytes);
      this.#leaving.splice(i, 1);
    }
  }
}
