import { ArgumentError } from "../core/errors.js";
import type { Optional } from "./optimizer.js";
import { forEachGroup, LRScheduler, requireWhole, type Scheduled, type ScheduleState } from "./schedule.js";

export interface PlateauOptions {
  /** Whether the metric should fall or grow; "min" if not given. */
  readonly mode: "min" | "max";
  /** What the learning rate is multiplied by; 0.1 if not given. */
  readonly factor: number;
  /** How many steps without progress are borne; 10 if not given. */
  readonly patience: number;
  /** How much counts as progress; 0.0001 if not given. */
  readonly threshold: number;
  /** Whether the threshold is a share of the best value or a difference from it; "rel" if not given. */
  readonly thresholdMode: "rel" | "abs";
  /** Steps after a reduction in which nothing is counted; 0 if not given. */
  readonly cooldown: number;
  /** The least learning rate, for all groups or for each; 0 if not given. */
  readonly minLr: number | readonly number[];
  /** A smaller change of the learning rate is not made; 1e-8 if not given. */
  readonly eps: number;
}

/** Multiplies the learning rate by a factor whenever a metric has made no progress for more than `patience` steps. */
export class ReduceLROnPlateau extends LRScheduler {
  readonly #options: Required<PlateauOptions>;
  readonly #minLrs: readonly number[];
  #best: number | null = null;
  #badSteps = 0;
  #cooldown = 0;

  /** Throws ArgumentError for a factor outside [0, 1) and counts that are not whole. */
  constructor(
    optimizer: Scheduled,
    {
      mode = "min",
      factor = 0.1,
      patience = 10,
      threshold = 1e-4,
      thresholdMode = "rel",
      cooldown = 0,
      minLr = 0,
      eps = 1e-8,
    }: Optional<PlateauOptions> = {},
  ) {
    if (!(factor >= 0 && factor < 1))
      throw new ArgumentError(`[ReduceLROnPlateau] factor ${factor} must lie in [0, 1): a plateau lowers the rate`);
    requireWhole("patience", patience, 0);
    requireWhole("cooldown", cooldown, 0);
    super(optimizer, (lr) => lr);
    this.#minLrs = forEachGroup("minLr", optimizer, minLr);
    this.#options = { mode, factor, patience, threshold, thresholdMode, cooldown, minLr, eps };
  }

  /** Sets the next learning rates by a metric. Throws ArgumentError without one. */
  override step(metric?: number): void {
    this.#watch(metric);
    super.step();
  }

  override begin(): void {
    this.#best = null;
    this.#badSteps = 0;
    this.#cooldown = 0;
    super.begin();
  }

  override stateDict(): ScheduleState {
    return { ...super.stateDict(), best: this.#best, badSteps: this.#badSteps, cooldown: this.#cooldown };
  }

  override loadStateDict(state: ScheduleState): void {
    super.loadStateDict(state);
    this.#best = typeof state.best === "number" ? state.best : null;
    this.#badSteps = Number(state.badSteps);
    this.#cooldown = Number(state.cooldown);
  }

  #watch(metric: number | undefined): void {
    if (metric === undefined)
      throw new ArgumentError("[ReduceLROnPlateau] step needs the metric that it watches: step(validationLoss)");
    const { factor, patience, cooldown, eps } = this.#options;
    if (this.#isBetter(metric)) {
      this.#best = metric;
      this.#badSteps = 0;
    } else {
      this.#badSteps++;
    }
    if (this.#cooldown > 0) {
      this.#cooldown--;
      this.#badSteps = 0;
    }
    if (this.#badSteps <= patience) return;
    this.optimizer.groups.forEach((group, i) => {
      const next = Math.max(group.lr * factor, this.#minLrs[i] ?? 0);
      if (group.lr - next > eps) group.lr = next;
    });
    this.#cooldown = cooldown;
    this.#badSteps = 0;
  }

  #isBetter(metric: number): boolean {
    const { mode, threshold, thresholdMode } = this.#options;
    const sign = mode === "min" ? -1 : 1;
    if (this.#best === null) return sign * metric > -Infinity;
    return thresholdMode === "rel"
      ? sign * metric > sign * this.#best * (1 + sign * threshold)
      : sign * metric > sign * this.#best + threshold;
  }
}
