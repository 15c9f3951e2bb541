import { ArgumentError } from "../core/errors.js";
import type { Dataset } from "./dataset.js";
import { nextMacrotask } from "./macrotask.js";
import { Prefetch } from "./prefetch.js";
import { BatchSampler, type LoaderState } from "./sampler.js";
import type { Xoshiro128 } from "./xoshiro128.js";

export interface LoaderOptions<Batch, Result> {
  /** Examples in a batch; 1 if not given. */
  readonly batchSize?: number | undefined;
  /** A new order in every epoch; false if not given. */
  readonly shuffle?: boolean | undefined;
  /** Leaves out a last batch that is not full; false if not given. */
  readonly dropLast?: boolean | undefined;
  /** Of the order only, apart from every other random stream; 0 if not given. */
  readonly seed?: number | undefined;
  /**
   * Applied to each batch when it is prepared. What it draws from `random` depends on seed, epoch and batch only, so that a
   * resumed run draws the same.
   */
  readonly transform?: ((batch: Batch, random: Xoshiro128) => Result) | undefined;
}

/**
 * Milliseconds between the moments at which the loop lets timers, input and painting run; they may wait twice as long.
 */
const sliceMilliseconds = 5;

/**
 * Batches of a data set, one epoch for each `for await`. While the caller waits for a batch's computation, the next one
 * is prepared; and if the caller never waits, the loop gives way to timers at least every 10 ms. Leaving the loop early
 * ends the epoch.
 *
 * ```ts
 * const loader = new DataLoader(imageDataset(train), { batchSize: 64, shuffle: true });
 * for await (const [images, labels] of loader) console.log(images.shape, labels.shape);
 * ```
 */
export class DataLoader<Batch, Result = Batch> implements AsyncIterable<Result> {
  readonly dataset: Dataset<Batch>;
  readonly batchSize: number;
  /** Batches in an epoch. */
  readonly length: number;
  readonly #sampler: BatchSampler;
  readonly #transform: LoaderOptions<Batch, Result>["transform"];
  #state: LoaderState;
  #lastPause = performance.now();

  /** Throws ArgumentError for a batch size below 1 or a seed that is no whole number. */
  constructor(dataset: Dataset<Batch>, options: LoaderOptions<Batch, Result> = {}) {
    const { batchSize = 1, shuffle = false, dropLast = false, seed = 0, transform } = options;
    this.dataset = dataset;
    this.batchSize = batchSize;
    this.#sampler = new BatchSampler({ length: dataset.length, batchSize, shuffle, dropLast, seed });
    this.length = this.#sampler.batches;
    this.#transform = transform;
    this.#state = { seed, epoch: 0, batch: 0 };
  }

  /** Epochs completed. */
  get epoch(): number {
    return this.#state.epoch;
  }

  /** The share of this epoch that was handed out, from 0 to 1. */
  get progress(): number {
    return this.length === 0 ? 1 : this.#state.batch / this.length;
  }

  /** The position, counting what was handed out and not what was prepared ahead; plain data. */
  state(): LoaderState {
    return this.#state;
  }

  /**
   * Goes on from a saved position: the next loop begins with the batch that followed. Throws ArgumentError where it
   * lies outside.
   */
  loadState({ seed, epoch, batch }: LoaderState): void {
    if (seed !== this.#state.seed)
      throw new ArgumentError(
        `[DataLoader] the saved position belongs to seed ${seed}, this loader has ${this.#state.seed}: construct ` +
          "it with that seed",
      );
    if (!Number.isInteger(epoch) || epoch < 0 || !Number.isInteger(batch) || batch < 0 || batch > this.length) {
      throw new ArgumentError(
        `[DataLoader] epoch ${epoch}, batch ${batch} is no position among ${this.length} batches`,
      );
    }
    this.#state = { seed, epoch, batch };
  }

  /** The batches of one epoch, from the position on at which the loader stands. */
  async *[Symbol.asyncIterator](): AsyncGenerator<Result, void, undefined> {
    const { seed, epoch, batch: first } = this.#state;
    const order = this.#sampler.order(epoch);
    const prefetch = new Prefetch(first, this.length, (index) =>
      this.#prepare(this.#sampler.batch(order, index), () => this.#sampler.random(epoch, index)),
    );
    try {
      for (let index = first; index < this.length; index++) {
        if (performance.now() - this.#lastPause > sliceMilliseconds) await this.#pause();
        const batch = prefetch.take();
        this.#state = { seed, epoch, batch: index + 1 };
        yield batch;
      }
    } finally {
      prefetch.stop();
      this.#state = { seed, epoch: epoch + 1, batch: 0 };
    }
  }

  async #pause(): Promise<void> {
    await nextMacrotask();
    this.#lastPause = performance.now();
  }

  #prepare(indices: Int32Array, random: () => Xoshiro128): Result {
    const batch = this.dataset.batch(indices);
    // Without a transform the two types are one.
    return this.#transform ? this.#transform(batch, random()) : (batch as unknown as Result);
  }
}
