import type { Command } from "commander";
import type { Recipe } from "../train/recipe.js";
import { optimizerNames } from "../train/optimizer-names.js";
import { dataSets } from "./data-sets.js";
import { deviceNames } from "./device-names.js";
import { isRecipeFile, loadRecipeFile } from "./recipe-file.js";
import { recipes } from "./recipes.js";
import { optionsOfRun } from "./resume.js";
import { tableRecipes } from "./table-recipes.js";
import { tableSets } from "./table-sets.js";
import { parseTrainOptions, taskNames, type GivenOptions } from "./train-options.js";

const examples = `  gradus train mlp
  gradus train lenet --data mnist --data-dir ~/data --out runs/my-lenet
  gradus train softmax-regression --epochs 20 --lr 0.01 --optimizer sgd
  gradus train lenet --checkpoint-every 500 --out runs/long
  gradus train --resume runs/long
  gradus train tabular --csv passengers.csv --target survived
  gradus train regression --data california-housing
  gradus train ./my-recipe.ts
`;

/** Adds `gradus train`; `finish` is told its exit code. */
export function addTrainCommand(program: Command, finish: (exitCode: number) => void): void {
  const list = [...recipes, ...tableRecipes].map(({ name, summary }) => `  ${name.padEnd(20)} ${summary}`).join("\n");
  program
    .command("train")
    .description("train a network and save what it learned")
    .argument("[recipe]", "which network to train, see below, or the path of a file with one; --resume knows it")
    .option("--data <name>", `data set: ${dataSets.map(({ name }) => name).join(", ")}, or the path of a folder with a folder of images for each class (default: digits); tables: ${tableSets.map(({ name }) => name).join(", ")}`)
    .option("--csv <file>", "the table of recipes for tables: comma-separated values, names in the first line")
    .option("--columns <a,b,...>", "names of the file's columns, whose first line then holds data")
    .option("--target <column>", "the column to predict")
    .option("--task <name>", `${taskNames.join(", ")} (default: found from the target)`)
    .option("--drop <a,b,...>", "columns to leave out")
    .option("--keep <a,b,...>", "columns to use that would be left out, such as names and copies of the target")
    .option("--held-out <x>", "share of the rows to judge by (default: 0.2)")
    .option("--data-dir <dir>", "folder that holds the data sets' files (default: $GRADUS_DATA)")
    .option("--limit <n>", "train on the first n examples only")
    .option("--epochs <n>", "passes over the training data (default: the recipe's)")
    .option("--batch-size <n>", "examples in a step (default: the recipe's)")
    .option("--lr <x>", "highest learning rate (default: the recipe's)")
    .option("--optimizer <name>", `${optimizerNames.join(", ")} (default: the recipe's)`)
    .option("--seed <n>", "of initial weights and order of examples (default: 0)")
    .option("--device <name>", `${deviceNames.join(", ")} (default: auto)`)
    .option("--threads <n>", "threads that compute; the result does not depend on it (default: one per core)")
    .option("--out <dir>", "where the run is saved (default: a new folder in runs/)")
    .option("--overwrite", "replace the run that --out holds already")
    .option("--checkpoint-every <n>", "save all that the run has learned every n steps, for --resume")
    .option("--resume <dir>", "go on with a run that was stopped, from its last checkpoint")
    .option("--validation <x>", "share of the training examples to hold out, and to measure by after each epoch")
    .option("--grad-norm", "also write the norm of the gradient with the metrics")
    .option("--json <file>", "also write the result to a JSON file")
    .option("--profile", "also show where the time goes, and save trace.json for ui.perfetto.dev with the run")
    .addHelpText("after", `\nRecipes:\n${list}\n\nExamples:\n${examples}`)
    .action(async (recipe: string | undefined, given: GivenOptions, command: Command) => {
      if (recipe === undefined && given.resume === undefined) command.error("error: missing required argument 'recipe'");
      const options = given.resume === undefined ? parseTrainOptions(await recipeOf(recipe ?? ""), given) : await optionsOfRun(given.resume, recipe, given);
      // The library is loaded only now, so that the help comes at once.
      const { train } = await import("./train-command.js");
      finish(await train(options));
    });
}

/** A recipe's name, or what the file of a path holds. */
async function recipeOf(name: string): Promise<Recipe | string> {
  return isRecipeFile(name) ? loadRecipeFile(name) : name;
}
