import { recordFields, recordLength, type ProgramDescription } from "../../runtime/profile.js";
import { bufferUsage } from "./buffer-usage.js";

/** Timestamps that one query set may have. */
const mostTimestamps = 4096;
const timestampBytes = 8;

/**
 * Takes the GPU's time at the start and the end of every dispatch of a run. Browsers round it to 100 microseconds or so, lest pages
 * spy on each other: there only sums over many runs say something about short kernels.
 */
export class RunTimer {
  readonly #device: GPUDevice;
  readonly #set: GPUQuerySet;

  constructor(device: GPUDevice) {
    this.#device = device;
    this.#set = device.createQuerySet({ type: "timestamp", count: mostTimestamps });
  }

  /**
   * Encodes `count` dispatches, each in a pass of its own, and copies their times into a buffer, two for each in
   * nanoseconds. `encode` writes one dispatch.
   */
  encode(encoder: GPUCommandEncoder, count: number, encode: (pass: GPUComputePassEncoder, dispatch: number) => void): GPUBuffer {
    const times = this.#device.createBuffer({ size: Math.max(256, 2 * timestampBytes * count), usage: bufferUsage.queryResolve | bufferUsage.copySource });
    for (let begin = 0; begin < count; begin += mostTimestamps / 2) {
      const end = Math.min(count, begin + mostTimestamps / 2);
      for (let n = begin; n < end; n++) {
        const beginningOfPassWriteIndex = 2 * (n - begin);
        const pass = encoder.beginComputePass({ timestampWrites: { querySet: this.#set, beginningOfPassWriteIndex, endOfPassWriteIndex: beginningOfPassWriteIndex + 1 } });
        encode(pass, n);
        pass.end();
      }
      encoder.resolveQuerySet(this.#set, 0, 2 * (end - begin), times, 2 * timestampBytes * begin);
    }
    return times;
  }

  close(): void {
    this.#set.destroy();
  }
}

/** The record of a run from its timestamps; `steps` says which launch or copy each dispatch is. */
export function recordOf(description: ProgramDescription, steps: Uint32Array, timestamps: Uint8Array): Float64Array {
  const record = new Float64Array(recordLength(description));
  const times = new BigUint64Array(timestamps.buffer, timestamps.byteOffset, 2 * steps.length);
  const start = times[0] ?? 0n;
  const since = (i: number): number => Number((times[i] ?? start) - start) / 1e6;
  let last = 0;
  let inside = 0;
  steps.forEach((step, n) => {
    const field = recordFields * (1 + step);
    const [begin, end] = [Math.max(last, since(2 * n)), Math.max(last, since(2 * n + 1))];
    record[field] = (record[field] ?? 0) + (end - begin);
    inside += end - begin;
    last = end;
  });
  // A record that starts at 0 is none.
  record[0] = Math.max(Number(start) / 1e6, Number.MIN_VALUE);
  record[1] = last - inside;
  return record;
}
