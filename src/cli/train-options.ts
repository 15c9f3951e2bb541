import { ArgumentError } from "../core/errors.js";
import { optimizerNames, usualLearningRate, type OptimizerName } from "../train/optimizer-names.js";
import type { TaskName } from "../tabular/index.js";
import type { Recipe } from "../train/recipe.js";
import type { ScheduleName } from "../train/schedule.js";
import { dataOfRecipe, type DataSet } from "./data-sets.js";
import { parseDevice, type DeviceName } from "./device-names.js";
import { oneOf } from "./one-of.js";
import { recipes } from "./recipes.js";
import { tableRecipes, type TableRecipe } from "./table-recipes.js";
import { csvSet, tableSets, type TableSet } from "./table-sets.js";

/** Options of every recipe; what is undefined was not given. */
interface CommonOptions {
  readonly dataDir: string | undefined;
  readonly limit: number | undefined;
  readonly epochs: number;
  readonly batchSize: number;
  readonly optimizer: OptimizerName;
  /** The highest learning rate of the schedule. */
  readonly lr: number;
  readonly schedule: ScheduleName;
  readonly seed: number;
  readonly device: DeviceName;
  readonly threads: number | undefined;
  readonly out: string | undefined;
  /** Steps from one checkpoint to the next; undefined for none but after Ctrl-C. */
  readonly checkpointEvery: number | undefined;
  /** The folder of the run to go on with. */
  readonly resume: string | undefined;
  readonly json: string | undefined;
  readonly profile: boolean;
  /** The share of the training examples that is held out, to measure by after each epoch. */
  readonly validation: number | undefined;
  /** The norm of the gradient is written with the metrics. */
  readonly gradNorm: boolean;
  /** A run that is at `out` already is replaced. */
  readonly overwrite: boolean;
}

/** A recipe for images, and its images. */
export interface ImageTrainOptions extends CommonOptions {
  readonly recipe: Recipe;
  readonly data: DataSet;
  readonly table?: undefined;
}

/** A recipe for a table, and its table. */
export interface TableTrainOptions extends CommonOptions {
  readonly recipe: TableRecipe;
  readonly data: TableSet;
  readonly table: TableChoices;
}

/** A checked `gradus train` command line. */
export type TrainOptions = ImageTrainOptions | TableTrainOptions;

/** What is to be learned from a table. */
export interface TableChoices {
  /** The name of a known table. */
  readonly set: string | undefined;
  readonly target: string | undefined;
  readonly task: TaskName | undefined;
  readonly drop: readonly string[];
  readonly keep: readonly string[];
  /** The share of the rows that is held out. */
  readonly heldOut: number | undefined;
  /** The same options as they were given. */
  readonly given: Readonly<Partial<Record<TableOption, string>>>;
}

/** The options that only recipes for tables have. */
export const tableOptionNames = ["csv", "columns", "target", "task", "drop", "keep", "heldOut"] as const;

export const taskNames: readonly TaskName[] = ["classification", "regression"];

export type TableOption = (typeof tableOptionNames)[number];

/** Options as text, by their names in camelCase, and those that stand alone. */
export type GivenOptions = Readonly<Partial<Record<ValueOption, string>>> & {
  readonly profile?: true;
  readonly overwrite?: true;
  readonly gradNorm?: true;
};

type ValueOption =
  | "data"
  | "dataDir"
  | "limit"
  | "epochs"
  | "batchSize"
  | "lr"
  | "optimizer"
  | "seed"
  | "device"
  | "threads"
  | "out"
  | "checkpointEvery"
  | "resume"
  | "json"
  | "validation"
  | TableOption;

/** Checks every option. Throws ArgumentError that names the option, what came, and what is expected. */
export function parseTrainOptions(recipeOrName: Recipe | string, given: GivenOptions): TrainOptions {
  if (given.resume !== undefined && given.out !== undefined) {
    throw new ArgumentError(`--out ${given.out}: a run that is resumed stays in its folder; leave it out`);
  }
  const recipe = typeof recipeOrName === "string" ? recipeOf(recipeOrName) : recipeOrName;
  if ("model" in recipe) return { recipe, data: imagesOf(recipe, given), ...commonOptions(recipe, given) };
  return { recipe, ...tableOf(recipe, given), ...commonOptions(recipe, given) };
}

