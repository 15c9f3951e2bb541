import type { AnyModule } from "../nn/index.js";
import type { Optimizer } from "../optim/index.js";
import type { Tensor } from "../tensor/index.js";
import type { Checkpoint } from "./checkpoint.js";

/** One step of a training run: one change of the parameters. */
export interface StepRecord {
  /** From 1, over all epochs. */
  readonly step: number;
  /** From 1. */
  readonly epoch: number;
  /** Mean over the step's examples. */
  readonly loss: number;
  readonly lr: number;
  /** Examples seen so far, over all epochs. */
  readonly examples: number;
  /** Seconds of training so far, without compiling and validating. */
  readonly seconds: number;
  /** What the trainer watches, by name; not read yet. */
  readonly watched?: Readonly<Record<string, Tensor>> | undefined;
}

/** Mean loss per example, and the metrics by name. */
export type Scores = { readonly loss: number } & Readonly<Record<string, number>>;

/** One pass over the training data. */
export interface EpochRecord {
  /** From 1. */
  readonly epoch: number;
  /** Steps so far. */
  readonly step: number;
  /** Mean over the examples of the epoch, as they were seen. */
  readonly loss: number;
  /** Of the last step. */
  readonly lr: number;
  /** Undefined where nothing was validated. */
  readonly validation?: Scores | undefined;
}

export interface FitResult {
  readonly steps: number;
  /** Examples seen, over all epochs. */
  readonly examples: number;
  /** Wall time without compiling and validating. */
  readonly seconds: number;
  readonly compileSeconds: number;
  /** Mean loss over the examples of the last epoch, which an interruption cuts short; NaN without a step. */
  readonly loss: number;
  /** Whether the signal ended it before its time. */
  readonly interrupted: boolean;
  /** Why a callback ended it before its time, if one did. */
  readonly stopped: string | undefined;
  /** The epochs that were completed. */
  readonly epochs: readonly EpochRecord[];
}

/** A training run as callbacks see it. */
export interface Fit {
  readonly model: AnyModule;
  readonly optimizer: Optimizer;
  /** Epochs that are planned. */
  readonly epochs: number;
  /** Steps of an epoch; undefined for a source of batches that does not know. */
  readonly stepsPerEpoch: number | undefined;
  /** Epochs completed. */
  readonly epoch: number;
  /** Steps queued. */
  readonly step: number;
  /** Ends the training after the step that runs, for a reason that the result names. */
  stop(reason: string): void;
  /**
   * Everything that the run has learned, as it is at this step boundary. To be called from `onFitStart`, `onBoundary` and
   * `onFitEnd`; elsewhere it throws ArgumentError, since losses of queued steps are being read.
   */
  checkpoint(): Promise<Checkpoint>;
  /** Tells all callbacks that a checkpoint was saved. */
  announce(saved: SavedCheckpoint): Promise<void>;
}

/** A checkpoint that was written. */
export interface SavedCheckpoint {
  readonly step: number;
  /** Where it lies. */
  readonly place: string;
}

type Hook<A extends readonly unknown[] = []> = (fit: Fit, ...args: A) => void | Promise<void>;

/** What looks on while a model is trained. Every hook may be left out; the training waits for those that return a promise. */
export interface Callback {
  /** Names the state in checkpoints; needed where there is `stateDict`. */
  readonly name?: string;
  /** Before the first step, after a checkpoint was loaded. */
  readonly onFitStart?: Hook;
  readonly onEpochStart?: Hook;
  /** Told of every step in order, some steps later: reading a loss at once would hold up the next step. */
  readonly onStepEnd?: Hook<[step: StepRecord]>;
  readonly onValidationStart?: Hook;
  readonly onValidationEnd?: Hook<[scores: Scores]>;
  readonly onEpochEnd?: Hook<[epoch: EpochRecord]>;
  /** After each step was queued, and after each epoch's `onEpochEnd`: the moments at which a checkpoint can be taken. */
  readonly onBoundary?: Hook<[epoch: EpochRecord | undefined]>;
  /** After a checkpoint was written. */
  readonly onCheckpoint?: Hook<[saved: SavedCheckpoint]>;
  /** After the last step, not where the training fails. */
  readonly onFitEnd?: Hook<[result: FitResult]>;
  /** What a resumed run has to know: plain values and tensors in arrays and object literals. */
  readonly stateDict?: () => unknown;
  /** Takes what `stateDict` gave before the run was stopped. */
  readonly loadStateDict?: (state: never) => void;
}
