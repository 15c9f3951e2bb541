import { DisposedError } from "../../core/errors.js";
import type { DeviceTag, Storage } from "../../ir/graph.js";
import type { Block } from "./buffer-pool.js";

/**
 * The least that a handle weighs for the garbage collector. It looks for garbage after some 64 MiB of new memory, and until
 * then as many handles hold a buffer each.
 */
const leastBallast = 64 << 10;

/** Memory of a WebGPU device. */
export class WebgpuStorage implements Storage {
  readonly device: DeviceTag;
  readonly bytes: number;
  /** Memory of the same size that is never touched, so takes no room: V8 sees only this, and collects handles in time. */
  readonly ballast: ArrayBuffer;
  #block: Block | undefined;

  constructor(device: DeviceTag, bytes: number, block: Block) {
    this.device = device;
    this.bytes = bytes;
    this.#block = block;
    const size = Math.max(bytes, leastBallast);
    // A resizable buffer lies in pages of its own, which nobody fills with zeros.
    this.ballast = new ArrayBuffer(size, { maxByteLength: size });
  }

  get block(): Block {
    if (!this.#block) throw new DisposedError(`[webgpu] memory of ${this.bytes} bytes was given back with dispose() and is used again`);
    return this.#block;
  }

  /** Takes the memory away. */
  detach(): Block {
    const { block } = this;
    this.#block = undefined;
    return block;
  }
}
