import type { Tensor } from "../tensor/index.js";
import type { Callback, EpochRecord, Fit, FitResult, StepRecord } from "./callback.js";

/** A line about a piece of the training, with what the trainer watches (`TrainerOptions.watch`) as of its last step, by name. */
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
  /** Examples of the piece in each second of its training. */
  readonly examplesPerSecond?: number | undefined;
  /** Seconds since 1970 after it. */
  readonly time?: number | undefined;
  /** Bytes of memory that the process has, as `MetricsLogOptions.memory` said after the piece. */
  readonly memoryBytes?: number | undefined;
}

/** A line about a validation. */
export interface ValidationMetrics {
  readonly step: number;
  readonly epoch: number;
  readonly validation: NonNullable<EpochRecord["validation"]>;
}

/** A line of metrics.jsonl. */
export type MetricsLine = StepMetrics | ValidationMetrics;

export interface MetricsLogOptions {
  /** Asked for the process's memory in bytes with every line, as by `() => process.memoryUsage.rss()`; no line has it if not given. */
  readonly memory?: (() => number) | undefined;
  /** Asked for the time in seconds since 1970 with every line; no line has it if not given. */
  readonly clock?: (() => number) | undefined;
}

/** How much was seen, and how long it took, when a piece began. */
interface PieceStart {
  readonly examples: number;
  readonly seconds: number;
}

/** Keeps what `metrics.jsonl` holds: a line for each 20 steps, for the rest of an epoch, and for each validation. */
export class MetricsLog implements Callback {
  readonly name = "metrics";
  lines: MetricsLine[] = [];
  readonly #every: number;
  #losses: number[] = [];
  #last: StepRecord | undefined;
  /** Undefined where a run goes on from a checkpoint that does not say it. */
  #begun: PieceStart | undefined = { examples: 0, seconds: 0 };
  readonly #options: MetricsLogOptions;

  constructor(every = 20, options: MetricsLogOptions = {}) {
    this.#every = every;
    this.#options = options;
  }

  onStepEnd(fit: Fit, record: StepRecord): void | Promise<void> {
    this.#last = record;
    this.#losses.push(record.loss);
    if (this.#losses.length === this.#every || endsEpoch(fit, record)) return this.#keep(fit, record);
  }

  /** Writes the scores of the validation. */
  async onEpochEnd(fit: Fit, { epoch, step, validation }: EpochRecord): Promise<void> {
    if (this.#last) await this.#keep(fit, this.#last);
    if (validation) this.lines.push({ step, epoch, validation });
  }

  onFitEnd(fit: Fit, _result: FitResult): void | Promise<void> {
    if (this.#last) return this.#keep(fit, this.#last);
  }

  stateDict(): { lines: MetricsLine[]; losses: number[]; last: StepRecord | undefined; begun: PieceStart | undefined } {
    return { lines: [...this.lines], losses: [...this.#losses], last: this.#last, begun: this.#begun };
  }

  /** Goes on from what `stateDict` gave. */
  loadStateDict({ lines, losses, last, begun }: { lines: MetricsLine[]; losses: number[]; last?: StepRecord | undefined; begun?: PieceStart | undefined }): void {
    this.lines = [...lines];
    this.#losses = [...losses];
    this.#last = last;
    this.#begun = begun;
  }

  /** Ends the piece with a step; waits only where there is something to read. */
  #keep(fit: Fit, { step, epoch, lr, seconds, examples, watched }: StepRecord): void | Promise<void> {
    if (this.#losses.length === 0) return;
    const { clock, memory } = this.#options;
    const loss = this.#losses.reduce((sum, value) => sum + value, 0) / this.#losses.length;
    const examplesPerSecond = this.#begun && (examples - this.#begun.examples) / (seconds - this.#begun.seconds);
    const line: StepMetrics = {
      step,
      epoch: fit.stepsPerEpoch === undefined ? epoch : step / fit.stepsPerEpoch,
      loss,
      lr,
      seconds,
      // A clock that has not moved gives no rate.
      ...(examplesPerSecond !== undefined && Number.isFinite(examplesPerSecond) && { examplesPerSecond: Number(examplesPerSecond.toPrecision(5)) }),
      ...(clock && { time: clock() }),
      ...(memory && { memoryBytes: memory() }),
    };
    this.#losses = [];
    this.#begun = { examples, seconds };
    if (!watched || Object.keys(watched).length === 0) return void this.lines.push(line);
    return readAll(watched).then((values) => void this.lines.push({ ...line, ...values }));
  }
}

async function readAll(watched: Readonly<Record<string, Tensor>>): Promise<Record<string, number>> {
  return Object.fromEntries(await Promise.all(Object.entries(watched).map(async ([name, value]) => [name, await value.item()] as const)));
}

/** Whether a step is the last of its epoch, as far as the length of an epoch is known. */
export function endsEpoch({ stepsPerEpoch }: Fit, { step, epoch }: StepRecord): boolean {
  return stepsPerEpoch !== undefined && step === epoch * stepsPerEpoch;
}

/** Lines as `metrics.jsonl` holds them. */
export function formatLines(lines: readonly (MetricsLine | object)[]): string {
  return lines.map((line) => `${JSON.stringify(line)}\n`).join("");
}
