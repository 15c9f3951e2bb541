import { ArgumentError } from "../core/errors.js";
import type { Optional } from "./optimizer.js";
import { forEachGroup, LRScheduler, requireMomentum, requireWhole, type Scheduled } from "./schedule.js";

export interface OneCycleOptions {
  /** How many steps the cycle takes; epochs · stepsPerEpoch if not given. */
  readonly totalSteps: number;
  /** With stepsPerEpoch, instead of totalSteps. */
  readonly epochs: number;
  /** With epochs, instead of totalSteps. */
  readonly stepsPerEpoch: number;
  /** The share of steps in which the learning rate grows; 0.3 if not given. */
  readonly pctStart: number;
  /** "cos" if not given. */
  readonly annealStrategy: "cos" | "linear";
  /** Whether the momentum falls while the learning rate grows, and the other way round; true if not given. */
  readonly cycleMomentum: boolean;
  /** The least momentum, for all groups or for each; 0.85 if not given. */
  readonly baseMomentum: number | readonly number[];
  /** The first and largest momentum; 0.95 if not given. */
  readonly maxMomentum: number | readonly number[];
  /** The first learning rate is maxLr / divFactor; 25 if not given. */
  readonly divFactor: number;
  /** The last learning rate is the first / finalDivFactor; 10,000 if not given. */
  readonly finalDivFactor: number;
  /** Falls as fast as it grew, and then goes to the end in a third phase; false if not given. */
  readonly threePhase: boolean;
}

/** Where a phase ends, and which of the first (0), largest (1) and last (2) learning rates it goes from and to. */
type Phase = readonly [end: number, from: 0 | 1 | 2, to: 0 | 1 | 2];

/**
 * One rise of the learning rate to maxLr and one fall far below the first one; the momentum goes the other way. Called after
 * every batch. Smith and Topin 2017, in PyTorch's form.
 */
export class OneCycleLR extends LRScheduler {
  /**
   * maxLr is for all groups, or one for each. Throws ArgumentError for an unknown number of steps, for pctStart outside [0, 1]
   * and where momentum is to be cycled that the optimizer does not have.
   */
  constructor(optimizer: Scheduled, maxLr: number | readonly number[], options: Optional<OneCycleOptions>) {
    const { pctStart = 0.3, annealStrategy = "cos", cycleMomentum = true, divFactor = 25 } = options;
    const { baseMomentum = 0.85, maxMomentum = 0.95, finalDivFactor = 1e4, threePhase = false } = options;
    const total = totalOf(options);
    if (!(pctStart >= 0 && pctStart <= 1))
      throw new ArgumentError(`[OneCycleLR] pctStart ${pctStart} must lie in [0, 1]`);
    const phases: Phase[] = threePhase
      ? [
          [pctStart * total - 1, 0, 1],
          [2 * pctStart * total - 2, 1, 0],
          [total - 1, 0, 2],
        ]
      : [
          [pctStart * total - 1, 0, 1],
          [total - 1, 1, 2],
        ];
    /** The value between those of the phase of a step. */
    const at = (epoch: number, values: readonly [number, number, number]): number => {
      const found = phases.findIndex(([end]) => epoch <= end);
      const index = found < 0 ? phases.length - 1 : found;
      const [end, from, to] = phases[index] ?? [total, 0, 2];
      const start = phases[index - 1]?.[0] ?? 0;
      const share = end > start ? Math.min((epoch - start) / (end - start), 1) : 1;
      const [a, b] = [values[from], values[to]];
      return annealStrategy === "cos" ? b + ((a - b) / 2) * (Math.cos(Math.PI * share) + 1) : (b - a) * share + a;
    };
    const rates = forEachGroup("maxLr", optimizer, maxLr);
    const low = forEachGroup("baseMomentum", optimizer, baseMomentum);
    const high = forEachGroup("maxMomentum", optimizer, maxMomentum);
    if (cycleMomentum) requireMomentum(optimizer);
    optimizer.groups.forEach((group, i) => (group.initialLr = (rates[i] ?? 0) / divFactor));
    super(
      optimizer,
      (_, epoch, base, i) => {
        if (epoch > total)
          throw new ArgumentError(`[OneCycleLR] the cycle has ${total} steps, and this would be number ${epoch}`);
        return at(epoch, [base, rates[i] ?? 0, base / finalDivFactor]);
      },
      cycleMomentum ? (epoch, i) => at(epoch, [high[i] ?? 0, low[i] ?? 0, high[i] ?? 0]) : undefined,
    );
  }
}

