import { ArgumentError } from "../core/errors.js";
import type { Callback, EpochRecord, Fit } from "./callback.js";

export interface MonitorOptions {
  /** "loss" or a metric's name, of the validation; the training loss where nothing is validated. "loss" if not given. */
  readonly monitor?: string | undefined;
  /** Whether lower or higher is better; "min" if not given. */
  readonly mode?: "min" | "max" | undefined;
}

export interface EarlyStoppingOptions extends MonitorOptions {
  /** Epochs without improvement that are borne; 5 if not given. */
  readonly patience?: number | undefined;
  /** What counts as an improvement; 0 if not given. */
  readonly minDelta?: number | undefined;
}

/** Keeps the best value of a score over epochs. */
export class Monitor {
  readonly #name: string;
  readonly #sign: number;
  readonly #minDelta: number;
  /** The best value, as far as there was one. */
  best: number | null = null;

  constructor({ monitor = "loss", mode = "min" }: MonitorOptions, minDelta = 0) {
    this.#name = monitor;
    this.#sign = mode === "min" ? 1 : -1;
    this.#minDelta = minDelta;
  }

  /** Takes in an epoch; whether it is the best so far. NaN never is. Throws ArgumentError where the score is missing. */
  improves({ loss, validation = { loss } }: EpochRecord): boolean {
    const value = validation[this.#name];
    if (value === undefined) {
      throw new ArgumentError(`[monitor] there is no score "${this.#name}", only ${Object.keys(validation).join(", ")}: add it to the trainer's metrics`);
    }
    if (Number.isNaN(value)) return false;
    if (this.best !== null && this.#sign * (this.best - value) <= this.#minDelta) return false;
    this.best = value;
    return true;
  }
}

/** Ends the training when a score has not improved for `patience` epochs. */
export class EarlyStopping implements Callback {
  readonly name = "early stopping";
  readonly patience: number;
  readonly #monitor: Monitor;
  #wait = 0;

  /** Throws ArgumentError for a patience below 1. */
  constructor(options: EarlyStoppingOptions = {}) {
    const { patience = 5, minDelta = 0 } = options;
    if (!Number.isInteger(patience) || patience < 1) throw new ArgumentError(`[EarlyStopping] patience ${patience} must be a whole number from 1`);
    this.patience = patience;
    this.#monitor = new Monitor(options, minDelta);
  }

  /** The best value so far; null before the first epoch. */
  get best(): number | null {
    return this.#monitor.best;
  }

  /** Stops the run where the monitored score has not improved for `patience` epochs. */
  onEpochEnd(fit: Fit, epoch: EpochRecord): void {
    if (this.#monitor.improves(epoch)) this.#wait = 0;
    else if (++this.#wait >= this.patience) fit.stop(`no improvement in ${this.patience} epochs`);
  }

  stateDict(): { best: number | null; wait: number } {
    return { best: this.best, wait: this.#wait };
  }

  /** Goes on from what `stateDict` gave. */
  loadStateDict({ best, wait }: { best: number | null; wait: number }): void {
    this.#monitor.best = best;
    this.#wait = wait;
  }
}
