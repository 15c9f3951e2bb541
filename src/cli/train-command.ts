import { stat } from "node:fs/promises";
import { dirname, join } from "node:path";
import { ArgumentError } from "../core/errors.js";
import { writeFileAtomic } from "../io/atomic-file.js";
import { confusionMatrix, formatConfusionMatrix } from "../metrics/confusion.js";
import { manualSeed } from "../tensor/random.js";
import { evaluateImages, type Evaluation } from "../train/evaluate.js";
import { fit, type FitResult } from "../train/fit.js";
import { makeOptimizer } from "../train/make-optimizer.js";
import { measureNormalization } from "../train/normalization.js";
import { usualLearningRate } from "../train/optimizer-names.js";
import { nextRunFolder, requireFreeFolder } from "../train/run-folder.js";
import { saveRun } from "../train/save-run.js";
import { firstImages } from "./data-sets.js";
import { exitCodes } from "./exit-codes.js";
import { catchInterrupt } from "./interrupt.js";
import { openDevice } from "./open-device.js";
import { packageVersion } from "./package-version.js";
import { formatCount, formatDuration, formatLoss } from "./progress-line.js";
import { hasColour, painter } from "./terminal.js";
import type { TrainOptions } from "./train-options.js";
import { TrainingProgress } from "./training-progress.js";

const bold = painter(hasColour(process.stdout));
const say = (line = ""): void => void process.stdout.write(`${line}\n`);
const note = (line: string): void => void process.stderr.write(`${line}\n`);

/** Carries out `gradus train` and gives its exit code. Throws GradusError for everything that the user can mend. */
export async function train(options: TrainOptions): Promise<number> {
  const { recipe, epochs, batchSize, seed } = options;
  const out = options.out ?? (await nextRunFolder(join("runs", `${recipe.name}-${options.data.name}`)));
  await requireFreeFolder(out);
  if (options.json !== undefined) await requireFolderOf(options.json);
  const interrupt = catchInterrupt(() => note("\nStopping after this step; Ctrl-C once more stops at once."));
  const device = openDevice(options.device, options.threads);
  try {
    const full = await options.data.load(options.dataDir);
    const data = { ...full, train: firstImages(full.train, options.limit ?? full.train.count) };
    const normalization = measureNormalization(data.train.images);
    manualSeed(seed);
    const model = await recipe.model();
    const lr = options.lr ?? (options.optimizer === recipe.defaults.optimizer ? recipe.defaults.lr : usualLearningRate[options.optimizer]);
    const { schedule } = recipe.defaults;
    const optimizer = makeOptimizer(options.optimizer, model.parameters(), lr);
    const parameters = [...model.parameters()].reduce((sum, parameter) => sum + parameter.size, 0);
    const threads = device.threads;
    note(
      `${recipe.name}, ${formatCount(parameters)} parameters, on ${options.data.name} ` +
        `(${formatCount(data.train.count)} training and ${formatCount(data.test.count)} test images), ` +
        `${device.name}, ${threads} ${threads === 1 ? "thread" : "threads"}`,
    );
    if (interrupt.signal.aborted) {
      note("Stopped before the first step; nothing was learned yet.");
      return exitCodes.interrupted;
    }

    const progress = new TrainingProgress(process.stderr, { epochs, batchSize, examples: data.train.count });
    let fitted: FitResult;
    try {
      fitted = await fit({
        model, optimizer, train: data.train, normalization, epochs, batchSize, lr, schedule, seed,
        signal: interrupt.signal,
        onStep: (step) => progress.step(step),
      });
    } finally {
      progress.end();
    }
    const test = fitted.interrupted ? undefined : await evaluateImages(model, data.test, normalization);
    const place = await saveRun(out, {
      model,
      metrics: progress.metrics,
      evaluation: test,
      description: {
        gradus: packageVersion(),
        recipe: recipe.name,
        data: options.data.name,
        options: {
          epochs, batchSize, optimizer: options.optimizer, lr, schedule, seed,
          device: device.name, threads, limit: options.limit ?? null,
        },
        preprocessing: { height: data.train.height, width: data.train.width, ...normalization },
        classes: data.train.classes,
        parameters,
        trained: { steps: fitted.steps, examples: fitted.examples, interrupted: fitted.interrupted },
      },
    });
    if (!test) {
      say(`Stopped after step ${fitted.steps} (loss ${formatLoss(fitted.loss)}). What was learned is saved in ${place}`);
      return exitCodes.interrupted;
    }
    const examplesPerSecond = fitted.examples / fitted.seconds;
    report(test, data.test.labels, data.train.classes, fitted, place, options);
    if (options.json !== undefined) {
      const result = {
        recipe: recipe.name,
        data: options.data.name,
        device: device.name,
        threads,
        seed,
        epochs,
        parameters,
        seconds: fitted.seconds,
        compileSeconds: fitted.compileSeconds + test.compileSeconds,
        examplesPerSecond,
        train: { loss: fitted.loss },
        test: { loss: test.loss, accuracy: test.accuracy },
        peakRssBytes: process.resourceUsage().maxRSS * 1024,
      };
      await writeFileAtomic(options.json, `${JSON.stringify(result, null, 2)}\n`);
    }
    return exitCodes.done;
  } finally {
    interrupt.release();
  }
}

/** Throws ArgumentError unless a file can lie at `path`: said before the work is done, not after. */
async function requireFolderOf(path: string): Promise<void> {
  const folder = await stat(dirname(path)).catch(() => undefined);
  const file = await stat(path).catch(() => undefined);
  if (folder?.isDirectory() && !file?.isDirectory()) return;
  throw new ArgumentError(`--json ${path}: expected the name of a file in a folder that exists`);
}

function report(
  test: Evaluation,
  labels: Uint8Array,
  classes: number,
  fitted: FitResult,
  place: string,
  options: TrainOptions,
): void {
  const speed = formatCount(fitted.examples / fitted.seconds);
  say(`Trained for ${formatDuration(fitted.seconds)} (${speed} examples/s).`);
  say();
  say(`Test accuracy ${bold("bold", `${(100 * test.accuracy).toFixed(2)} %`)}, loss ${formatLoss(test.loss)}`);
  say();
  say(formatConfusionMatrix(confusionMatrix(test.predicted, labels, classes)));
  say();
  say(`Saved in ${bold("bold", place)}: model.safetensors, recipe.json, metrics.jsonl`);
  say();
  say("Try next:");
  for (const [command, why] of suggestions(options)) say(`  ${command.padEnd(44)} ${bold("dim", why)}`);
}

/** Commands that lead on from this run. */
function suggestions({ recipe, data, epochs }: TrainOptions): (readonly [command: string, why: string])[] {
  const list: (readonly [string, string])[] = [];
  if (recipe.name !== "lenet") list.push([`npx gradus train lenet --data ${data.name}`, "a convolutional network makes fewer errors"]);
  if (recipe.name === "lenet") list.push([`npx gradus train mlp --data ${data.name}`, "how far you get without convolutions"]);
  list.push([`npx gradus train ${recipe.name} --data ${data.name} --epochs ${2 * epochs}`, "train twice as long"]);
  if (data.name !== "mnist") list.push([`npx gradus train ${recipe.name} --data mnist --data-dir DIR`, "real handwriting, from MNIST's files in DIR"]);
  return list;
}
