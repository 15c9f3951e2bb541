import { relative } from "node:path";
import type { FitResult } from "../train/callback.js";
import { ownDataName } from "./data-sets.js";
import { formatCount, formatDuration } from "./progress-line.js";
import type { Judgement } from "./task.js";
import { hasColour, painter, type OutputStream } from "./terminal.js";
import { optionOf, type TableChoices, type TrainOptions } from "./train-options.js";

/** A training run that came to its end. */
export interface FinishedRun {
  readonly options: TrainOptions;
  readonly fitted: FitResult;
  readonly judgement: Judgement;
  /** Where it was saved. */
  readonly place: string;
}

/** The last words of `gradus train`: how good the network is, what it confuses, where it lies, and what to try next. */
export function trainReport({ options, fitted, judgement, place }: FinishedRun, stream: OutputStream): string {
  const paint = painter(hasColour(stream));
  const next = suggestions(options, place);
  const width = Math.max(...next.map(({ command }) => command.length));
  const beside = next.every(({ why }) => width + why.length + 4 <= (stream.columns ?? Infinity));
  return [
    `Trained for ${formatDuration(fitted.seconds)} (${formatCount(fitted.examples / fitted.seconds)} examples/s).`,
    "",
    ...judgement.lines(stream),
    "",
    `Saved in ${paint("bold", place)}: model.safetensors, recipe.json, metrics.jsonl`,
    "",
    "Try next:",
    ...next.map(({ command, why }) => `  ${beside ? command.padEnd(width) : `${command}\n   `}  ${paint("dim", why)}`),
  ].join("\n");
}

/** Commands that lead on from this run. */
function suggestions(options: TrainOptions, place: string): { readonly command: string; readonly why: string }[] {
  const { recipe, data, dataDir, epochs } = options;
  const folder = dataDir === undefined ? "" : ` --data-dir ${dataDir}`;
  const source = options.table ? commandOf(options.table) : data.name === ownDataName ? "" : ` --data ${quoted(data.name)}`;
  const train = (name: string): string => `npx gradus train ${name}${source}${folder}`;
  const own = recipe.file === undefined ? recipe.name : quoted(pathOf(recipe.file));
  const longer = { command: `${train(own)} --epochs ${2 * epochs}`, why: "twice as long" };
  if (options.table) return [longer, { command: `${train(recipe.name)} --seed ${options.seed + 1}`, why: "another choice of what is held out" }];
  const scores = { command: `npx gradus evaluate ${quoted(place)}${folder}`, why: "scores of each class, and what it got wrong" };
  if (recipe.file !== undefined) return [longer, scores];
  const list = [
    recipe.name === "lenet"
      ? { command: train("mlp"), why: "how far you get without convolutions" }
      : { command: train("lenet"), why: "a convolutional network makes fewer errors" },
    longer,
    scores,
  ];
  if (data.name === "digits") {
    list.push({ command: `npx gradus train ${recipe.name} --data mnist --data-dir DIR`, why: "real handwriting: MNIST's files in DIR" });
  }
  return list;
}

/** A file as one would name it from here. */
function pathOf(file: string): string {
  const path = relative(".", file);
  return /[/\\]/.test(path) ? path : `./${path}`;
}

/** The options that name a table, as they were given. */
function commandOf({ given, set }: TableChoices): string {
  const texts = Object.entries({ ...(set === undefined ? {} : { data: set }), ...given });
  return texts.map(([name, text]) => ` ${optionOf(name)} ${quoted(text)}`).join("");
}

/** A word of a command line. */
function quoted(text: string): string {
  return /^[\w./,:=@%+-]+$/.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`;
}
