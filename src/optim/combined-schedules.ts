import { ArgumentError } from "../core/errors.js";
import { LRScheduler, requireWhole, type Scheduled, type ScheduleState } from "./schedule.js";

/** Schedules one after another: each begins anew at its milestone, such as a warm-up and what follows. */
export class SequentialLR extends LRScheduler {
  readonly #schedulers: readonly LRScheduler[];
  readonly #milestones: readonly number[];

  /**
   * The second schedule takes over after as many steps as the first milestone says. Throws ArgumentError unless there is one
   * milestone less than schedules, they grow, and all schedules are the optimizer's.
   */
  constructor(optimizer: Scheduled, schedulers: readonly LRScheduler[], milestones: readonly number[]) {
    requireCommon(optimizer, schedulers);
    if (milestones.length !== schedulers.length - 1) {
      throw new ArgumentError(
        `[SequentialLR] ${schedulers.length} schedules need ${schedulers.length - 1} milestones, and there are ${milestones.length}`,
      );
    }
    milestones.forEach((milestone, i) => requireWhole("milestone", milestone, (milestones[i - 1] ?? 0) + 1));
    schedulers[0]?.restart();
    super(optimizer, (lr) => lr);
    this.#schedulers = schedulers;
    this.#milestones = milestones;
  }

  override step(metric?: number): void {
    const epoch = this.lastEpoch + 1;
    const scheduler = this.#schedulers[this.#indexAt(epoch)];
    if (this.#milestones.includes(epoch)) scheduler?.restart();
    else scheduler?.step(metric);
    super.step();
  }

  override begin(): void {
    this.#schedulers[0]?.begin();
    super.begin();
  }

  override stateDict(): ScheduleState {
    return { ...super.stateDict(), schedulers: this.#schedulers.map((scheduler) => scheduler.stateDict()) };
  }

  override loadStateDict(state: ScheduleState): void {
    loadAll(this.#schedulers, state);
    // The present schedule has the last word on the momentum.
    const index = this.#indexAt(state.lastEpoch);
    const present = this.#schedulers[index];
    if (present) present.loadStateDict(stateAt(state, index));
    super.loadStateDict(state);
  }

  #indexAt(epoch: number): number {
    return this.#milestones.filter((milestone) => milestone <= epoch).length;
  }
}

/** Schedules that all change the learning rate in every step, one after another. */
export class ChainedScheduler extends LRScheduler {
  readonly #schedulers: readonly LRScheduler[];

  /** Throws ArgumentError for no schedules, and where they are of several optimizers. */
  constructor(schedulers: readonly LRScheduler[]) {
    const optimizer = schedulers[0]?.optimizer;
    if (!optimizer) throw new ArgumentError("[ChainedScheduler] expected one schedule or more");
    requireCommon(optimizer, schedulers);
    super(optimizer, (lr) => lr);
    this.#schedulers = schedulers;
  }

  override step(metric?: number): void {
    for (const scheduler of this.#schedulers) scheduler.step(metric);
    super.step();
  }

  override begin(): void {
    for (const scheduler of this.#schedulers) scheduler.begin();
    super.begin();
  }

  override stateDict(): ScheduleState {
    return { ...super.stateDict(), schedulers: this.#schedulers.map((scheduler) => scheduler.stateDict()) };
  }

  override loadStateDict(state: ScheduleState): void {
    loadAll(this.#schedulers, state);
    super.loadStateDict(state);
  }
}

function requireCommon(optimizer: Scheduled, schedulers: readonly LRScheduler[]): void {
  if (schedulers.every((scheduler) => scheduler.optimizer === optimizer)) return;
  throw new ArgumentError("[schedule] the schedules change different optimizers: make all of them with the same one");
}

function stateAt({ schedulers }: ScheduleState, index: number): ScheduleState {
  const state: unknown = Array.isArray(schedulers) ? schedulers[index] : undefined;
  if (typeof state === "object" && state !== null && "lastEpoch" in state) return state as ScheduleState;
  throw new ArgumentError(`[schedule] the state has no schedule ${index}: it was made by another kind of schedule`);
}

function loadAll(schedulers: readonly LRScheduler[], state: ScheduleState): void {
  const states = schedulers.map((_, i) => stateAt(state, i));
  schedulers.forEach((scheduler, i) => {
    const own = states[i];
    if (own) scheduler.loadStateDict(own);
  });
}
