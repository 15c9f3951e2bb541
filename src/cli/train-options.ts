import { ArgumentError } from "../core/errors.js";
import { optimizerNames, usualLearningRate, type OptimizerName } from "../train/optimizer-names.js";
import type { Recipe } from "../train/recipe.js";
import type { ScheduleName } from "../train/schedule.js";
import { parseDataSet, type DataSet } from "./data-sets.js";
import { parseDevice, type DeviceName } from "./device-names.js";
import { oneOf } from "./one-of.js";
import { recipes } from "./recipes.js";

/** A checked `gradus train` command line; what is undefined was not given. */
export interface TrainOptions {
  readonly recipe: Recipe;
  readonly data: DataSet;
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
}

/** Options as text, by their names in camelCase, and those that stand alone. */
export type GivenOptions = Readonly<Partial<Record<ValueOption, string>>> & { readonly profile?: true };

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
  | "json";

/** Checks every option. Throws ArgumentError that names the option, what came, and what is expected. */
export function parseTrainOptions(recipeName: string, given: GivenOptions): TrainOptions {
  if (given.resume !== undefined && given.out !== undefined) {
    throw new ArgumentError(`--out ${given.out}: a run that is resumed stays in its folder; leave it out`);
  }
  const recipe = named("recipe", recipeName, recipes);
  const { defaults } = recipe;
  const optimizer = oneOf("--optimizer", given.optimizer ?? defaults.optimizer, optimizerNames);
  // A rate that suits one optimizer does not suit another.
  const usualLr = optimizer === defaults.optimizer ? defaults.lr : usualLearningRate[optimizer];
  return {
    recipe,
    data: parseDataSet(given.data ?? "digits"),
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
  };
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
