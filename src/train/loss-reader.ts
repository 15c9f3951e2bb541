import { NonFiniteError } from "../core/errors.js";
import type { StepRecord } from "./callback.js";

/** A step whose loss was not read yet. */
export interface UnreadStep {
  readonly record: Omit<StepRecord, "loss" | "seconds">;
  /** Losses of the step's batches, and the examples that each is the mean of. */
  readonly losses: readonly Promise<number>[];
  readonly counts: readonly number[];
}

/** Sum of losses over examples; what a checkpoint keeps of the epoch that runs. */
export interface LossSum {
  readonly sum: number;
  readonly count: number;
}

/** Reads losses in order, a few steps behind the queue. */
export class LossReader {
  readonly #unread: UnreadStep[] = [];
  readonly #onStep: (step: UnreadStep["record"], loss: number) => void | Promise<void>;
  #sum = 0;
  #count = 0;
  /** Whether a step is being reported. */
  reporting = false;

  constructor(onStep: (step: UnreadStep["record"], loss: number) => void | Promise<void>) {
    this.#onStep = onStep;
  }

  /** Over the examples of this epoch that were read. */
  get total(): LossSum {
    return { sum: this.#sum, count: this.#count };
  }

  /** Begins an epoch, or goes on with one. */
  begin({ sum, count }: LossSum = { sum: 0, count: 0 }): void {
    this.#sum = sum;
    this.#count = count;
  }

  push(unread: UnreadStep): void {
    // A failure is thrown when the loss is read; until then it is no unhandled rejection.
    for (const loss of unread.losses) loss.catch(() => undefined);
    this.#unread.push(unread);
  }

  /** Reads until at most `rest` steps are unread. Throws NonFiniteError with the step whose loss is none. */
  async read(rest: number): Promise<void> {
    while (this.#unread.length > rest) {
      const next = this.#unread.shift();
      if (!next) return;
      const { losses, counts, record } = next;
      let sum = 0;
      let count = 0;
      for (let i = 0; i < losses.length; i++) {
        const examples = counts[i] ?? 0;
        sum += (await (losses[i] ?? NaN)) * examples;
        count += examples;
      }
      const loss = sum / count;
      if (!Number.isFinite(loss)) {
        throw new NonFiniteError(
          `[fit] the loss of step ${record.step} (epoch ${record.epoch}) is ${loss}, expected a finite number: ` +
            `lower the learning rate, which is ${record.lr} in this step, or look for damaged values in the data`,
        );
      }
      this.#sum += sum;
      this.#count += count;
      this.reporting = true;
      try {
        const waiting = this.#onStep(record, loss);
        if (waiting) await waiting;
      } finally {
        this.reporting = false;
      }
    }
  }
}