function commonOptions({ defaults }: Recipe | TableRecipe, given: GivenOptions): CommonOptions {
  const optimizer = oneOf("--optimizer", given.optimizer ?? defaults.optimizer, optimizerNames);
  // A rate that suits one optimizer does not suit another.
  const usualLr = optimizer === defaults.optimizer ? defaults.lr : usualLearningRate[optimizer];
  return {
    dataDir: given.dataDir,
    limit: optional(given.limit, (text) => wholeNumber("--limit", text, 1)),
    epochs: optional(given.epochs, (text) => wholeNumber("--epochs", text, 1)) ?? defaults.epochs,
    batchSize: optional(given.batchSize, (text) => wholeNumber("--batch-size", text, 1)) ?? defaults.batchSize,
    optimizer,
    lr: optional(given.lr, (text) => positiveNumber("--lr", text)) ?? usualLr,
    schedule: defaults.schedule,
    seed: optional(given.seed, (text) => wholeNumber("--seed", text, 0)) ?? 0,
    device: parseDevice(given.device),
    threads: optional(given.threads, (text) => wholeNumber("--threads", text, 1)),
    out: given.out,
    checkpointEvery: optional(given.checkpointEvery, (text) => wholeNumber("--checkpoint-every", text, 1)),
    resume: given.resume,
    json: given.json,
    profile: given.profile === true,
    validation: optional(given.validation, (text) => share("--validation", text)),
    gradNorm: given.gradNorm === true,
    overwrite: given.overwrite === true,
  };
}

function recipeOf(name: string): Recipe | TableRecipe {
  const spelled = tableRecipes.find(({ alias }) => alias === name)?.name ?? name;
  return named("recipe", spelled, [...recipes, ...tableRecipes]);
}

function imagesOf(recipe: Recipe, given: GivenOptions): DataSet {
  const stray = tableOptionNames.find((name) => given[name] !== undefined);
  if (stray !== undefined) throw new ArgumentError(`${optionOf(stray)} ${given[stray]}: ${recipe.name} learns from images; for a table use: gradus train tabular`);
  return dataOfRecipe(recipe, given.data);
}

function tableOf(recipe: TableRecipe, given: GivenOptions): Pick<TableTrainOptions, "data" | "table"> {
  const { csv, data } = given;
  const columns = optional(given.columns, (text) => names("--columns", text));
  if (csv !== undefined && data !== undefined) throw new ArgumentError(`--csv ${csv} and --data ${data}: give one of them`);
  if (csv === undefined && data === undefined) {
    throw new ArgumentError(`${recipe.name} needs a table: --csv FILE --target COLUMN, or --data and one of ${tableSets.map(({ name }) => name).join(", ")}`);
  }
  if (csv === undefined && columns) throw new ArgumentError(`--columns ${given.columns}: names the columns of a --csv file`);
  const table: TableChoices = {
    set: data,
    target: given.target,
    task: optional(given.task, (text) => oneOf("--task", text, taskNames)),
    drop: optional(given.drop, (text) => names("--drop", text)) ?? [],
    keep: optional(given.keep, (text) => names("--keep", text)) ?? [],
    heldOut: optional(given.heldOut, (text) => share("--held-out", text)),
    given: Object.fromEntries(tableOptionNames.flatMap((name) => (given[name] === undefined ? [] : [[name, given[name]]]))),
  };
  if (recipe.task !== undefined && (table.task ?? recipe.task) !== recipe.task) throw new ArgumentError(`--task ${table.task}: ${recipe.name} is for ${recipe.task}; use tabular`);
  return { data: csv === undefined ? named("--data", data ?? "", tableSets) : csvSet(csv, columns), table };
}

/** An option as it is written. */
export function optionOf(name: string): string {
  return `--${name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`;
}

function names(option: string, text: string): string[] {
  const list = text.split(",").map((name) => name.trim());
  if (list.every((name) => name !== "")) return list;
  throw new ArgumentError(`${option} ${text}: expected names with commas between them`);
}

function share(option: string, text: string): number {
  const value = Number(text);
  if (text.trim() !== "" && value > 0 && value < 1) return value;
  throw new ArgumentError(`${option} ${text}: expected a share between 0 and 1, such as 0.2`);
}

function optional<T>(text: string | undefined, parse: (text: string) => T): T | undefined {
  return text === undefined ? undefined : parse(text);
}

function wholeNumber(option: string, text: string, least: number): number {
  const value = Number(text);
  if (/^\d+$/.test(text) && Number.isSafeInteger(value) && value >= least) return value;
  throw new ArgumentError(`${option} ${text}: expected a whole number from ${least}`);
}

function positiveNumber(option: string, text: string): number {
  const value = Number(text);
  if (text.trim() !== "" && Number.isFinite(value) && value > 0) return value;
  throw new ArgumentError(`${option} ${text}: expected a number above 0, such as 0.001 or 1e-3`);
}

function named<T extends { readonly name: string }>(option: string, text: string, items: readonly T[]): T {
  const name = oneOf(option, text, items.map((item) => item.name));
  const found = items.find((item) => item.name === name);
  if (found) return found;
  throw new ArgumentError(`${option} ${text}: unknown`);
}
