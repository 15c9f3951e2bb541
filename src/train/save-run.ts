import type { FileContents } from "../files/files.js";
import type { AnyModule } from "../nn/index.js";
import type { Scores } from "./callback.js";
import { formatLines, type MetricsLine } from "./metrics-log.js";
import { encodeModel } from "./model-file.js";
import { saveRunFolder, updateRunFolder, type SaveOptions } from "./run-folder.js";

export interface Run {
  readonly model: AnyModule;
  readonly metrics: readonly MetricsLine[];
  /** The scores on what was held out; undefined for a run that was stopped. */
  readonly scores: Scores | undefined;
  /** What `recipe.json` holds: the recipe with its options, and how inputs are prepared. */
  readonly description: Readonly<Record<string, unknown>>;
  /** What `trace.json` holds, for a run that was profiled. */
  readonly trace?: string | undefined;
  /** Further files by name. */
  readonly files?: FileContents | undefined;
}

/**
 * Saves a run as the folder `path` or, where that was taken, beside it; gives back where. The folder holds `model.safetensors`
 * (state-dict names as keys), `recipe.json` and `metrics.jsonl`: a line for each piece of the training and, for a run that came
 * to its end, a last line `{step, epoch, test: {loss, …}}` with the scores; a profiled run also has `trace.json`, and `files` come
 * on top. Throws DataError where it cannot be written.
 */
export async function saveRun(path: string, run: Run, options?: SaveOptions): Promise<string> {
  return saveRunFolder(path, await filesOf(run), options);
}

/** The same for the folder of a run that was begun: each file is replaced as a whole, `recipe.json` at last. Throws DataError. */
export async function updateRun(path: string, run: Run): Promise<void> {
  await updateRunFolder(path, await filesOf(run));
}

/** What `recipe.json` holds. */
export function formatDescription(description: Run["description"]): string {
  return `${JSON.stringify(description, null, 2)}\n`;
}

async function filesOf({ model, metrics, scores, description, trace, files }: Run): Promise<FileContents> {
  const lines: object[] = [...metrics];
  const last = metrics.at(-1);
  if (scores && last) lines.push({ step: last.step, epoch: last.epoch, test: scores });
  return new Map<string, Uint8Array | string>([
    ["model.safetensors", await encodeModel(model)],
    ["metrics.jsonl", formatLines(lines)],
    ...(trace === undefined ? [] : [["trace.json", trace] as const]),
    ...(files ?? []),
    ["recipe.json", formatDescription(description)],
  ]);
}
