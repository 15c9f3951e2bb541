// What server and pages say to each other, as JSON.

/** How a run stands. */
export type RunState = "running" | "finished" | "interrupted";

/** Scores by name, such as loss and accuracy. */
export type ScoreValues = Readonly<Record<string, number>>;

/** A run in the list. */
export interface RunRow {
  /** The name of its folder; `.itself` for the folder that the studio was given. */
  readonly id: string;
  readonly name: string;
  readonly recipe: string;
  readonly data: string | null;
  readonly state: RunState;
  /** Whether a network's weights lie in it. */
  readonly hasWeights: boolean;
  /** ISO 8601. */
  readonly started: string | null;
  /** Seconds of training so far. */
  readonly seconds: number | null;
  readonly step: number | null;
  readonly epoch: number | null;
  /** Epochs that were planned. */
  readonly epochs: number | null;
  readonly parameters: number | null;
  readonly device: string | null;
  /** The last training loss. */
  readonly loss: number | null;
  readonly lastValidation: ScoreValues | null;
  /** Of each validation score the best so far: the lowest loss and error, the highest of the others. */
  readonly bestValidation: ScoreValues | null;
  readonly test: ScoreValues | null;
}

export interface RunList {
  /** The folder, as the command line named it. */
  readonly folder: string;
  readonly runs: readonly RunRow[];
}

/** All that is known of a run but its curves. */
export interface RunDetails {
  readonly row: RunRow;
  /** What recipe.json holds. */
  readonly recipe: Readonly<Record<string, unknown>>;
  /** What model.json holds; null for runs that have none. */
  readonly model: unknown;
  /** What evaluation.json holds; null for runs that have none. */
  readonly evaluation: unknown;
  /** Names of the curves, such as `train/loss`. */
  readonly tags: readonly string[];
  readonly files: readonly { readonly name: string; readonly bytes: number }[];
}

/** What the x axis counts: steps, epochs, seconds of training, or seconds since 1970. */
export type Axis = "step" | "epoch" | "seconds" | "time";

/** Points of a curve, thinned out so that its picture is the same. */
export interface CurveData {
  readonly x: readonly number[];
  /** Null where the value was no finite number. */
  readonly y: readonly (number | null)[];
  /** The same points of the smoothed curve. */
  readonly smooth: readonly (number | null)[];
  /** Whether every point of the range is there. */
  readonly complete: boolean;
  /** Where smoothing stands after the curve's last point. */
  readonly smoothing: SmoothingState;
}

/** A running mean and the number of values in it; see `Smoothing`. */
export interface SmoothingState {
  readonly mean: number;
  readonly count: number;
}

/** Some curves of a run. */
export interface CurvesData {
  /** Bytes of metrics.jsonl that were read: what comes later is sent as it comes. */
  readonly bytes: number;
  /** The last value of the x axis over all of the run. */
  readonly end: number;
  /** Seconds of training at its end, and since 1970: null where the time of day was not written. */
  readonly seconds: number;
  readonly time: number | null;
  readonly curves: Readonly<Record<string, CurveData>>;
}

/** What the studio tells on its own, by server-sent events. */
export interface LiveEvents {
  /** The list, at first. */
  readonly runs: RunList;
  /** Runs that are new or say something else than before, and the ids of those that are gone. */
  readonly changed: { readonly runs: readonly RunRow[]; readonly gone: readonly string[] };
  /** Lines that were appended to a run's metrics.jsonl, from one byte to another. */
  readonly lines: { readonly run: string; readonly from: number; readonly to: number; readonly text: string };
  /** A run's metrics.jsonl was written anew: what was read of it is void. */
  readonly reset: { readonly run: string };
}
