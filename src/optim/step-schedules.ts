import { ArgumentError } from "../core/errors.js";
import type { Optional } from "./optimizer.js";
import { LRScheduler, requireWhole, type Scheduled } from "./schedule.js";

/** Multiplies the learning rate by gamma every stepSize steps. */
export class StepLR extends LRScheduler {
  /** gamma is 0.1 if not given. Throws ArgumentError unless stepSize is a whole number of 1 or more. */
  constructor(optimizer: Scheduled, stepSize: number, { gamma = 0.1 }: Optional<{ gamma: number }> = {}) {
    requireWhole("stepSize", stepSize, 1);
    super(optimizer, (lr, epoch) => (epoch > 0 && epoch % stepSize === 0 ? lr * gamma : lr));
  }
}

/** Multiplies the learning rate by gamma at each milestone; one that is listed twice counts twice. */
export class MultiStepLR extends LRScheduler {
  /** gamma is 0.1 if not given. Throws ArgumentError for milestones that are not whole numbers. */
  constructor(optimizer: Scheduled, milestones: readonly number[], { gamma = 0.1 }: Optional<{ gamma: number }> = {}) {
    for (const milestone of milestones) requireWhole("milestone", milestone, 0);
    super(optimizer, (lr, epoch) =>
      epoch === 0 ? lr : lr * gamma ** milestones.filter((milestone) => milestone === epoch).length,
    );
  }
}

/** Multiplies the learning rate by gamma in every step. */
export class ExponentialLR extends LRScheduler {
  /** gamma is the factor of each step. */
  constructor(optimizer: Scheduled, gamma: number) {
    super(optimizer, (lr, epoch) => (epoch === 0 ? lr : lr * gamma));
  }
}

/** Falls from the first learning rate to 0 within totalIters steps: lr₀·(1 − t/totalIters)^power. */
export class PolynomialLR extends LRScheduler {
  /** totalIters is 5 and power 1 if not given. Throws ArgumentError unless totalIters is a whole number of 1 or more. */
  constructor(
    optimizer: Scheduled,
    { totalIters = 5, power = 1 }: Optional<{ totalIters: number; power: number }> = {},
  ) {
    requireWhole("totalIters", totalIters, 1);
    super(optimizer, (lr, epoch) =>
      epoch === 0 || epoch > totalIters ? lr : lr * ((totalIters - epoch) / (totalIters - epoch + 1)) ** power,
    );
  }
}

/** Multiplies the learning rate by a factor until totalIters steps are taken. */
export class ConstantLR extends LRScheduler {
  /** factor is 1/3 and totalIters 5 if not given. Throws ArgumentError for a factor outside (0, 1]. */
  constructor(
    optimizer: Scheduled,
    { factor = 1 / 3, totalIters = 5 }: Optional<{ factor: number; totalIters: number }> = {},
  ) {
    if (!(factor > 0 && factor <= 1)) throw new ArgumentError(`[schedule] factor ${factor} must lie in (0, 1]`);
    requireWhole("totalIters", totalIters, 0);
    super(optimizer, (lr, epoch) => (epoch === 0 ? lr * factor : epoch === totalIters ? lr * (1 / factor) : lr));
  }
}

/**
 * Multiplies the learning rate by a factor that goes evenly from startFactor to endFactor within totalIters steps: a
 * warm-up.
 */
export class LinearLR extends LRScheduler {
  /**
   * startFactor is 1/3, endFactor 1 and totalIters 5 if not given. Throws ArgumentError for a startFactor outside (0, 1] and
   * an endFactor outside [0, 1].
   */
  constructor(
    optimizer: Scheduled,
    {
      startFactor = 1 / 3,
      endFactor = 1,
      totalIters = 5,
    }: Optional<{ startFactor: number; endFactor: number; totalIters: number }> = {},
  ) {
    if (!(startFactor > 0 && startFactor <= 1 && endFactor >= 0 && endFactor <= 1)) {
      throw new ArgumentError(
        `[schedule] startFactor ${startFactor} must lie in (0, 1] and endFactor ${endFactor} in [0, 1]`,
      );
    }
    requireWhole("totalIters", totalIters, 1);
    const slope = endFactor - startFactor;
    super(optimizer, (lr, epoch) => {
      if (epoch === 0) return lr * startFactor;
      return epoch > totalIters ? lr : lr * (1 + slope / (totalIters * startFactor + (epoch - 1) * slope));
    });
  }
}

/** A factor for the number of steps taken, or one function for each group. */
export type Factor = ((epoch: number) => number) | readonly ((epoch: number) => number)[];

/** The first learning rate times a factor of your own. Functions are no part of the state. */
export class LambdaLR extends LRScheduler {
  /** Throws ArgumentError for a list that does not have one function for each group. */
  constructor(optimizer: Scheduled, lrLambda: Factor) {
    const factor = factorsOf(optimizer, lrLambda);
    super(optimizer, (_, epoch, base, i) => base * factor(i, epoch));
  }
}

/** Multiplies the learning rate in every step by a factor of your own. Functions are no part of the state. */
export class MultiplicativeLR extends LRScheduler {
  /** Throws ArgumentError for a list that does not have one function for each group. */
  constructor(optimizer: Scheduled, lrLambda: Factor) {
    const factor = factorsOf(optimizer, lrLambda);
    super(optimizer, (lr, epoch, _, i) => (epoch === 0 ? lr : lr * factor(i, epoch)));
  }
}

function factorsOf({ groups }: Scheduled, lrLambda: Factor): (index: number, epoch: number) => number {
  if (typeof lrLambda === "function") return (_, epoch) => lrLambda(epoch);
  if (lrLambda.length !== groups.length) {
    throw new ArgumentError(
      `[schedule] ${lrLambda.length} functions for ${groups.length} parameter groups: pass one for each, or one for all`,
    );
  }
  return (index, epoch) => lrLambda[index]?.(epoch) ?? 1;
}
