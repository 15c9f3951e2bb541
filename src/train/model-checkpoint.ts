import { ArgumentError } from "../core/errors.js";
import type { Callback, EpochRecord, Fit, FitResult } from "./callback.js";
import type { Checkpoint } from "./checkpoint.js";
import { Monitor, type MonitorOptions } from "./early-stopping.js";

/** Where checkpoints are kept; `CheckpointFolder` is one. */
export interface CheckpointStore {
  /** Keeps a checkpoint, as the best too if it is; tells where. What it reads of the checkpoint it asks for before it returns. */
  save(checkpoint: Checkpoint, best: boolean): Promise<string>;
}

export interface ModelCheckpointOptions extends MonitorOptions {
  /** Steps from one checkpoint to the next; only at the end of epochs if not given. */
  readonly everySteps?: number | undefined;
  /** Epochs from one checkpoint to the next; 1 if not given, never for Infinity. */
  readonly everyEpochs?: number | undefined;
  /** Whether the best epoch so far is kept as such, too; true if not given. */
  readonly keepBest?: boolean | undefined;
}

/** Saves checkpoints while the training goes on, and one where it is interrupted. */
export class ModelCheckpoint implements Callback {
  readonly name = "checkpoints";
  readonly #store: CheckpointStore;
  readonly #everySteps: number;
  readonly #everyEpochs: number;
  readonly #keepBest: boolean;
  readonly #monitor: Monitor;
  #writing: Promise<void> = Promise.resolve();
  #failure: { readonly error: unknown } | undefined;
  #savedStep = -1;

  /** Throws ArgumentError for numbers below 1. */
  constructor(store: CheckpointStore, options: ModelCheckpointOptions = {}) {
    const { everySteps = Infinity, everyEpochs = 1, keepBest = true } = options;
    if (!(everySteps >= 1) || !(everyEpochs >= 1)) {
      throw new ArgumentError(`[ModelCheckpoint] everySteps ${everySteps} and everyEpochs ${everyEpochs} must be at least 1`);
    }
    this.#store = store;
    this.#everySteps = everySteps;
    this.#everyEpochs = everyEpochs;
    this.#keepBest = keepBest;
    this.#monitor = new Monitor(options);
  }

  async onBoundary(fit: Fit, epoch: EpochRecord | undefined): Promise<void> {
    if (!epoch) {
      if (fit.step % this.#everySteps === 0) await this.#save(fit, false);
      return;
    }
    const best = this.#keepBest && this.#monitor.improves(epoch);
    if (best || epoch.epoch % this.#everyEpochs === 0) await this.#save(fit, best);
  }

  async onFitEnd(fit: Fit, { interrupted }: FitResult): Promise<void> {
    if (interrupted && this.#savedStep !== fit.step) await this.#save(fit, false);
    await this.#written();
  }

  stateDict(): { best: number | null } {
    return { best: this.#monitor.best };
  }

  /** Goes on from what `stateDict` gave. */
  loadStateDict({ best }: { best: number | null }): void {
    this.#monitor.best = best;
  }

  /** One checkpoint is written at a time. The training goes on meanwhile, since tensors never change. */
  async #save(fit: Fit, best: boolean): Promise<void> {
    await this.#written();
    const checkpoint = await fit.checkpoint();
    this.#savedStep = fit.step;
    this.#writing = this.#store
      .save(checkpoint, best)
      .then((place) => fit.announce({ step: checkpoint.step, place }))
      .catch((error: unknown) => void (this.#failure = { error }));
  }

  async #written(): Promise<void> {
    await this.#writing;
    if (this.#failure) throw this.#failure.error;
  }
}
