import { ArgumentError } from "../core/errors.js";

/** What a schedule changes of a parameter group. */
export interface ScheduledGroup {
  /** The learning rate of the next steps. */
  lr: number;
  /** The learning rate before any schedule; the first schedule writes it. */
  initialLr?: number | undefined;
  /** The momentum of the next steps, which is Adam's first beta; undefined where the optimizer has none. */
  momentum?: number | undefined;
}

/** What a schedule needs of an optimizer. */
export interface Scheduled {
  readonly groups: readonly ScheduledGroup[];
}

/** Numbers, texts, lists and records that JSON can hold. */
export type Plain = number | boolean | string | null | readonly Plain[] | { readonly [name: string]: Plain };

/** Where a schedule is; JSON can hold it. */
export interface ScheduleState {
  /** How many steps were taken. */
  readonly lastEpoch: number;
  /** The learning rates from which the schedule starts, one for each group. */
  readonly baseLrs: readonly number[];
  readonly lastLr: readonly number[];
  readonly [name: string]: Plain;
}

/**
 * The next learning rate of a group. `lr` is the present one, `epoch` the number of steps taken, `base` the rate from which
 * the schedule starts and `index` the group's position.
 */
export type LearningRateRule = (lr: number, epoch: number, base: number, index: number) => number;

/** The momentum of a group after `epoch` steps. */
export type MomentumRule = (epoch: number, index: number) => number;

/**
 * Changes the learning rates of an optimizer with time. Making a schedule sets the first rate; `step()` is called after the
 * optimizer's step, or after an epoch. A changed rate compiles nothing anew.
 */
export abstract class LRScheduler {
  readonly optimizer: Scheduled;
  readonly #rule: LearningRateRule;
  readonly #momentum: MomentumRule | undefined;
  #baseLrs: readonly number[];
  #lastEpoch = -1;
  #lastLr: readonly number[];

  /**
   * A schedule that follows a rule, and one for the momentum if it changes that too. Throws ArgumentError where a rule gives
   * a rate below 0, and for momentum where the optimizer has none.
   */
  constructor(optimizer: Scheduled, rule: LearningRateRule, momentum?: MomentumRule) {
    this.optimizer = optimizer;
    this.#rule = rule;
    this.#momentum = momentum;
    this.#baseLrs = optimizer.groups.map((group) => (group.initialLr ??= group.lr));
    this.#lastLr = this.#baseLrs;
    this.#follow(0);
  }

  /** How many steps were taken. */
  get lastEpoch(): number {
    return this.#lastEpoch;
  }

  /** The learning rates that the last step set, one for each group. */
  get lastLr(): readonly number[] {
    return this.#lastLr;
  }

  /** Sets the next learning rates. Only schedules that watch a metric take one. */
  step(_metric?: number): void {
    this.#follow(this.#lastEpoch + 1);
  }

  /** Begins anew from the first learning rates. */
  restart(): void {
    this.optimizer.groups.forEach((group, i) => (group.lr = this.#baseLrs[i] ?? group.lr));
    this.begin();
  }

  /** Begins anew from the present learning rates. */
  begin(): void {
    this.#follow(0);
  }

  /** Where the schedule is. */
  stateDict(): ScheduleState {
    return { lastEpoch: this.#lastEpoch, baseLrs: this.#baseLrs, lastLr: this.#lastLr };
  }

  /** Goes on from a state and sets its learning rates. Throws ArgumentError where it belongs to other groups. */
  loadStateDict(state: ScheduleState): void {
    requireLengths(this.optimizer, state);
    this.#baseLrs = [...state.baseLrs];
    this.#setRates(state.lastEpoch, state.lastLr);
  }

  #follow(epoch: number): void {
    this.#setRates(
      epoch,
      this.optimizer.groups.map(({ lr }, i) => this.#rule(lr, epoch, this.#baseLrs[i] ?? lr, i)),
    );
  }

  #setRates(epoch: number, rates: readonly number[]): void {
    this.#lastEpoch = epoch;
    this.optimizer.groups.forEach((group, i) => {
      group.lr = rates[i] ?? group.lr;
      if (this.#momentum) group.momentum = this.#momentum(epoch, i);
    });
    this.#lastLr = this.optimizer.groups.map(({ lr }) => lr);
  }
}

function requireLengths({ groups }: Scheduled, { baseLrs, lastLr }: ScheduleState): void {
  if (baseLrs.length === groups.length && lastLr.length === groups.length) return;
  throw new ArgumentError(
    `[schedule] the state has ${baseLrs.length} parameter groups, and the optimizer ${groups.length}: load it into a ` +
      "schedule of an optimizer with the same groups",
  );
}

/** The number itself. Throws ArgumentError unless it is whole and at least `least`. */
export function requireWhole(name: string, value: number, least: number): number {
  if (!(Number.isInteger(value) && value >= least))
    throw new ArgumentError(`[schedule] ${name} ${value} must be a whole number of ${least} or more`);
  return value;
}

/** One number for each group. Throws ArgumentError where a list has another length than the groups. */
export function forEachGroup(name: string, { groups }: Scheduled, value: number | readonly number[]): number[] {
  const values = typeof value === "number" ? groups.map(() => value) : [...value];
  if (values.length !== groups.length) {
    throw new ArgumentError(
      `[schedule] ${name} has ${values.length} numbers for ${groups.length} parameter groups: pass one for each, or one for all`,
    );
  }
  return values;
}

/** Throws ArgumentError where the optimizer has no momentum to change. */
export function requireMomentum({ groups }: Scheduled): void {
  if (groups.every(({ momentum }) => momentum !== undefined)) return;
  throw new ArgumentError(
    "[schedule] the optimizer has no momentum to cycle: make it with momentum above 0, or pass { cycleMomentum: false }",
  );
}
