import { maxPages } from "./wasm-module.js";

interface Range {
  start: number;
  size: number;
}

const pageBytes = 65536;
const alignment = 64;
/** The first bytes are never handed out, so that 0 is no address. */
const reserved = 1024;
/** Memory grows by at least this much, so that growing stays rare. */
const growth = 4 << 20;

/** A WebAssembly memory and which ranges of it are free: best fit, 64-byte alignment, grown as needed and never shrunk. */
export class LinearMemory {
  readonly memory: WebAssembly.Memory;
  readonly limit: number;
  /** In ascending order, never adjacent. */
  readonly #free: Range[] = [];
  #end: number;

  constructor(shared: boolean, limit: number) {
    const { memory, pages } = reserve(shared, maxPages);
    this.memory = memory;
    this.limit = Math.min(limit, (pages - 1) * pageBytes);
    this.#end = pageBytes;
    this.#free.push({ start: reserved, size: pageBytes - reserved });
  }

  /** Bytes that a view sees; views end with the growth of an unshared memory, so they are made anew for each use. */
  bytes(address: number, length: number): Uint8Array {
    return new Uint8Array(this.memory.buffer, address, length);
  }

  words(address: number, length: number): Int32Array {
    return new Int32Array(this.memory.buffer, address, length);
  }

  numbers(address: number, length: number): Float64Array {
    return new Float64Array(this.memory.buffer, address, length);
  }

  /** The address of `bytes` bytes with undefined contents, or 0 where they do not fit. */
  allocate(bytes: number): number {
    const size = roundUp(bytes);
    return this.#take(size) || (this.#grow(size) ? this.#take(size) : 0);
  }

  free(address: number, bytes: number): void {
    this.#insert(address, roundUp(bytes));
  }

  #take(size: number): number {
    let best = -1;
    let bestSize = Infinity;
    for (let i = 0; i < this.#free.length; i++) {
      const available = this.#free[i]?.size ?? 0;
      if (available >= size && available < bestSize) {
        best = i;
        bestSize = available;
        if (available === size) break;
      }
    }
    const range = this.#free[best];
    if (!range) return 0;
    const address = range.start;
    range.start += size;
    range.size -= size;
    if (range.size === 0) this.#free.splice(best, 1);
    return address;
  }

  #insert(start: number, size: number): void {
    let low = 0;
    let high = this.#free.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((this.#free[middle]?.start ?? 0) < start) low = middle + 1;
      else high = middle;
    }
    const before = this.#free[low - 1];
    const after = this.#free[low];
    const joinsBefore = before && before.start + before.size === start;
    const joinsAfter = after && start + size === after.start;
    if (joinsBefore && joinsAfter) {
      before.size += size + after.size;
      this.#free.splice(low, 1);
    } else if (joinsBefore) before.size += size;
    else if (joinsAfter) {
      after.start = start;
      after.size += size;
    } else this.#free.splice(low, 0, { start, size });
  }

  #grow(size: number): boolean {
    const last = this.#free[this.#free.length - 1];
    const atEnd = last && last.start + last.size === this.#end ? last.size : 0;
    const missing = Math.ceil((size - atEnd) / pageBytes);
    const room = Math.floor((this.limit - this.#end) / pageBytes);
    if (missing > room) return false;
    const wanted = Math.min(room, Math.max(missing, growth / pageBytes, Math.ceil(this.#end / 4 / pageBytes)));
    for (const pages of new Set([wanted, missing])) {
      try {
        this.memory.grow(pages);
      } catch {
        continue;
      }
      this.#insert(this.#end, pages * pageBytes);
      this.#end += pages * pageBytes;
      return true;
    }
    return false;
  }
}

/** A memory whose address range can be reserved; small devices refuse the largest. */
function reserve(shared: boolean, pages: number): { memory: WebAssembly.Memory; pages: number } {
  try {
    return { memory: new WebAssembly.Memory({ initial: 1, maximum: pages, shared }), pages };
  } catch (error) {
    if (pages <= 1024) throw error;
    return reserve(shared, pages / 2);
  }
}

const roundUp = (bytes: number): number => Math.max(alignment, Math.ceil(bytes / alignment) * alignment);
