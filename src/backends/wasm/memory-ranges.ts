interface Range {
  start: number;
  size: number;
}

export const pageBytes = 65536;
const alignment = 64;
/** The first bytes are never handed out, so that 0 is no address. */
const reserved = 1024;
/** Memory grows by at least this much, so that growing stays rare. */
const growth = 4 << 20;

/** Which ranges of a memory are free: best fit, 64-byte alignment, grown as needed and never shrunk. */
export abstract class MemoryRanges {
  readonly limit: number;
  /** In ascending order, never adjacent. */
  readonly #free: Range[] = [{ start: reserved, size: pageBytes - reserved }];
  #end = pageBytes;

  constructor(limit: number) {
    this.limit = limit;
  }

  /** Adds pages at the end. Throws where there are none. */
  protected abstract grow(pages: number): void;

  /** Puts bytes at an address; those that the caller gives away may be moved there. */
  abstract write(address: number, bytes: Uint8Array<ArrayBuffer>, give?: boolean): void;

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
        this.grow(pages);
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

const roundUp = (bytes: number): number => Math.max(alignment, Math.ceil(bytes / alignment) * alignment);
