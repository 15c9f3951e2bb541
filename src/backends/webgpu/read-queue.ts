import { type Block, BufferPool } from "./buffer-pool.js";
import { bufferUsage, mapRead } from "./buffer-usage.js";
import type { Failures } from "./failures.js";

interface Request {
  readonly buffer: GPUBuffer;
  readonly bytes: number;
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
  add(buffer: GPUBuffer, bytes: number): Promise<Uint8Array> {
    return new Promise((resolve, reject) => {
      let batch = this.#waiting.at(-1);
      if (!batch || batch.bytes + bytes > batchBytes) this.#waiting.push((batch = { requests: [], offsets: [], bytes: 0 }));
      batch.requests.push({ buffer, bytes, resolve, reject });
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
    this.#device.queue.submit([encoder.finish()]);
    for (const { batch, target } of copied) void this.#deliver(batch, target);
  }

  async #deliver({ requests, offsets }: Batch, target: Block): Promise<void> {
    try {
      const refusal = await target.buffer.mapAsync(mapRead).catch((cause: unknown) => cause);
      // Why it was refused is known better elsewhere.
      await this.#failures.check();
      if (refusal !== undefined) throw refusal;
      const bytes = new Uint8Array(target.buffer.getMappedRange());
      const results = requests.map((request, i) => bytes.slice(offsets[i], (offsets[i] ?? 0) + request.bytes));
      requests.forEach(({ resolve }, i) => resolve(results[i] ?? new Uint8Array()));
    } catch (error) {
      for (const { reject } of requests) reject(error);
    } finally {
      target.buffer.unmap();
      this.#staging.give(target);
    }
  }
}
