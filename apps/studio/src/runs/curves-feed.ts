import { signal } from "@preact/signals";
import { compareRuns } from "../../../../src/studio/compare-runs.js";
import type { CurvesData, CurvesQuery, LiveEvents, LiveListener, RunList, RunRow } from "./api.js";
import { toRunCurves, withLines, type RunCurves, type View } from "./curves.js";

/** Characters of an address in which the studio is told what is followed: servers take no more than 16 KiB of headers. */
const mostCharacters = 6000;

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
  #isClosed = false;
  /** Runs whose lines the studio sends; the curves of others are fetched anew when their row changes. */
  #told: ReadonlySet<string> = new Set();
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
    this.#isClosed = true;
    this.#stop?.();
    this.#followed = [];
  }

  #listen(): void {
    // What was asked for may come after the end.
    if (this.#isClosed) return;
    this.#stop?.();
    const runs = this.#growing();
    this.#told = new Set(runs);
    this.#stop = this.#source.listen(Object.fromEntries(runs.map((run) => [run, this.curves.peek().get(run)?.bytes ?? 0])), {
      onConnected: (connected) => (this.connected.value = connected),
      onEvent: (event, data) => {
        if (event === "runs") void this.#setList(data as LiveEvents["runs"]);
        else if (event === "changed") void this.#changeList(data as LiveEvents["changed"]);
        else if (event === "lines") this.#append(data as LiveEvents["lines"]);
        else void this.#restart((data as LiveEvents["reset"]).run);
      },
    });
  }

  /** Runs that get lines, as many as an address has room for. */
  #growing(): string[] {
    const running = new Set(this.list.peek()?.runs.filter(({ state }) => state === "running").map(({ id }) => id));
    let characters = 0;
    // Longer than what goes around a name and its number.
    return [...this.curves.peek().keys()].filter((run) => running.has(run) && (characters += encodeURIComponent(run).length + 30) <= mostCharacters);
  }

  #changeList({ runs, gone }: LiveEvents["changed"]): Promise<void> {
    const list = this.list.peek();
    const replaced = new Set([...gone, ...runs.map(({ id }) => id)]);
    return this.#setList({ folder: list?.folder ?? "", runs: [...(list?.runs.filter(({ id }) => !replaced.has(id)) ?? []), ...runs].sort(compareRuns) });
  }

  async #setList(list: RunList): Promise<void> {
    const before = new Map(this.list.peek()?.runs.map((row) => [row.id, row]));
    this.list.value = list;
    // The last lines of a run that has ended may not have been sent.
    const isStale = (row: RunRow): boolean => !this.#told.has(row.id) || row.state !== "running";
    const changed = list.runs.filter((row) => this.#followed.includes(row.id) && before.has(row.id) && !isSame(row, before.get(row.id)) && isStale(row));
    await Promise.all(changed.map(({ id }) => this.#fetch(id)));
    const growing = this.#growing();
    if (growing.length !== this.#told.size || growing.some((run) => !this.#told.has(run))) this.#listen();
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
      const { axis, smooth, logY, width, range } = view;
      try {
        const data = await this.#source.fetchCurves(run, { axis, smooth, log: logY ? 1 : undefined, width, from: range?.min, to: range?.max });
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

function isSame(a: RunRow, b: RunRow | undefined): boolean {
  return a === b || JSON.stringify(a) === JSON.stringify(b);
}
