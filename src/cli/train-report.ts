import type { ImageSet } from "../data/image-set.js";
import { confusionMatrix, formatConfusionMatrix } from "../metrics/confusion.js";
import type { Evaluation } from "../train/evaluate.js";
import type { FitResult } from "../train/callback.js";
import { formatCount, formatDuration, formatLoss } from "./progress-line.js";
import { hasColour, painter, type OutputStream } from "./terminal.js";
import type { TrainOptions } from "./train-options.js";

/** A training run that came to its end. */
export interface FinishedRun {
  readonly options: TrainOptions;
  readonly fitted: FitResult;
  readonly evaluation: Evaluation;
  /** What was evaluated. */
  readonly test: ImageSet;
  /** Where it was saved. */
  readonly place: string;
}

/** The last words of `gradus train`: how good the network is, what it confuses, where it lies, and what to try next. */
export function trainReport({ options, fitted, evaluation, test, place }: FinishedRun, stream: OutputStream): string {
  const paint = painter(hasColour(stream));
  const next = suggestions(options);
  const width = Math.max(...next.map(({ command }) => command.length));
  const beside = next.every(({ why }) => width + why.length + 4 <= (stream.columns ?? Infinity));
  return [
    `Trained for ${formatDuration(fitted.seconds)} (${formatCount(fitted.examples / fitted.seconds)} examples/s).`,
    "",
    `Test accuracy ${paint("bold", `${(100 * evaluation.accuracy).toFixed(2)} %`)}, loss ${formatLoss(evaluation.loss)}`,
    "",
    formatConfusionMatrix(confusionMatrix(evaluation.predicted, test.labels, test.classes)),
    "",
    `Saved in ${paint("bold", place)}: model.safetensors, recipe.json, metrics.jsonl`,
    "",
    "Try next:",
    ...next.map(({ command, why }) => `  ${beside ? command.padEnd(width) : `${command}\n   `}  ${paint("dim", why)}`),
  ].join("\n");
}

/** Commands that lead on from this run. */
function suggestions({ recipe, data, dataDir, epochs }: TrainOptions): { readonly command: string; readonly why: string }[] {
  const folder = dataDir === undefined ? "" : ` --data-dir ${dataDir}`;
  const train = (name: string): string => `npx gradus train ${name} --data ${data.name}${folder}`;
  const list = [
    recipe.name === "lenet"
      ? { command: train("mlp"), why: "how far you get without convolutions" }
      : { command: train("lenet"), why: "a convolutional network makes fewer errors" },
    { command: `${train(recipe.name)} --epochs ${2 * epochs}`, why: "twice as long" },
  ];
  if (data.name === "digits") {
    list.push({ command: `npx gradus train ${recipe.name} --data mnist --data-dir DIR`, why: "real handwriting: MNIST's files in DIR" });
  }
  return list;
}
