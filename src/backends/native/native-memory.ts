import { DisposedError, OutOfMemoryError } from "../../core/errors.js";
import type { DeviceTag, Storage } from "../../ir/graph.js";
import type { NativeHost } from "./native-host.js";

/** A piece of an ArrayBuffer that starts at a multiple of 64 bytes. V8 accounts for it and frees it. */
export interface Block {
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly address: number;
}

/** Most memory that lies in the pool. */
const poolLimit = 256 * 1024 * 1024;

/** A read that waits; its bytes are set first when the memory is about to change. */
export interface PendingRead {
  bytes: Uint8Array | undefined;
}

/** Memory of a native device. */
export class NativeStorage implements Storage {
  readonly device: DeviceTag;
  readonly bytes: number;
  /** The last run that writes it, and the last that touches it. */
  writtenBy = 0;
  usedBy = 0;
  readonly reads = new Set<PendingRead>();
  #block: Block | undefined;

  constructor(device: DeviceTag, bytes: number, block: Block) {
    this.device = device;
    this.bytes = bytes;
    this.#block = block;
  }

  get block(): Block {
    if (!this.#block) throw new DisposedError(`memory of ${this.bytes} bytes on ${this.device.name} was released and is used again`);
    return this.#block;
  }

  copy(): Uint8Array {
    return this.block.bytes.slice(0, this.bytes);
  }

  /** Takes the memory away. */
  detach(): Block {
    const block = this.block;
    this.#block = undefined;
    return block;
  }
}

/** Gives out blocks, and keeps those that come back: new memory costs more than most work on a small one, and its pages more than filling a large one. */
export class BlockPool {
  readonly #host: NativeHost;
  readonly #free = new Map<number, Block[]>();
  /** Released while a run up to the given ticket may still use them, in order of release. */
  #waiting: { readonly block: Block; readonly ticket: number }[] = [];
  #pooled = 0;

  constructor(host: NativeHost) {
    this.#host = host;
  }

  /** A block of at least `bytes` with undefined contents; runs up to ticket `done` are over. Throws OutOfMemoryError. */
  take(bytes: number, done: number): Block {
    const size = roundedSize(bytes);
    let kept = this.#free.get(size)?.pop();
    if (!kept && this.#waiting.length > 0) {
      this.#settle(done);
      kept = this.#free.get(size)?.pop();
    }
    if (kept) {
      this.#pooled -= size;
      return kept;
    }
    try {
      // allocUnsafeSlow is memory of its own that is not zeroed first.
      const memory = Buffer.allocUnsafeSlow(size + 64).buffer;
      const start = this.#host.address(memory);
      const offset = Math.ceil(start / 64) * 64 - start;
      return { bytes: new Uint8Array(memory, offset, size), address: start + offset };
    } catch (cause) {
      throw new OutOfMemoryError(`${bytes} bytes could not be allocated: use smaller tensors or batches`, { cause });
    }
  }

  /** Takes a block back that runs up to `ticket` may use; those up to `done` are over. */
  give(block: Block, ticket: number, done: number): void {
    const size = block.bytes.byteLength;
    if (this.#pooled + size > poolLimit) return;
    this.#pooled += size;
    if (ticket <= done) this.#keep(block);
    else this.#waiting.push({ block, ticket });
  }

  clear(): void {
    this.#free.clear();
    this.#waiting = [];
    this.#pooled = 0;
  }

  #settle(done: number): void {
    this.#waiting = this.#waiting.filter(({ block, ticket }) => {
      if (ticket > done) return true;
      this.#keep(block);
      return false;
    });
  }

  #keep(block: Block): void {
    const size = block.bytes.byteLength;
    const list = this.#free.get(size);
    if (list) list.push(block);
    else this.#free.set(size, [block]);
  }
}

/** Sizes are few, so that a block fits the next of about its size: multiples of an eighth of a power of two. */
function roundedSize(bytes: number): number {
  const step = Math.max(64, 2 ** Math.floor(Math.log2(bytes) - 3));
  return Math.max(step, Math.ceil(bytes / step) * step);
}
