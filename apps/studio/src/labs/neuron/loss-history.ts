import type { LossRecord } from "./lab-engine.js";

/** The losses of a training, step by step. */
export interface LossHistory {
  readonly steps: readonly number[];
  readonly train: readonly number[];
  /** NaN where nothing is tested. */
  readonly test: readonly number[];
  readonly batch: readonly number[];
}

export const noHistory: LossHistory = { steps: [], train: [], test: [], batch: [] };

/** Records that are kept; beyond, every second one goes. */
const most = 800;

/** The history with records at its end. One of the last step takes that one's place; an earlier one begins another training. */
export function withRecords(known: LossHistory, records: readonly LossRecord[]): LossHistory {
  const first = records[0]?.step ?? Infinity;
  const last = known.steps.at(-1) ?? -1;
  const history = first < last ? noHistory : known;
  const isSame = first === last;
  const isFull = history.steps.length + records.length > most;
  const add = (values: readonly number[], of: (record: LossRecord) => number): number[] => {
    const all = [...(isSame ? values.slice(0, -1) : values), ...records.map(of)];
    return isFull ? all.filter((_, i) => i % 2 === 0 || i === all.length - 1) : all;
  };
  return {
    steps: add(history.steps, ({ step }) => step),
    train: add(history.train, ({ train }) => train),
    test: add(history.test, ({ test }) => test),
    batch: add(history.batch, ({ batch }) => batch),
  };
}
