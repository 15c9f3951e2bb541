import type { StepRecord } from "../train/fit.js";
import type { StepMetrics } from "../train/save-run.js";
import { formatCount, formatLoss, type ProgressLine } from "./progress-line.js";
import type { OutputStream } from "./terminal.js";

/** Steps that a shown loss is averaged over, and that one line of the metrics stands for. */
const stepsPerMetric = 20;

/**
 * Shows a training run while it goes on, and keeps its metrics: a line that is rewritten in a terminal, and everywhere a
 * line for each epoch.
 */
export class TrainingProgress {
  readonly metrics: StepMetrics[] = [];
  readonly #stream: OutputStream;
  readonly #line: ProgressLine | undefined;
  readonly #epochs: number;
  readonly #stepsPerEpoch: number;
  readonly #totalExamples: number;
  #losses: number[] = [];
  #epochLosses: number[] = [];
  #last: StepRecord | undefined;

  /** `line` is the one to rewrite, where the stream is a terminal. */
  constructor(
    stream: OutputStream,
    line: ProgressLine | undefined,
    run: { readonly epochs: number; readonly batchSize: number; readonly examples: number },
  ) {
    this.#stream = stream;
    this.#line = line;
    this.#epochs = run.epochs;
    this.#stepsPerEpoch = Math.ceil(run.examples / run.batchSize);
    this.#totalExamples = run.examples * run.epochs;
  }

  /** Takes in one step. */
  step(record: StepRecord): void {
    this.#last = record;
    this.#losses.push(record.loss);
    this.#epochLosses.push(record.loss);
    const stepInEpoch = record.step - (record.epoch - 1) * this.#stepsPerEpoch;
    const endsEpoch = stepInEpoch === this.#stepsPerEpoch;
    const examplesPerSecond = record.examples / record.seconds;
    this.#line?.update({
      epoch: record.epoch,
      epochs: this.#epochs,
      step: stepInEpoch,
      stepsPerEpoch: this.#stepsPerEpoch,
      loss: mean(this.#losses),
      examplesPerSecond,
      secondsLeft: (this.#totalExamples - record.examples) / examplesPerSecond,
    });
    if (this.#losses.length === stepsPerMetric || endsEpoch) this.#keepMetrics(record);
    if (!endsEpoch) return;
    this.#line?.clear();
    const epoch = `${String(record.epoch).padStart(String(this.#epochs).length)}/${this.#epochs}`;
    this.#stream.write(`epoch ${epoch}  loss ${formatLoss(mean(this.#epochLosses))}  ${formatCount(examplesPerSecond)} examples/s\n`);
    this.#epochLosses = [];
  }

  /** Takes the line away; to be called once after the last step. */
  end(): void {
    this.#line?.clear();
    if (this.#last && this.#losses.length > 0) this.#keepMetrics(this.#last);
  }

  #keepMetrics({ step, lr, seconds }: StepRecord): void {
    this.metrics.push({ step, epoch: step / this.#stepsPerEpoch, loss: mean(this.#losses), lr, seconds });
    this.#losses = [];
  }
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}
