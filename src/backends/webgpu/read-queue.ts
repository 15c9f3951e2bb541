import { type Block, BufferPool } from "./buffer-pool.js";
import { bufferUsage, mapRead } from "./buffer-usage.js";
import { type Failures, isDoubtful, type Made } from "./failures.js";

interface Request {
  readonly buffer: GPUBuffer;
  readonly bytes: number;
  /** What the bytes come from and is not known to be made. */
  readonly doubts: ReadonlySet<Made>;
  readonly resolve: (bytes: Uint8Array) => void;
  readonly reject: (error: unknown) => void;
}

/** Reads that are copied into one buffer. */
interface Batch {
  readonly requests: Request[];
  readonly offsets: number[];
  bytes: number;
}

/** A batch that has this much takes no further read. */
const batchBytes = 16 << 20;

/** Brings bytes from the GPU. Reads that are asked for one after another share one submission, and small ones one buffer. */
export class ReadQueue {
  readonly #device: GPUDevice;
  readonly #failures: Failures;
  readonly #staging: BufferPool;
  #waiting: Batch[] = [];

  constructor(device: GPUDevice, failures: Failures) {
    this.#device = device;
    this.#failures = failures;
    this.#staging = new BufferPool(device, failures, bufferUsage.mapRead | bufferUsage.copyTarget);
  }

  /** Whether reads were asked for that no submission holds yet. */
  get isWaiting(): boolean {
    return this.#waiting.length > 0;
  }

  /** Of all buffers through which bytes come. */
  get stagingBytes(): number {
    return this.#staging.bytes.all;
  }

  /** Bytes of a buffer as of the next `submit`, which has to come before anything else that changes it is queued. */
  add(buffer: GPUBuffer, bytes: number, doubts: ReadonlySet<Made> = new Set()): Promise<Uint8Array> {
    return new Promise((resolve, reject) => {
      let batch = this.#waiting.at(-1);
      if (!batch || batch.bytes + bytes > batchBytes) this.#waiting.push((batch = { requests: [], offsets: [], bytes: 0 }));
      batch.requests.push({ buffer, bytes, doubts, resolve, reject });
      batch.offsets.push(batch.bytes);
      batch.bytes += Math.ceil(bytes / 8) * 8;
    });
  }

  /** Queues the reads that were asked for. Never throws: the reads do. */
  submit(): void {
    const batches = this.#waiting;
    this.#waiting = [];
    const encoder = this.#device.createCommandEncoder({ label: "read" });
    const copied = batches.flatMap((batch) => {
      try {
        const target = this.#staging.take(batch.bytes);
        batch.requests.forEach(({ buffer, bytes }, i) => {
          if (bytes > 0) encoder.copyBufferToBuffer(buffer, 0, target.buffer, batch.offsets[i] ?? 0, Math.ceil(bytes / 4) * 4);
        });
        return [{ batch, target }];
      } catch (error) {
        for (const { reject } of batch.requests) reject(error);
        return [];
      }
    });
    const doubts = new Set(copied.flatMap(({ batch, target }) => [...batch.requests.flatMap((request) => [...request.doubts]), ...(isDoubtful(target) ? [target] : [])]));
    const submit = (): void => this.#device.queue.submit([encoder.finish()]);
    const submitted = doubts.size === 0 ? submit() : this.#failures.follow(this.#device, doubts, submit);
    for (const { batch, target } of copied) void this.#deliver(batch, target, submitted ? [target, submitted] : []);
  }

  async #deliver({ requests, offsets }: Batch, target: Block, common: readonly Made[]): Promise<void> {
    const refusal = await target.buffer.mapAsync(mapRead).then(() => undefined, (cause: unknown) => ({ cause }));
    // Why it was refused is known better elsewhere.
    const checks = await Promise.allSettled(requests.map(({ doubts }) => this.#failures.checkRead([...doubts, ...common])));
    const mapped = attempt(() => target.buffer.getMappedRange());
    const settle = requests.map(({ bytes, resolve, reject }, i) => {
      const check = checks[i];
      if (check?.status === "rejected") return () => reject(check.reason);
      if (refusal) return () => reject(refusal.cause);
      // The device may be gone by now.
      if ("cause" in mapped) return () => reject(mapped.cause);
      const copy = new Uint8Array(mapped, offsets[i], bytes).slice();
      return () => resolve(copy);
    });
    target.buffer.unmap();
    this.#staging.give(target);
    for (const each of settle) each();
  }
}

/** What a call gives, or what it throws. */
function attempt<T>(call: () => T): T | { readonly cause: unknown } {
  try {
    return call();
  } catch (cause) {
    return { cause };
  }
}
