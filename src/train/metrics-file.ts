import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { writeFileAtomic } from "../files/atomic-file.js";
import type { Callback, Fit } from "./callback.js";
import { formatLines, type MetricsLog } from "./metrics-log.js";

export interface MetricsFileOptions {
  /** Gives the run's folder; called once, when there is a line to write. */
  readonly folder: () => Promise<string>;
  /** Milliseconds for which lines are gathered; 250 if not given. */
  readonly every?: number | undefined;
}

/**
 * Writes the lines of a log to `metrics.jsonl` while the training goes on, so that others can follow it. It is to follow the log in the list
 * of callbacks. Where appending fails the training goes on: the file is written whole at the run's end.
 */
export class MetricsFile implements Callback {
  readonly #log: MetricsLog;
  readonly #find: () => Promise<string>;
  readonly #every: number;
  #finding: Promise<void> | undefined;
  #failure: unknown;
  #folder: string | undefined;
  #written = 0;
  #last = -Infinity;

  constructor(log: MetricsLog, { folder, every = 250 }: MetricsFileOptions) {
    this.#log = log;
    this.#find = folder;
    this.#every = every;
  }

  /** A run that goes on leaves out what was learned after its checkpoint. */
  async onFitStart(fit: Fit): Promise<void> {
    if (fit.step === 0) return;
    this.#folder = await this.#find();
    await writeFileAtomic(join(this.#folder, "metrics.jsonl"), formatLines(this.#log.lines));
    this.#written = this.#log.lines.length;
  }

  /** Throws what kept the folder from being made. */
  onStepEnd(): void {
    if (this.#failure !== undefined) throw this.#failure;
    if (this.#log.lines.length > this.#written && performance.now() - this.#last >= this.#every) this.#append();
  }

  async onFitEnd(): Promise<void> {
    this.#append();
    await this.#finding;
    if (this.#failure !== undefined) throw this.#failure;
    this.#append();
  }

  #append(): void {
    const { lines } = this.#log;
    if (lines.length === this.#written) return;
    if (this.#folder === undefined) {
      // The training does not wait until it is there.
      this.#finding ??= this.#find().then((folder) => void (this.#folder = folder), (error: unknown) => void (this.#failure = error));
      return;
    }
    // What is there from a run that died before its first checkpoint is written over.
    const flag = this.#written === 0 ? "w" : "a";
    const text = formatLines(lines.slice(this.#written));
    this.#written = lines.length;
    this.#last = performance.now();
    try {
      // A write of some hundred bytes, a few times in a second: less than what another thread would cost.
      writeFileSync(join(this.#folder, "metrics.jsonl"), text, { flag });
    } catch {
      this.#written = Infinity;
    }
  }
}
