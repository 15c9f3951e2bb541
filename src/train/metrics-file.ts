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

const metricsFile = "metrics.jsonl";
/** TensorBoard looks for `tfevents` in a file's name. */
const eventFile = "events.out.tfevents.gradus";

/**
 * Writes the lines of a log to `metrics.jsonl` while the training goes on, so that others can follow it. It is to follow the log in the list
 * of callbacks. Where appending to a file fails the training goes on, and the other file grows: the file of metrics is written whole by who saves the run,
 * TensorBoard's by `finish`.
 */
export class MetricsFile implements Callback {
  readonly #log: MetricsLog;
  readonly #find: () => Promise<string>;
  readonly #every: number;
  readonly #startedAt: number | undefined;
  /** Names of files that lack lines. */
  readonly #broken = new Set<string>();
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

  /** A run that goes on leaves out what was learned after its checkpoint. Rejects where `metrics.jsonl` cannot be written. */
  async onFitStart(fit: Fit): Promise<void> {
    if (fit.step === 0) return;
    const { lines } = this.#log;
    this.#folder = await this.#find();
    await writeFileAtomic(join(this.#folder, metricsFile), formatLines(lines));
    this.#written = lines.length;
    await this.#writeEvents(this.#folder).catch(() => this.#broken.add(eventFile));
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

  /**
   * Ends TensorBoard's file with the scores of the test, after `onFitEnd` and before the run is saved, which says that it is finished. Where something could
   * not be appended, the file is written whole. Gives back what kept it from being written: a run is whole without it.
   */
  async finish(scores: Readonly<Record<string, number>> | undefined): Promise<Error | undefined> {
    if (this.#folder === undefined) return undefined;
    try {
      if (this.#broken.has(eventFile)) await this.#writeEvents(this.#folder);
      if (scores && this.#events) await appendFile(join(this.#folder, eventFile), this.#events.test(scores));
      return undefined;
    } catch (error) {
      return error instanceof Error ? error : new Error(String(error));
    }
  }

  async #writeEvents(folder: string): Promise<void> {
    const events = this.#beginEvents();
    if (events) await writeFileAtomic(join(folder, eventFile), Buffer.concat([events.begin(), events.lines(this.#log.lines)]));
  }

  #beginEvents(): EventEncoder | undefined {
    return (this.#events = this.#startedAt === undefined ? undefined : new EventEncoder(this.#startedAt));
  }

  #append(): void {
    const { lines } = this.#log;
    if (lines.length <= this.#written) return;
    const folder = this.#folder;
    if (folder === undefined) {
      // The training does not wait until it is there.
      this.#finding ??= this.#find().then((found) => void (this.#folder = found), (error: unknown) => void (this.#failure = error));
      return;
    }
    // What is there from a run that died before its first checkpoint is written over.
    const isFirst = this.#written === 0;
    const fresh = lines.slice(this.#written);
    const events = isFirst ? this.#beginEvents() : this.#events;
    this.#written = lines.length;
    this.#last = performance.now();
    const write = (name: string, contents: () => string | Uint8Array): void => {
      if (this.#broken.has(name)) return;
      try {
        // A write of some hundred bytes, a few times in a second: less than what another thread would cost.
        writeFileSync(join(folder, name), contents(), { flag: isFirst ? "w" : "a" });
      } catch {
        this.#broken.add(name);
      }
    };
    write(metricsFile, () => formatLines(fresh));
    if (events) write(eventFile, () => Buffer.concat([...(isFirst ? [events.begin()] : []), events.lines(fresh)]));
  }
}
