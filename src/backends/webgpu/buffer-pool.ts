import { OutOfMemoryError } from "../../core/errors.js";
import { bufferUsage } from "./buffer-usage.js";
import type { Failures, Made } from "./failures.js";

/** A GPU buffer that storages borrow one after another. */
export interface Block extends Made {
  /** Of no other block of this pool, ever. */
  readonly id: number;
  readonly buffer: GPUBuffer;
  readonly size: number;
}

/** Most memory that lies in a pool unused. */
const poolLimit = 256 << 20;
const smallest = 256;

/**
 * GPU buffers by size. One that is given back can be taken at once, even while work that uses it is queued: whatever its
 * next user does comes later in the same queue.
 */
export class BufferPool {
  readonly #device: GPUDevice;
  readonly #failures: Failures;
  readonly #free = new Map<number, Block[]>();
  readonly #usage: number;
  /** Bytes of one buffer at most, and which of the adapter's limits says so. */
  readonly #limit: { readonly name: string; readonly bytes: number };
  #nextId = 0;
  #freeBytes = 0;
  #bytes = 0;

  constructor(device: GPUDevice, failures: Failures, usage: number = bufferUsage.storage | bufferUsage.copySource | bufferUsage.copyTarget) {
    this.#device = device;
    this.#failures = failures;
    this.#usage = usage;
    const { maxBufferSize, maxStorageBufferBindingSize } = device.limits;
    const bound = (usage & bufferUsage.storage) !== 0 && maxStorageBufferBindingSize < maxBufferSize;
    this.#limit = bound ? { name: "maxStorageBufferBindingSize", bytes: maxStorageBufferBindingSize } : { name: "maxBufferSize", bytes: maxBufferSize };
  }

  /** Of all buffers that exist, and of those among them that nobody uses. */
  get bytes(): { readonly all: number; readonly free: number } {
    return { all: this.#bytes, free: this.#freeBytes };
  }

  /** A buffer of at least `bytes` with undefined contents. Throws OutOfMemoryError. */
  take(bytes: number): Block {
    const { name, bytes: limit } = this.#limit;
    if (bytes > limit) {
      throw new OutOfMemoryError(`[webgpu] ${bytes} bytes were asked for at once, the adapter's ${name} is ${limit}: use smaller tensors or batches`);
    }
    const size = Math.min(roundedSize(bytes), limit - (limit % 4));
    const kept = this.#free.get(size)?.pop();
    if (kept) {
      this.#freeBytes -= size;
      return kept;
    }
    const inUse = this.#bytes;
    const made = this.#failures.scope(
      this.#device,
      "out-of-memory",
      (): Block => ({ id: this.#nextId++, buffer: this.#device.createBuffer({ size, usage: this.#usage }), size, isKnown: false, failure: undefined }),
      (error) => {
        this.#giveAllBack();
        return new OutOfMemoryError(`[webgpu] the adapter has no ${bytes} bytes left (${inUse} are in use): use smaller tensors or batches. ${error.message}`);
      },
    );
    this.#bytes += size;
    return made;
  }

  /** Takes a buffer back. */
  give(block: Block): void {
    if (block.failure || this.#freeBytes + block.size > poolLimit) {
      this.#bytes -= block.size;
      block.buffer.destroy();
      return;
    }
    this.#freeBytes += block.size;
    const list = this.#free.get(block.size);
    if (list) list.push(block);
    else this.#free.set(block.size, [block]);
  }

  /** Leaves no memory unused. */
  #giveAllBack(): void {
    for (const { buffer } of [...this.#free.values()].flat()) buffer.destroy();
    this.#bytes -= this.#freeBytes;
    this.#freeBytes = 0;
    this.#free.clear();
  }
}

/** Sizes are few, so that a buffer fits the next of about its size: powers of two, and above 64 KiB multiples of a quarter of one. */
function roundedSize(bytes: number): number {
  if (bytes <= smallest) return smallest;
  const step = bytes <= 64 << 10 ? 2 ** Math.ceil(Math.log2(bytes)) : 2 ** (Math.floor(Math.log2(bytes)) - 2);
  return Math.ceil(bytes / step) * step;
}