function totalOf({ totalSteps, epochs, stepsPerEpoch }: Optional<OneCycleOptions>): number {
  if (totalSteps !== undefined) return requireWhole("totalSteps", totalSteps, 1);
  if (epochs !== undefined && stepsPerEpoch !== undefined)
    return requireWhole("epochs", epochs, 1) * requireWhole("stepsPerEpoch", stepsPerEpoch, 1);
  throw new ArgumentError("[OneCycleLR] how many steps there are is unknown: pass totalSteps, or epochs and stepsPerEpoch");
}

export interface CyclicOptions {
  /** Steps of a rise; 2,000 if not given. */
  readonly stepSizeUp: number;
  /** Steps of a fall; as those of a rise if not given. */
  readonly stepSizeDown: number;
  /**
   * Whether all rises are equal, each is half of the one before, or they are scaled by gamma in every step; "triangular" if
   * not given.
   */
  readonly mode: "triangular" | "triangular2" | "expRange";
  /** 1 if not given. */
  readonly gamma: number;
  /** Whether the momentum falls while the learning rate grows, and the other way round; true if not given. */
  readonly cycleMomentum: boolean;
  /** The least momentum, for all groups or for each; 0.8 if not given. */
  readonly baseMomentum: number | readonly number[];
  /** The largest momentum, for all groups or for each; 0.9 if not given. */
  readonly maxMomentum: number | readonly number[];
}

/** Goes up and down evenly between two learning rates. Called after every batch. Smith 2015, in PyTorch's form. */
export class CyclicLR extends LRScheduler {
  /**
   * The learning rates are for all groups, or one for each. Throws ArgumentError where momentum is to be cycled that the
   * optimizer does not have.
   */
  constructor(
    optimizer: Scheduled,
    baseLr: number | readonly number[],
    maxLr: number | readonly number[],
    options: Optional<CyclicOptions> = {},
  ) {
    const { stepSizeUp = 2000, mode = "triangular", gamma = 1, cycleMomentum = true } = options;
    const { stepSizeDown = stepSizeUp, baseMomentum = 0.8, maxMomentum = 0.9 } = options;
    requireWhole("stepSizeUp", stepSizeUp, 1);
    requireWhole("stepSizeDown", stepSizeDown, 1);
    const total = stepSizeUp + stepSizeDown;
    const ratio = stepSizeUp / total;
    /** The share of the way from the lower to the upper bound. */
    const height = (epoch: number): number => {
      const cycle = Math.floor(1 + epoch / total);
      const x = 1 + epoch / total - cycle;
      const scale = mode === "triangular" ? 1 : mode === "triangular2" ? 2 ** (1 - cycle) : gamma ** epoch;
      return (x <= ratio ? x / ratio : (x - 1) / (ratio - 1)) * scale;
    };
    const lowest = forEachGroup("baseLr", optimizer, baseLr);
    const highest = forEachGroup("maxLr", optimizer, maxLr);
    const low = forEachGroup("baseMomentum", optimizer, baseMomentum);
    const high = forEachGroup("maxMomentum", optimizer, maxMomentum);
    if (cycleMomentum) requireMomentum(optimizer);
    optimizer.groups.forEach((group, i) => (group.initialLr = lowest[i]));
    super(
      optimizer,
      (_, epoch, base, i) => base + ((highest[i] ?? base) - base) * height(epoch),
      cycleMomentum ? (epoch, i) => (high[i] ?? 0) - ((high[i] ?? 0) - (low[i] ?? 0)) * height(epoch) : undefined,
    );
  }
}
