import { writeFileSync } from "node:fs";
import { appendFile } from "node:fs/promises";
import { join } from "node:path";
import { writeFileAtomic } from "../files/atomic-file.js";
import type { Callback, Fit } from "./callback.js";
import { EventEncoder } from "./event-file.js";
import { formatLines, type MetricsLog } from "./metrics-log.js";

export interface MetricsFileOptions {
  /** Gives the run's folder; called once, when there is a line to write. */
  readonly folder: () => Promise<string>;
  /** Milliseconds for which lines are gathered; 250 if not given. */
  readonly every?: number | undefined;
  /** When the run began, in seconds since 1970. With it TensorBoard's event file is written as well. */
  readonly startedAt?: number | undefined;
}

/** TensorBoard looks for `tfevents` in a file's name. */
const eventFile = "events.out.tfevents.gradus";

/**
 * Writes the lines of a log to `metrics.jsonl` while the training goes on, so that others can follow it. It is to follow the log in the list
 * of callbacks. Where appending fails the training goes on: the files are written whole at the run's end.
 */
export class MetricsFile implements Callback {
  readonly #log: MetricsLog;
  readonly #find: () => Promise<string>;
  readonly #every: number;
  readonly #startedAt: number | undefined;
  #events: EventEncoder | undefined;
  #finding: Promise<void> | undefined;
  #failure: unknown;
  #folder: string | undefined;
  #written = 0;
  #last = -Infinity;

  constructor(log: MetricsLog, { folder, every = 250, startedAt }: MetricsFileOptions) {
    this.#log = log;
    this.#find = folder;
    this.#every = every;
    this.#startedAt = startedAt;
  }

  /** A run that goes on leaves out what was learned after its checkpoint. */
  async onFitStart(fit: Fit): Promise<void> {
    if (fit.step === 0) return;
    this.#folder = await this.#find();
    await this.#writeAll(this.#folder);
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

  /** Ends TensorBoard's file with the scores of the test, after `onFitEnd`. Where nothing could be appended, both files are written whole. Rejects where that fails too. */
  async finish(scores: Readonly<Record<string, number>> | undefined): Promise<void> {
    const folder = (this.#folder ??= await this.#find());
    if (this.#written === Infinity) await this.#writeAll(folder);
    if (scores && this.#events) await appendFile(join(folder, eventFile), this.#events.test(scores));
  }

  async #writeAll(folder: string): Promise<void> {
    const { lines } = this.#log;
    await writeFileAtomic(join(folder, "metrics.jsonl"), formatLines(lines));
    const events = this.#beginEvents();
    if (events) await writeFileAtomic(join(folder, eventFile), Buffer.concat([events.begin(), events.lines(lines)]));
    this.#written = lines.length;
  }

  #beginEvents(): EventEncoder | undefined {
    return (this.#events = this.#startedAt === undefined ? undefined : new EventEncoder(this.#startedAt));
  }

  #append(): void {
    const { lines } = this.#log;
    if (lines.length <= this.#written) return;
    if (this.#folder === undefined) {
      // The training does not wait until it is there.
      this.#finding ??= this.#find().then((folder) => void (this.#folder = folder), (error: unknown) => void (this.#failure = error));
      return;
    }
    // What is there from a run that died before its first checkpoint is written over.
    const isFirst = this.#written === 0;
    const flag = isFirst ? "w" : "a";
    const fresh = lines.slice(this.#written);
    const events = isFirst ? this.#beginEvents() : this.#events;
    this.#written = lines.length;
    this.#last = performance.now();
    try {
      // A write of some hundred bytes, a few times in a second: less than what another thread would cost.
      writeFileSync(join(this.#folder, "metrics.jsonl"), formatLines(fresh), { flag });
      if (events) writeFileSync(join(this.#folder, eventFile), Buffer.concat([...(isFirst ? [events.begin()] : []), events.lines(fresh)]), { flag });
    } catch {
      this.#written = Infinity;
    }
  }
}
