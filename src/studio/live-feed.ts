import { join } from "node:path";
import { LineTail } from "./line-tail.js";
import type { LiveEvents, RunList, RunRow } from "./protocol.js";
import type { RunStore } from "./run-store.js";

/** Tells a page what changed: the list, and the lines of the runs that it follows. */
export class LiveFeed {
  readonly #store: RunStore;
  readonly #send: <K extends keyof LiveEvents>(event: K, data: LiveEvents[K], id?: string) => void;
  readonly #tails = new Map<string, LineTail>();
  /** What the page was told of each run; undefined before it was told anything. */
  #told: ReadonlyMap<string, RunRow> | undefined;
  #checking: Promise<void> | undefined;
  #again = false;

  /** `follow` says of each run how many bytes of its metrics.jsonl the page has. */
  constructor(store: RunStore, follow: ReadonlyMap<string, number>, send: <K extends keyof LiveEvents>(event: K, data: LiveEvents[K], id?: string) => void) {
    this.#store = store;
    this.#send = send;
    for (const [run, offset] of follow) this.#tails.set(run, new LineTail(join(store.placeOf(run), "metrics.jsonl"), offset));
  }

  /** Looks whether something changed. Asked while it looks, it looks once more. */
  check(): Promise<void> {
    if (this.#checking) this.#again = true;
    this.#checking ??= this.#look().finally(() => (this.#checking = undefined));
    return this.#checking;
  }

  async #look(): Promise<void> {
    do {
      this.#again = false;
      for (const [run, tail] of this.#tails) await this.#tell(run, tail);
      this.#tellRuns(await this.#store.list());
    } while (this.#again);
  }

  #tellRuns(list: RunList): void {
    const rows = new Map(list.runs.map((row) => [row.id, row]));
    const told = this.#told;
    this.#told = rows;
    if (!told) return this.#send("runs", list);
    // A row that says the same is the same object.
    const runs = list.runs.filter((row) => told.get(row.id) !== row);
    const gone = [...told.keys()].filter((id) => !rows.has(id));
    if (runs.length + gone.length > 0) this.#send("changed", { runs, gone });
  }

  async #tell(run: string, tail: LineTail): Promise<void> {
    for (let found = await tail.next(); found; found = await tail.next()) {
      if (found.kind === "reset") return this.#send("reset", { run });
      const { from, to, text } = found;
      this.#send("lines", { run, from, to, text }, this.#position());
    }
  }

  /** What the page has now, for a browser that connects again. */
  #position(): string {
    return JSON.stringify(Object.fromEntries([...this.#tails].map(([run, { offset }]) => [run, offset])));
  }
}
