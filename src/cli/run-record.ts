import type { Backend } from "../node.js";
import type { FitResult } from "../train/callback.js";
import { packageVersion } from "./package-version.js";
import { formatCount } from "./progress-line.js";
import type { Judgement, Task } from "./task.js";
import type { TrainOptions } from "./train-options.js";

/** What training goes on with, once everything is checked and loaded. */
export interface Setting {
  readonly options: TrainOptions;
  readonly device: Backend;
  readonly task: Task;
  readonly parameters: number;
}

/** The first words about a run. */
export function heading({ options, device, task, parameters }: Setting): string {
  return (
    `${options.recipe.name}, ${formatCount(parameters)} parameters, on ${options.data.name} (${task.size}), ` +
    `${device.name}, ${device.threads} ${device.threads === 1 ? "thread" : "threads"}`
  );
}

/** How far a run came that has just begun. */
export const notTrained = { steps: 0, examples: 0, interrupted: true } as const;

/** What `recipe.json` holds: all that is needed to repeat the run, to go on with it, and to use its model. */
export function describeRun(
  { options, device, task, parameters }: Setting,
  { steps, examples, interrupted }: Pick<FitResult, "steps" | "examples" | "interrupted">,
): Record<string, unknown> {
  const { recipe, epochs, batchSize, optimizer, lr, schedule, seed, limit } = options;
  return {
    gradus: packageVersion(),
    recipe: recipe.name,
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
      ...options.table?.given,
    },
    ...task.description,
    parameters,
    trained: { steps, examples, interrupted },
  };
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
