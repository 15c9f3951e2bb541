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

/** What was kept last; undefined if nothing was, or it cannot be read. */
export function keptInPage(): KeptLab | undefined {
  try {
    const lab = JSON.parse(sessionStorage.getItem(key) ?? "null") as KeptLab | null;
    return lab ? { ...lab, history: withGaps(lab.history) } : undefined;
  } catch {
    return undefined;
  }
}

function forgetInPage(): void {
  try {
    sessionStorage.removeItem(key);
  } catch {
    return;
  }
}

/** JSON writes null for what is no number. */
function withGaps(history: LossHistory): LossHistory {
  const gaps = (values: readonly (number | null)[]): number[] => values.map((value) => value ?? NaN);
  const { steps, train, test, batch } = { ...noHistory, ...history };
  return { steps, train: gaps(train), test: gaps(test), batch: gaps(batch) };
}
