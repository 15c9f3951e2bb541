import { nextMacrotask } from "./macrotask.js";

/** A sequence of values, each computed when the event loop is idle or when it is taken, whichever comes first. */
export class Prefetch<T> {
  readonly #compute: (index: number) => T;
  #next: number;
  #end: number;
  #ready: { readonly value: T } | undefined;
  #scheduled = false;

  constructor(begin: number, end: number, compute: (index: number) => T) {
    this.#next = begin;
    this.#end = end;
    this.#compute = compute;
  }

  /** The next value; the one after it is begun in a later macrotask. Throws what computing it throws. */
  take(): T {
    const { value } = this.#ready ?? { value: this.#compute(this.#next) };
    this.#ready = undefined;
    this.#next++;
    this.#schedule();
    return value;
  }

  /** Computes nothing more. */
  stop(): void {
    this.#end = this.#next;
    this.#ready = undefined;
  }

  #schedule(): void {
    if (this.#scheduled || this.#next >= this.#end) return;
    this.#scheduled = true;
    void nextMacrotask().then(() => {
      this.#scheduled = false;
      if (this.#ready || this.#next >= this.#end) return;
      try {
        this.#ready = { value: this.#compute(this.#next) };
      } catch {
        // Taking the value computes it again and throws to the one who asked.
      }
    });
  }
}
