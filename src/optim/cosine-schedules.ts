import type { Optional } from "./optimizer.js";
import { LRScheduler, requireWhole, type Scheduled } from "./schedule.js";

/**
 * Follows half a cosine from the first learning rate to etaMin within tMax steps, and back again:
 * etaMin + (lr₀ − etaMin)·(1 + cos(π·t/tMax))/2. Loshchilov and Hutter 2016, without restarts.
 */
export class CosineAnnealingLR extends LRScheduler {
  /** etaMin is 0 if not given. Throws ArgumentError unless tMax is a whole number of 1 or more. */
  constructor(optimizer: Scheduled, tMax: number, { etaMin = 0 }: Optional<{ etaMin: number }> = {}) {
    requireWhole("tMax", tMax, 1);
    // Each rate follows from the one before, so that other schedules can scale it.
    super(optimizer, (lr, t, base) => {
      if (t === 0) return lr;
      if (Math.abs((t - 1 - tMax) % (2 * tMax)) === 0)
        return lr + ((base - etaMin) * (1 - Math.cos(Math.PI / tMax))) / 2;
      const ratio = (1 + Math.cos((Math.PI * t) / tMax)) / (1 + Math.cos((Math.PI * (t - 1)) / tMax));
      return ratio * (lr - etaMin) + etaMin;
    });
  }
}

/**
 * Follows half a cosine from the first learning rate to etaMin and starts again, the first time after t0 steps and each time
 * after tMult times as many as before. Loshchilov and Hutter 2016.
 */
export class CosineAnnealingWarmRestarts extends LRScheduler {
  /** tMult is 1 and etaMin 0 if not given. Throws ArgumentError unless t0 and tMult are whole numbers of 1 or more. */
  constructor(
    optimizer: Scheduled,
    t0: number,
    { tMult = 1, etaMin = 0 }: Optional<{ tMult: number; etaMin: number }> = {},
  ) {
    requireWhole("t0", t0, 1);
    requireWhole("tMult", tMult, 1);
    super(optimizer, (_, epoch, base) => {
      let [length, t] = tMult === 1 ? [t0, epoch % t0] : [t0, epoch];
      while (t >= length) {
        t -= length;
        length *= tMult;
      }
      return etaMin + ((base - etaMin) * (1 + Math.cos((Math.PI * t) / length))) / 2;
    });
  }
}
