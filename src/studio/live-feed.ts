import { join } from "node:path";
import { LineTail } from "./line-tail.js";
import type { LiveEvents } from "./protocol.js";
import type { RunStore } from "./run-store.js";

/** Tells a page what changed: the list, and the lines of the runs that it follows. */
export class LiveFeed {
  readonly #store: RunStore;
  readonly #send: <K extends keyof LiveEvents>(event: K, data: LiveEvents[K], id?: string) => void;
  readonly #tails = new Map<string, LineTail>();
  #list = "";
  #checking: Promise<void> | undefined;
  #again = false;

  /** `follow` says of each run how many bytes of its metrics.jsonl the page has. */
  constructor(store: RunStore, follow: ReadonlyMap<string, number>, send: <K extends keyof LiveEvents>(event: K, data: LiveEvents[K], id?: string) => void) {
    this.#store = store;
    this.#send = send;
    for (const [run, offset] of follow) this.#tails.set(run, new LineTail(join(store.folder, run, "metrics.jsonl"), offset));
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
      const list = await this.#store.list();
      const text = JSON.stringify(list);
      if (text !== this.#list) this.#send("runs", list);
      this.#list = text;
    } while (this.#again);
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
