import type { Callback, EpochRecord, Fit, FitResult, StepRecord } from "./callback.js";

/** A line about a piece of the training. */
export interface StepMetrics {
  /** The piece's last step, from 1 over all epochs. */
  readonly step: number;
  /** Passes over the data that were done after it, with the broken part. */
  readonly epoch: number;
  /** Mean over the piece's steps. */
  readonly loss: number;
  /** Of the piece's last step. */
  readonly lr: number;
  /** Seconds of training after it, without compiling. */
  readonly seconds: number;
}

/** A line about a validation. */
export interface ValidationMetrics {
  readonly step: number;
  readonly epoch: number;
  readonly validation: NonNullable<EpochRecord["validation"]>;
}

/** A line of metrics.jsonl. */
export type MetricsLine = StepMetrics | ValidationMetrics;

/** Keeps what `metrics.jsonl` holds: a line for each 20 steps, for the rest of an epoch, and for each validation. */
export class MetricsLog implements Callback {
  readonly name = "metrics";
  lines: MetricsLine[] = [];
  readonly #every: number;
  #losses: number[] = [];
  #last: StepRecord | undefined;

  constructor(every = 20) {
    this.#every = every;
  }

  onStepEnd(fit: Fit, record: StepRecord): void {
    this.#last = record;
    this.#losses.push(record.loss);
    if (this.#losses.length === this.#every || endsEpoch(fit, record)) this.#keep(fit, record);
  }

  /** Writes the scores of the validation. */
  onEpochEnd(fit: Fit, { epoch, step, validation }: EpochRecord): void {
    if (this.#last) this.#keep(fit, this.#last);
    if (validation) this.lines.push({ step, epoch, validation });
  }

  onFitEnd(fit: Fit, _result: FitResult): void {
    if (this.#last) this.#keep(fit, this.#last);
  }

  stateDict(): { lines: MetricsLine[]; losses: number[]; last: StepRecord | undefined } {
    return { lines: [...this.lines], losses: [...this.#losses], last: this.#last };
  }

  /** Goes on from what `stateDict` gave. */
  loadStateDict({ lines, losses, last }: { lines: MetricsLine[]; losses: number[]; last?: StepRecord | undefined }): void {
    this.lines = [...lines];
    this.#losses = [...losses];
    this.#last = last;
  }

  #keep(fit: Fit, { step, epoch, lr, seconds }: StepRecord): void {
    if (this.#losses.length === 0) return;
    const loss = this.#losses.reduce((sum, value) => sum + value, 0) / this.#losses.length;
    this.lines.push({ step, epoch: fit.stepsPerEpoch === undefined ? epoch : step / fit.stepsPerEpoch, loss, lr, seconds });
    this.#losses = [];
  }
}

/** Whether a step is the last of its epoch, as far as the length of an epoch is known. */
export function endsEpoch({ stepsPerEpoch }: Fit, { step, epoch }: StepRecord): boolean {
  return stepsPerEpoch !== undefined && step === epoch * stepsPerEpoch;
}
