import type { Snapshot } from "./lab-engine.js";

/** What a training's snapshots said, step by step. */
export interface LossHistory {
  readonly steps: readonly number[];
  readonly train: readonly number[];
  /** NaN where nothing is tested. */
  readonly test: readonly number[];
  readonly batch: readonly number[];
}

export const noHistory: LossHistory = { steps: [], train: [], test: [], batch: [] };

/** Moments that are kept; beyond, every second one goes. */
const most = 800;

/** The history with a snapshot at its end, in place of one of the same step. */
export function withSnapshot(history: LossHistory, { steps, train, test, batchLoss }: Snapshot): LossHistory {
  const isSame = history.steps.at(-1) === steps;
  const isFull = history.steps.length >= most;
  const add = (values: readonly number[], value: number): number[] => [
    ...(isSame ? values.slice(0, -1) : isFull ? values.filter((_, i) => i % 2 === 0) : values),
    value,
  ];
  return {
    steps: add(history.steps, steps),
    train: add(history.train, train.loss),
    test: add(history.test, test?.loss ?? NaN),
    batch: add(history.batch, batchLoss ?? NaN),
  };
}
