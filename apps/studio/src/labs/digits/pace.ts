/** How fast the training goes: at full speed, slow enough to watch each batch, or not at all. */
export type Speed = "full" | "slow" | "paused";

const slowMs = 150;

/** Lets a training pass from step to step, or holds it. */
export class Pace {
  #speed: Speed = "paused";
  #granted = 0;
  #wake: (() => void) | undefined;

  get speed(): Speed {
    return this.#speed;
  }

  set speed(speed: Speed) {
    this.#speed = speed;
    this.#wake?.();
  }

  /** Lets a held training make one step. */
  grant(): void {
    this.#granted++;
    this.#wake?.();
  }

  /** Lets a training that ends pass, whatever the speed, until `hold`. */
  release(): void {
    this.#granted = Infinity;
    this.#wake?.();
  }

  /** Lets no step pass that is not granted from now on. */
  hold(): void {
    this.#granted = 0;
  }

  /** To be awaited after each step; `onHold` is called where it has to wait for the user. */
  async next(onHold: () => Promise<void>): Promise<void> {
    if (this.#speed === "slow") await this.#sleep(slowMs);
    if (this.#speed !== "paused") return;
    if (this.#granted === 0) await onHold();
    while (this.#speed === "paused" && this.#granted === 0) await this.#sleep();
    if (this.#speed === "paused") this.#granted--;
  }

  async #sleep(ms?: number): Promise<void> {
    await new Promise<void>((resolve) => {
      this.#wake = resolve;
      if (ms !== undefined) setTimeout(resolve, ms);
    });
    this.#wake = undefined;
  }
}
