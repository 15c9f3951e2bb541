import type { LoaderState } from "../data/sampler.js";
import { AnyModule, type StateDict } from "../nn/index.js";
import type { Optimizer, OptimizerState } from "../optim/index.js";
import { defaultGenerator } from "../runtime/generator.js";
import type { Callback, EpochRecord } from "./callback.js";
import type { LossSum } from "./loss-reader.js";

/** A schedule with state, such as those of `optim`. */
export interface Schedule {
  /** To be called after the change of the parameters that it follows; `metric` is the validation loss of an epoch. */
  step(metric?: number): void;
  /** What `loadStateDict` goes on from: plain values. */
  stateDict(): unknown;
  /** Goes on from what `stateDict` gave. */
  loadStateDict(state: never): void;
}

/** An average of a model's weights; see `optim.EMA`. */
export interface WeightAverage {
  /** Takes in the weights as they are. */
  update(): void;
  /** Puts the average in the place of the weights. */
  apply(): void;
  /** Puts the weights back. */
  restore(): void;
  /** The average, by the names of the weights. */
  stateDict(): StateDict;
  /** Goes on from what `stateDict` gave. */
  loadStateDict(state: StateDict): void;
}

/** Everything that changes in a training, but for its position. */
export interface TrainedParts {
  readonly model: AnyModule;
  /** A loss may be a module with state. */
  readonly loss: unknown;
  readonly average?: WeightAverage | undefined;
  readonly optimizer: Optimizer;
  readonly schedule?: Schedule | ((step: number) => number) | undefined;
  readonly callbacks?: readonly Callback[] | undefined;
}

/** What a checkpoint says of them. */
export interface PartsState {
  readonly model: StateDict;
  readonly loss: StateDict;
  readonly average?: StateDict | undefined;
  readonly optimizer: OptimizerState;
  readonly schedule?: unknown;
  /** The stream that `manualSeed` starts. */
  readonly random: { readonly key: readonly [number, number]; readonly counter: number };
  readonly callbacks: Readonly<Record<string, unknown>>;
}

/** What a checkpoint says of how far a run came. */
export interface RunPosition {
  readonly loader?: LoaderState | undefined;
  readonly validationLoader?: LoaderState | undefined;
  readonly progress: {
    readonly step: number;
    readonly examples: number;
    /** Epochs completed, and batches of the one that runs. */
    readonly epoch: number;
    readonly batch: number;
    /** Losses of the epoch that runs. */
    readonly losses: LossSum;
    readonly seconds: number;
    readonly stopped: string | null;
    readonly history: readonly EpochRecord[];
  };
}

/** The parts as they are now; nothing is read yet. */
export function captureParts({ model, loss, average, optimizer, schedule, callbacks = [] }: TrainedParts): PartsState {
  const named = callbacks.filter((callback) => callback.stateDict);
  return {
    model: model.stateDict(),
    loss: loss instanceof AnyModule ? loss.stateDict() : {},
    average: average?.stateDict(),
    optimizer: optimizer.stateDict(),
    schedule: typeof schedule === "object" ? schedule.stateDict() : undefined,
    random: { key: defaultGenerator.key, counter: defaultGenerator.counter },
    callbacks: Object.fromEntries(named.map((callback) => [callback.name, callback.stateDict?.()])),
  };
}

/** Puts the parts into a state. Throws StateDictError and ArgumentError where it belongs to other parts. */
export function restoreParts({ model, loss, average, optimizer, schedule, callbacks = [] }: TrainedParts, state: PartsState): void {
  model.loadStateDict(state.model);
  if (loss instanceof AnyModule) loss.loadStateDict(state.loss);
  if (state.average) average?.loadStateDict(state.average);
  optimizer.loadStateDict(state.optimizer);
  if (typeof schedule === "object") schedule.loadStateDict(state.schedule as never);
  defaultGenerator.key = state.random.key;
  defaultGenerator.counter = state.random.counter;
  for (const callback of callbacks) {
    const own = callback.name === undefined ? undefined : state.callbacks[callback.name];
    if (own !== undefined) callback.loadStateDict?.(own as never);
  }
}
