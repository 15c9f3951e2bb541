import type { AnyModule } from "../nn/index.js";
import type { Evaluation } from "./evaluate.js";
import { encodeModel } from "./model-file.js";
import { saveRunFolder } from "./run-folder.js";

/** A line of `metrics.jsonl` about a piece of the training. */
export interface StepMetrics {
  /** The piece's last step, from 1 over all epochs. */
  readonly step: number;
  /** Passes over the data that were done after it, with the broken part. */
  readonly epoch: number;
  /** Mean over the piece's steps. */
  readonly loss: number;
  /** Of the piece's last step. */
  readonly lr: number;
  /** Seconds of training after it, without compiling. */
  readonly seconds: number;
}

export interface Run {
  readonly model: AnyModule;
  readonly metrics: readonly StepMetrics[];
  /** Undefined for a run that was stopped. */
  readonly evaluation: Pick<Evaluation, "loss" | "accuracy"> | undefined;
  /** What `recipe.json` holds: the recipe with its options, and how inputs are prepared. */
  readonly description: Readonly<Record<string, unknown>>;
  /** What `trace.json` holds, for a run that was profiled. */
  readonly trace?: string | undefined;
}

/**
 * Saves a run as the folder `path` or, where that was taken meanwhile, beside it; gives back where. The folder holds
 * `model.safetensors` (state-dict names as keys), `recipe.json` and `metrics.jsonl`: a line `{step, epoch, loss, lr,
 * seconds}` for each piece of the training and, for a run that came to its end, a last line
 * `{step, epoch, test: {loss, accuracy}}`; a profiled run also has `trace.json`. Throws DataError where it cannot be written.
 */
export async function saveRun(path: string, { model, metrics, evaluation, description, trace }: Run): Promise<string> {
  const lines: object[] = [...metrics];
  const last = metrics.at(-1);
  if (evaluation && last) {
    const { loss, accuracy } = evaluation;
    lines.push({ step: last.step, epoch: last.epoch, test: { loss, accuracy } });
  }
  return saveRunFolder(
    path,
    new Map<string, Uint8Array | string>([
      ["model.safetensors", await encodeModel(model)],
      ["recipe.json", `${JSON.stringify(description, null, 2)}\n`],
      ["metrics.jsonl", lines.map((line) => `${JSON.stringify(line)}\n`).join("")],
      ...(trace === undefined ? [] : [["trace.json", trace] as const]),
    ]),
  );
}
