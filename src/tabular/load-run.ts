import { DataError } from "../core/errors.js";
import { readWhole } from "../files/files.js";
import { TabularModel } from "./tabular-model.js";

/**
 * The model that `gradus train tabular` saved in a run's folder, with its preprocessing and the target's classes:
 *
 * ```ts
 * const model = await loadTabularRun("runs/tabular-titanic-1");
 * const table = parseCsv(await readFile("new.csv", "utf8"), { kinds: model.kinds });
 * const prediction = await model.predict(table);
 * ```
 *
 * Throws DataError where files are missing, FormatError where they are damaged or of something else.
 */
export async function loadTabularRun(folder: string): Promise<TabularModel> {
  try {
    const description: unknown = JSON.parse(new TextDecoder().decode(await readWhole(`${folder}/recipe.json`)));
    return TabularModel.fromJSON(description, await readWhole(`${folder}/model.safetensors`));
  } catch (error) {
    if (!(error instanceof SyntaxError || error instanceof DataError)) throw error;
    throw new DataError(`${folder} holds no finished run: ${error.message}`, { cause: error });
  }
}
