import { ArgumentError } from "../core/errors.js";
import { Xoshiro128 } from "./xoshiro128.js";

/** How a loader walks through its data set. */
export interface SamplerOptions {
  readonly length: number;
  readonly batchSize: number;
  readonly shuffle: boolean;
  /** Leaves out a last batch that is not full. */
  readonly dropLast: boolean;
  readonly seed: number;
}

/** Where a loader stands: how many epochs are over and how many batches of this one were handed out. */
export interface LoaderState {
  readonly seed: number;
  readonly epoch: number;
  readonly batch: number;
}

/** Decides which examples form which batch. The order of an epoch depends on the seed and the epoch's number only. */
export class BatchSampler {
  readonly batches: number;
  readonly #options: SamplerOptions;

  /** Throws ArgumentError for a batch size below 1, or a seed that is no whole number from 0 to 2^53 − 1. */
  constructor(options: SamplerOptions) {
    const { length, batchSize, dropLast, seed } = options;
    if (!Number.isInteger(batchSize) || batchSize < 1)
      throw new ArgumentError(`[DataLoader] batchSize ${batchSize} must be a whole number above 0`);
    if (!Number.isSafeInteger(seed) || seed < 0)
      throw new ArgumentError(`[DataLoader] seed ${seed} must be a whole number from 0 to 2^53 - 1`);
    this.#options = options;
    this.batches = dropLast ? Math.floor(length / batchSize) : Math.ceil(length / batchSize);
  }

  /** The positions of all examples in the order of an epoch. */
  order(epoch: number): Int32Array {
    const { length, shuffle, seed } = this.#options;
    return shuffle ? permutation(length, new Xoshiro128(...wordsOf(seed), epoch)) : Int32Array.from({ length }, (_, i) => i);
  }

  /** The random numbers of one batch, apart from those of the order. */
  random(epoch: number, index: number): Xoshiro128 {
    return new Xoshiro128(...wordsOf(this.#options.seed), epoch, index);
  }

  /** The positions of one batch's examples. */
  batch(order: Int32Array, index: number): Int32Array {
    const { batchSize } = this.#options;
    return order.subarray(index * batchSize, (index + 1) * batchSize);
  }
}

/** The numbers from 0 to below `length`, shuffled as by Fisher and Yates. */
export function permutation(length: number, random: Xoshiro128): Int32Array {
  const order = Int32Array.from({ length }, (_, i) => i);
  for (let i = length - 1; i > 0; i--) {
    const j = random.below(i + 1);
    const swapped = order[i] ?? 0;
    order[i] = order[j] ?? 0;
    order[j] = swapped;
  }
  return order;
}

/** A seed as words of 32 bits. */
export function wordsOf(seed: number): [low: number, high: number] {
  return [seed >>> 0, Math.floor(seed / 4294967296)];
}
