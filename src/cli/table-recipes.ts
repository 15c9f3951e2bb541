import type { TaskName } from "../tabular/index.js";
import type { RecipeDefaults } from "../train/recipe.js";

/** A way of training a network on a table. */
export interface TableRecipe {
  readonly name: string;
  /** Another name that it goes by. */
  readonly alias?: string;
  /** One line for the help. */
  readonly summary: string;
  /** Found from the target if not given. */
  readonly task?: TaskName;
  readonly defaults: RecipeDefaults;
  readonly file?: undefined;
}

/** The recipes for tables that `gradus train` knows by name. */
export const tableRecipes: readonly TableRecipe[] = [
  {
    name: "tabular",
    alias: "tabular-mlp",
    summary: "a table's column from the others: --csv FILE --target COLUMN; classes or numbers",
    defaults: { epochs: 30, batchSize: 64, optimizer: "adamw", lr: 1e-3, schedule: "one-cycle" },
  },
  {
    name: "regression",
    summary: "the same for a column of numbers",
    task: "regression",
    defaults: { epochs: 40, batchSize: 128, optimizer: "adamw", lr: 2e-3, schedule: "one-cycle" },
  },
];
