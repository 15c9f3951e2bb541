import { DataError } from "../core/errors.js";
import { files, readWhole } from "../files/files.js";
import type { AnyModule } from "../nn/index.js";
import type { Scores } from "./callback.js";
import type { MetricsLine } from "./metrics-log.js";
import { loadModel } from "./model-file.js";
import type { Run } from "./save-run.js";

/**
 * Reads the folder of a saved run: what describes it, the lines of its metrics, and the scores of one that came to its end. Where a
 * model is given (made as the run's was), it gets the run's parameters and buffers. Throws DataError where the folder
 * holds no run, FormatError for damaged weights, StateDictError for those of another model.
 *
 * ```ts no-run
 * const { scores } = await loadRun("runs/mlp-digits-1", model);
 * ```
 */
export async function loadRun(path: string, model?: AnyModule): Promise<Pick<Run, "description" | "metrics" | "scores">> {
  const names = await (await files()).list(path);
  if (!names?.includes("recipe.json")) throw new DataError(`${path} is no run's folder: it holds no recipe.json`);
  const text = async (name: string): Promise<string> => (names.includes(name) ? new TextDecoder().decode(await readWhole(`${path}/${name}`)) : "");
  let description: Run["description"];
  let lines: (MetricsLine | { readonly test: Scores })[];
  try {
    description = JSON.parse(await text("recipe.json")) as Run["description"];
    lines = (await text("metrics.jsonl")).split("\n").filter((line) => line !== "").map((line) => JSON.parse(line) as MetricsLine);
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    throw new DataError(`${path}: recipe.json or metrics.jsonl is damaged: ${error.message}`, { cause: error });
  }
  if (model) loadModel(model, await readWhole(`${path}/model.safetensors`));
  const last = lines.at(-1);
  const scores = last && "test" in last ? last.test : undefined;
  return { description, metrics: lines.filter((line) => !("test" in line)) as MetricsLine[], scores };
}
