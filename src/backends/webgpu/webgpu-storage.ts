import { DisposedError } from "../../core/errors.js";
import type { DeviceTag, Storage } from "../../ir/graph.js";
import type { Block } from "./buffer-pool.js";
import { failureAmong, isDoubtful, type Made } from "./failures.js";

/**
 * The least that a handle weighs for the garbage collector. It looks for garbage after some 64 MiB of new memory, and until
 * then as many handles hold a buffer each.
 */
const leastBallast = 64 << 10;
/** More than this in one piece some engines refuse. */
const mostBallast = 1 << 30;

const none: ReadonlySet<Made> = new Set();

/** Memory of a WebGPU device. */
export class WebgpuStorage implements Storage {
  readonly device: DeviceTag;
  readonly bytes: number;
  /** Memory of the same size that is never touched, so takes no room: V8 sees only this, and collects handles in time. Absent where there is none. */
  readonly ballast: ArrayBuffer | undefined;
  #block: Block | undefined;
  /** What its contents come from and was not known to be made when they were computed. */
  #sources: ReadonlySet<Made> = none;

  constructor(device: DeviceTag, bytes: number, block: Block) {
    this.device = device;
    this.bytes = bytes;
    this.#block = block;
    this.ballast = ballastOf(Math.min(Math.max(bytes, leastBallast), mostBallast));
  }

  get block(): Block {
    if (!this.#block) throw new DisposedError(`[webgpu] memory of ${this.bytes} bytes was given back with dispose() and is used again`);
    return this.#block;
  }

  /** Why its contents are worth nothing, as far as is known. */
  get failure(): Error | undefined {
    return failureAmong(this.#sources) ?? this.#block?.failure;
  }

  /** Adds to `target` what this depends on and is not known to be made. */
  addDoubts(target: Set<Made>): void {
    if (this.#sources.size > 0 && [...this.#sources].every(({ isKnown, failure }) => isKnown && !failure)) this.#sources = none;
    for (const source of this.#sources) if (isDoubtful(source)) target.add(source);
    if (this.#block && isDoubtful(this.#block)) target.add(this.#block);
  }

  /** Says that its contents come from these. */
  dependOn(sources: ReadonlySet<Made>): void {
    this.#sources = sources.size === 0 ? none : sources;
  }

  /** Takes the memory away. */
  detach(): Block {
    const { block } = this;
    this.#block = undefined;
    return block;
  }
}

/** A resizable buffer lies in pages of its own, which nobody fills with zeros. */
function ballastOf(bytes: number): ArrayBuffer | undefined {
  try {
    return new ArrayBuffer(bytes, { maxByteLength: bytes });
  } catch {
    // The address space is full: the GPU's memory is there all the same.
    return undefined;
  }
}
