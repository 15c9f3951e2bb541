import { readFile } from "node:fs/promises";
import { cpus } from "node:os";
import { extname, relative } from "node:path";
import type { Backend } from "../node.js";
import type { FitResult } from "../train/callback.js";
import type { FileContents } from "../files/files.js";
import { runningHere } from "../train/running.js";
import { formatDescription } from "../train/save-run.js";
import { packageVersion } from "./package-version.js";
import { formatCount, formatThreads } from "./progress-line.js";
import type { Judgement, Task } from "./task.js";
import type { TrainOptions } from "./train-options.js";

/** What training goes on with, once everything is checked and loaded. */
export interface Setting {
  readonly options: TrainOptions;
  readonly device: Backend;
  readonly task: Task;
  readonly parameters: number;
  /** Where the run is saved. */
  readonly out: string;
  /** Milliseconds since 1970. */
  readonly startedAt: number;
}

/** The first words about a run. */
export function heading({ options, device, task, parameters }: Setting): string {
  return (
    `${options.recipe.name}, ${formatCount(parameters)} parameters, on ${options.data.name} (${task.size}), ` +
    describeDevice(device)
  );
}

function describeDevice({ name, threads, isSoftware }: Backend): string {
  // A GPU's threads are no setting.
  if (isSoftware !== undefined) return isSoftware ? `${name} in software` : name;
  return `${name}, ${formatThreads(threads)}`;
}

/** How far a run came that has just begun. */
const notTrained = { steps: 0, examples: 0, interrupted: true } as const;

/** What `recipe.json` holds: all that is needed to repeat the run, to go on with it, and to use its model. */
export function describeRun(
  { options, device, task, parameters, out, startedAt }: Setting,
  { steps, examples, interrupted }: Pick<FitResult, "steps" | "examples" | "interrupted">,
): Record<string, unknown> {
  const { recipe, epochs, batchSize, optimizer, lr, schedule, seed, limit, validation } = options;
  return {
    gradus: packageVersion(),
    recipe: recipe.name,
    ...(recipe.file !== undefined && { recipeFile: copyOfRecipe(recipe.file), recipePath: relative(out, recipe.file) }),
    data: options.data.name,
    options: {
      epochs,
      batchSize,
      optimizer,
      lr,
      schedule,
      seed,
      device: device.name,
      threads: device.threads,
      limit: limit ?? null,
      validation: validation ?? null,
      ...options.table?.given,
    },
    ...task.description,
    parameters,
    trained: { steps, examples, interrupted },
    environment: {
      started: new Date(startedAt).toISOString(),
      node: process.versions.node,
      platform: `${process.platform}-${process.arch}`,
      processor: cpus()[0]?.model.trim() ?? "unknown",
      cores: cpus().length,
    },
  };
}

/** What is known of a run when it begins: its network as a table for people and for programs, the recipe if it is a user's, and `recipe.json`. */
export async function filesAtBegin(setting: Setting): Promise<FileContents> {
  const { options, task } = setting;
  const files = new Map<string, Uint8Array | string>();
  const { shape } = task.train.batch(Int32Array.of(0))[0];
  const summary = task.model.summary({ shape, dtype: "float32" }, { print: false });
  files.set("summary.txt", `${summary.toString()}\n`);
  files.set("model.json", JSON.stringify({ input: shape, ...summary }));
  const { file } = options.recipe;
  if (file !== undefined) files.set(copyOfRecipe(file), await readFile(file, "utf8"));
  files.set("recipe.json", formatDescription({ ...describeRun(setting, notTrained), running: runningHere() }));
  return files;
}

/** What the copy of a user's recipe is called in a run's folder. */
function copyOfRecipe(file: string): string {
  return `recipe${extname(file)}`;
}

/** What `--json` writes. */
export function jsonResult({ options, device, parameters }: Setting, fitted: FitResult, test: Judgement): Record<string, unknown> {
  return {
    recipe: options.recipe.name,
    data: options.data.name,
    device: device.name,
    threads: device.threads,
    seed: options.seed,
    epochs: options.epochs,
    parameters,
    seconds: fitted.seconds,
    compileSeconds: fitted.compileSeconds + test.compileSeconds,
    examplesPerSecond: fitted.examples / fitted.seconds,
    train: { loss: fitted.loss },
    test: test.scores,
    peakRssBytes: process.resourceUsage().maxRSS * 1024,
  };
}
