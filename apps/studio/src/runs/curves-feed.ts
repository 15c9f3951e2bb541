import { signal } from "@preact/signals";
import type { CurvesData, LiveEvents, RunList } from "./api.js";
import type { CurvesQuery, LiveListener } from "./api.js";
import { toRunCurves, withLines, type RunCurves, type View } from "./curves.js";

/** Where a feed has its data from. */
export interface CurvesSource {
  fetchCurves(run: string, query: CurvesQuery): Promise<CurvesData>;
  listen(follow: Readonly<Record<string, number>>, listener: LiveListener): () => void;
}

/** The list of runs and the curves of those that are followed, as they are now. */
export class CurvesFeed {
  /** Undefined until the studio has told it. */
  readonly list = signal<RunList | undefined>(undefined);
  readonly curves = signal<ReadonlyMap<string, RunCurves>>(new Map());
  readonly connected = signal(true);
  /** Why curves could not be had. */
  readonly problem = signal<string | undefined>(undefined);
  readonly #source: CurvesSource;
  #view: View;
  #followed: readonly string[] = [];
  #stop: (() => void) | undefined;
  /** Runs whose curves are being fetched; true where they are to be fetched once more. */
  readonly #fetching = new Map<string, boolean>();

  constructor(source: CurvesSource, view: View) {
    this.#source = source;
    this.#view = view;
    this.#listen();
  }

  /** Draws otherwise. */
  setView(view: View): void {
    this.#view = view;
    for (const run of this.#followed) void this.#fetch(run);
  }

  /** Follows these runs and no others. */
  async follow(runs: readonly string[]): Promise<void> {
    this.#followed = runs;
    this.curves.value = new Map([...this.curves.value].filter(([run]) => runs.includes(run)));
    await Promise.all(runs.filter((run) => !this.curves.value.has(run)).map((run) => this.#fetch(run)));
    if (this.#followed === runs) this.#listen();
  }

  close(): void {
    this.#stop?.();
    this.#followed = [];
  }

  #listen(): void {
    this.#stop?.();
    const follow = Object.fromEntries([...this.curves.peek()].map(([run, { bytes }]) => [run, bytes]));
    this.#stop = this.#source.listen(follow, {
      onConnected: (connected) => (this.connected.value = connected),
      onEvent: (event, data) => {
        if (event === "runs") this.list.value = data as LiveEvents["runs"];
        else if (event === "lines") this.#append(data as LiveEvents["lines"]);
        else void this.#restart((data as LiveEvents["reset"]).run);
      },
    });
  }

  #append(lines: LiveEvents["lines"]): void {
    const run = this.curves.peek().get(lines.run);
    const grown = run && withLines(run, lines, this.#view);
    if (grown) this.#set(lines.run, grown);
    // Lines that are missing were on their way while the curves were fetched; with many more points than pixels they are thinned out again.
    if (run && (!grown || grown.added > 8 * this.#view.width)) void this.#fetch(lines.run);
  }

  /** The run's file was written anew. */
  async #restart(run: string): Promise<void> {
    await this.#fetch(run);
    this.#listen();
  }

  async #fetch(run: string): Promise<void> {
    if (this.#fetching.has(run)) {
      this.#fetching.set(run, true);
      return;
    }
    do {
      this.#fetching.set(run, false);
      const view = this.#view;
      const { axis, smooth, width, range } = view;
      try {
        const data = await this.#source.fetchCurves(run, { axis, smooth, width, from: range?.min, to: range?.max });
        if (this.#followed.includes(run) && view === this.#view) this.#set(run, toRunCurves(data, view));
        this.problem.value = undefined;
      } catch (error) {
        this.problem.value = error instanceof Error ? error.message : String(error);
      }
    } while (this.#fetching.get(run));
    this.#fetching.delete(run);
  }

  #set(run: string, curves: RunCurves): void {
    this.curves.value = new Map([...this.curves.peek(), [run, curves]]);
  }
}
