import type { KeptTraining } from "./kept-training.js";
import { noHistory, type LossHistory } from "./loss-history.js";

/** What a page keeps of the lab over a reload. */
export interface KeptLab {
  /** Those of its address. */
  readonly options: Readonly<Record<string, string>>;
  readonly training: KeptTraining;
  readonly history: LossHistory;
  readonly isRunning: boolean;
  /** Steps a second; 0 for as many as there is time for. */
  readonly speed: number;
}

const key = "gradus-neuron-lab";

/** Keeps a lab for this tab alone: in another one a link begins at the beginning. Where there is no storage or no room, nothing is kept. */
export function keepInPage(lab: KeptLab): void {
  try {
    sessionStorage.setItem(key, JSON.stringify(lab));
  } catch {
    forgetInPage();
  }
}

/** What was kept last; undefined if nothing was. What cannot be read, as another version may have written it, is forgotten. */
export function keptInPage(): KeptLab | undefined {
  try {
    const lab = JSON.parse(sessionStorage.getItem(key) ?? "null") as unknown;
    if (isKeptLab(lab)) return { ...lab, history: withGaps(lab.history) };
  } catch {
    // No storage, or no JSON.
  }
  forgetInPage();
  return undefined;
}

function forgetInPage(): void {
  try {
    sessionStorage.removeItem(key);
  } catch {
    return;
  }
}

type Gaps = readonly (number | null)[];

/** A lab as JSON has it, which writes null for what is no number. */
type WrittenLab = Omit<KeptLab, "history"> & { readonly history: { readonly [name in keyof LossHistory]: Gaps } };

/** Whether the page can begin with a value; whether the training fits its network, the engine finds out. */
function isKeptLab(lab: unknown): lab is WrittenLab {
  if (!isRecord(lab)) return false;
  const { options, training, history, isRunning, speed } = lab;
  return isRecord(options) && Object.values(options).every((value) => typeof value === "string") && isTraining(training) && isHistory(history) && typeof isRunning === "boolean" && isCount(speed);
}

function isTraining(training: unknown): boolean {
  if (!isRecord(training)) return false;
  const { settings, steps, epochs, batchLoss, learner } = training;
  return isRecord(settings) && isCount(steps) && isCount(epochs) && isGapOrNumber(batchLoss) && isRecord(learner) && isRecord(learner["numbers"]) && isCount(learner["taken"]);
}

function isHistory(history: unknown): boolean {
  if (!isRecord(history)) return false;
  const lists = Object.keys(noHistory).map((name) => history[name]);
  return lists.every((list) => Array.isArray(list) && list.length === (lists[0] as Gaps).length && list.every(isGapOrNumber));
}

const isRecord = (value: unknown): value is Record<string, unknown> => typeof value === "object" && value !== null && !Array.isArray(value);
const isCount = (value: unknown): boolean => typeof value === "number" && value >= 0;
const isGapOrNumber = (value: unknown): boolean => value === null || typeof value === "number";

function withGaps({ steps, train, test, batch }: WrittenLab["history"]): LossHistory {
  const gaps = (values: Gaps): number[] => values.map((value) => value ?? NaN);
  return { steps: gaps(steps), train: gaps(train), test: gaps(test), batch: gaps(batch) };
}
