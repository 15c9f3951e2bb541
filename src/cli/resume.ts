import { ArgumentError } from "../core/errors.js";
import { recipeOfRun } from "./recipe-file.js";
import { readSavedRun } from "./saved-run.js";
import { optionOf, parseTrainOptions, type GivenOptions, type TrainOptions } from "./train-options.js";

/** What a run is: another value would make it another run. */
const fixed = [
  "data", "limit", "epochs", "batchSize", "lr", "optimizer", "seed", "validation",
  "columns", "target", "task", "drop", "keep", "heldOut",
] as const;

/** Whether a run came to its end. Throws ArgumentError where the folder holds none. */
export async function isComplete(folder: string): Promise<boolean> {
  return !(await readSavedRun(folder)).trained.interrupted;
}

/**
 * The options of the run in a folder; given ones may only say the same, but for those that do not change what is learned.
 * Throws ArgumentError.
 */
export async function optionsOfRun(folder: string, recipe: string | undefined, given: GivenOptions): Promise<TrainOptions> {
  const saved = await readSavedRun(folder);
  if (recipe !== undefined && recipe !== saved.recipe) throw new ArgumentError(`--resume ${folder}: the run trains ${saved.recipe}, not ${recipe}`);
  // A file of a user's own is found by its path, which may have changed.
  const { csv } = saved.options;
  const settings: Readonly<Partial<Record<(typeof fixed)[number] | "device", string | number | null>>> = { ...saved.options, data: csv === undefined ? saved.data : null };
  const texts: Partial<Record<keyof typeof settings | "csv", string>> = { device: String(settings.device), ...(typeof csv === "string" && { csv }) };
  for (const name of fixed) {
    const value = settings[name] ?? null;
    const text = given[name];
    if (text !== undefined && text !== value && Number(text) !== value) {
      throw new ArgumentError(`${optionOf(name)} ${text}: the run in ${folder} has ${value ?? "none"}; leave it out to go on`);
    }
    if (value !== null) texts[name] = String(value);
  }
  return parseTrainOptions(await recipeOfRun(folder, saved), { ...texts, ...given });
}
