/**
 * Code that is needed by some programs only: a page fetches it with the first of them. Where nothing can wait for a fetch,
 * as in Node, it is provided from the start.
 */
export class LatePart<T = unknown> {
  static readonly #all: LatePart[] = [];
  readonly #fetch: () => Promise<T>;
  #part: T | undefined;
  #failure: { readonly error: unknown } | undefined;

  constructor(fetch: () => Promise<T>) {
    this.#fetch = fetch;
    LatePart.#all.push(this);
  }

  /** Fetches every part that a page may need. */
  static async fetchAll(): Promise<void> {
    await Promise.all(LatePart.#all.map((part) => part.arrive()));
  }

  provide(part: T): void {
    this.#part = part;
  }

  get isThere(): boolean {
    return this.#part !== undefined;
  }

  /** Fulfilled when it is there, or cannot be had. */
  async arrive(): Promise<void> {
    try {
      this.#part ??= await this.#fetch();
    } catch (error) {
      this.#failure = { error };
    }
  }

  /** Throws why it could not be fetched, and TypeError where nobody waited for it. */
  get value(): T {
    if (this.#part !== undefined) return this.#part;
    throw this.#failure ? this.#failure.error : new TypeError("a part of the code was used before it was there");
  }
}
