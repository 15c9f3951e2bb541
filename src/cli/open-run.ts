import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { DataError } from "../core/errors.js";
import type { Module } from "../nn/index.js";
import type { Tensor } from "../tensor/index.js";
import { loadModel } from "../train/model-file.js";
import { recipeOfRun } from "./recipe-file.js";
import { recipes } from "./recipes.js";
import type { SavedRun } from "./saved-run.js";

/** The trained network of a run, in evaluation mode. Throws DataError where its folder does not hold one. */
export async function openModel(folder: string, run: SavedRun): Promise<Module<Tensor, Tensor>> {
  const named = await recipeOfRun(folder, run);
  const recipe = typeof named === "string" ? recipes.find(({ name }) => name === named) : named;
  if (!recipe) throw new DataError(`the run in ${folder} trains ${run.recipe}, which this version of Gradus does not know`);
  const path = join(folder, "model.safetensors");
  const file = await readFile(path).catch((error: unknown) => {
    const why = run.trained.interrupted ? `it was stopped before it saved one; go on with: npx gradus train --resume ${folder}` : String(error);
    throw new DataError(`the run in ${folder} has no network: ${why}`, { cause: error });
  });
  const { channels = 1, height, width } = run.preprocessing;
  const model = await recipe.model({ channels, height, width, classes: run.classes });
  loadModel(model, file);
  return model.eval();
}
