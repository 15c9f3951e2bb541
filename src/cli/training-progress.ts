import type { Callback, EpochRecord, Fit, StepRecord } from "../train/callback.js";
import { endsEpoch } from "../train/metrics-log.js";
import { formatCount, formatLoss, type ProgressLine } from "./progress-line.js";
import type { OutputStream } from "./terminal.js";

/** Steps that a shown loss is averaged over. */
const stepsPerLoss = 20;

/** Shows a training run while it goes on: a line that is rewritten in a terminal, and everywhere a line for each epoch. */
export class TrainingProgress implements Callback {
  readonly #stream: OutputStream;
  readonly #line: ProgressLine | undefined;
  /** Examples of an epoch. */
  readonly #examples: number;
  #losses: number[] = [];
  #examplesPerSecond = NaN;

  /** `line` is the one to rewrite, where the stream is a terminal. */
  constructor(stream: OutputStream, line: ProgressLine | undefined, examples: number) {
    this.#stream = stream;
    this.#line = line;
    this.#examples = examples;
  }

  onStepEnd(fit: Fit, record: StepRecord): void {
    this.#losses.push(record.loss);
    const { stepsPerEpoch = NaN } = fit;
    this.#examplesPerSecond = record.examples / record.seconds;
    this.#line?.update({
      epoch: record.epoch,
      epochs: fit.epochs,
      step: record.step - (record.epoch - 1) * stepsPerEpoch,
      stepsPerEpoch,
      loss: this.#losses.reduce((sum, loss) => sum + loss, 0) / this.#losses.length,
      examplesPerSecond: this.#examplesPerSecond,
      secondsLeft: (this.#examples * fit.epochs - record.examples) / this.#examplesPerSecond,
    });
    if (this.#losses.length === stepsPerLoss || endsEpoch(fit, record)) this.#losses = [];
  }

  onEpochEnd(fit: Fit, { epoch, loss, validation }: EpochRecord): void {
    this.#line?.clear();
    const number = `${String(epoch).padStart(String(fit.epochs).length)}/${fit.epochs}`;
    const accuracy = validation?.["accuracy"];
    const measured = validation ? `  validation ${accuracy === undefined ? `loss ${formatLoss(validation.loss)}` : `${(100 * accuracy).toFixed(2)} %`}` : "";
    this.#stream.write(`epoch ${number}  loss ${formatLoss(loss)}${measured}  ${formatCount(this.#examplesPerSecond)} examples/s\n`);
  }
}
