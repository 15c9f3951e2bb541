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
