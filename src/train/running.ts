import { isAbandoned, machine } from "../core/temporary-name.js";

/** The mark of the process that trains a run, in the run's `recipe.json` while it does. */
export interface RunningMark {
  readonly machine: string;
  readonly process: number;
}

/** Another machine's process is taken for ended when its run has not changed for this long. */
const silentMs = 10 * 60 * 1000;

/** The mark of this process. */
export function runningHere(): RunningMark {
  return { machine: machine(), process: process.pid };
}

/** Whether the process of a mark still trains its run, which changed last at `changedMs`; a run that was completed has no mark. */
export function isRunning(mark: RunningMark | undefined, changedMs: number): boolean {
  if (mark === undefined) return false;
  return mark.machine === machine() ? !isAbandoned(mark.machine, mark.process, changedMs) : Date.now() - changedMs < silentMs;
}
