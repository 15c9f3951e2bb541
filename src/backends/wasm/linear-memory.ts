import { MemoryRanges, pageBytes } from "./memory-ranges.js";
import { maxPages } from "./wasm-module.js";

/** A WebAssembly memory that this thread sees. */
export class LinearMemory extends MemoryRanges {
  readonly memory: WebAssembly.Memory;

  constructor(shared: boolean, limit: number) {
    const { memory, pages } = reserve(shared, maxPages);
    super(Math.min(limit, (pages - 1) * pageBytes));
    this.memory = memory;
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

  override write(address: number, bytes: Uint8Array<ArrayBuffer>): void {
    this.bytes(address, bytes.byteLength).set(bytes);
  }

  protected override grow(pages: number): void {
    this.memory.grow(pages);
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
