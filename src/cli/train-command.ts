import { stat } from "node:fs/promises";
import { dirname, join } from "node:path";
import { ArgumentError } from "../core/errors.js";
import type { ImageSplits } from "../data/image-set.js";
import { writeFileAtomic } from "../io/atomic-file.js";
import { manualSeed, type Backend } from "../node.js";
import { startProfile } from "../runtime/measurement.js";
import { formatProfile, formatTrace } from "../runtime/profile-report.js";
import { evaluateImages, type Evaluation } from "../train/evaluate.js";
import { fit, type FitResult } from "../train/fit.js";
import { makeOptimizer } from "../train/make-optimizer.js";
import { measureNormalization, type Normalization } from "../train/normalization.js";
import { nextRunFolder, requireFreeFolder } from "../train/run-folder.js";
import { saveRun } from "../train/save-run.js";
import { firstImages } from "./data-sets.js";
import { exitCodes } from "./exit-codes.js";
import { catchInterrupt } from "./interrupt.js";
import { openDevice } from "./open-device.js";
import { packageVersion } from "./package-version.js";
import { formatCount, formatLoss, ProgressLine } from "./progress-line.js";
import { isInteractive } from "./terminal.js";
import type { TrainOptions } from "./train-options.js";
import { trainReport } from "./train-report.js";
import { TrainingProgress } from "./training-progress.js";

/** What training goes on with, once everything is checked and loaded. */
interface Setting {
  readonly options: TrainOptions;
  readonly device: Backend;
  readonly data: ImageSplits;
  readonly normalization: Normalization;
  readonly parameters: number;
}

const say = (text: string): void => void process.stdout.write(`${text}\n`);
const note = (text: string): void => void process.stderr.write(`${text}\n`);

/** Carries out `gradus train` and gives its exit code. Throws GradusError for everything that the user can mend. */
export async function train(options: TrainOptions): Promise<number> {
  const { recipe, optimizer: optimizerName, seed } = options;
  const out = options.out ?? (await nextRunFolder(join("runs", `${recipe.name}-${options.data.name}`)));
  await requireFreeFolder(out);
  if (options.json !== undefined) await requireFolderOf(options.json);
  const device = openDevice(options.device, options.threads);
  const profiling = options.profile ? startProfile(device) : undefined;
  const interrupt = catchInterrupt(() => note("\nStopping after this step; Ctrl-C once more stops at once."));
  const line = isInteractive(process.stderr) ? new ProgressLine(process.stderr) : undefined;
  try {
    line?.show(`Preparing ${options.data.name} …`);
    const full = await options.data.load(options.dataDir);
    const data = { train: firstImages(full.train, options.limit ?? full.train.count), test: full.test };
    const normalization = measureNormalization(data.train.images);
    manualSeed(seed);
    const model = await recipe.model();
    const parameters = [...model.parameters()].reduce((sum, parameter) => sum + parameter.size, 0);
    const optimizer = makeOptimizer(optimizerName, model.parameters(), options.lr);
    const setting = { options, device, data, normalization, parameters };
    line?.clear();
    note(heading(setting));
    line?.show("Compiling …");

    const progress = new TrainingProgress(process.stderr, line, { ...options, examples: data.train.count });
    const training = { ...options, model, optimizer, train: data.train, normalization, signal: interrupt.signal };
    const fitted = await fit({ ...training, onStep: (step) => progress.step(step) }).finally(() => progress.end());
    if (fitted.steps === 0) {
      note("Stopped before the first step; nothing was learned yet.");
      return exitCodes.interrupted;
    }
    const evaluation = fitted.interrupted ? undefined : await evaluateImages(model, data.test, normalization);
    const description = describeRun(setting, fitted);
    const profile = profiling?.stop();
    const trace = profile && formatTrace(profile);
    const place = await saveRun(out, { model, metrics: progress.metrics, evaluation, description, trace });
    if (profile) note(`\n${formatProfile(profile)}\n\nThe first steps are in ${join(place, "trace.json")}, which ui.perfetto.dev opens.\n`);
    if (!evaluation) {
      say(`Stopped after step ${fitted.steps} (loss ${formatLoss(fitted.loss)}). What was learned is saved in ${place}`);
      return exitCodes.interrupted;
    }
    if (options.json !== undefined) {
      await writeFileAtomic(options.json, `${JSON.stringify(jsonResult(setting, fitted, evaluation), null, 2)}\n`);
    }
    say(trainReport({ options, fitted, evaluation, test: data.test, place }, process.stdout));
    return exitCodes.done;
  } finally {
    line?.clear();
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

function heading({ options, device, data, parameters }: Setting): string {
  const images = `${formatCount(data.train.count)} training and ${formatCount(data.test.count)} test images`;
  return (
    `${options.recipe.name}, ${formatCount(parameters)} parameters, on ${options.data.name} (${images}), ` +
    `${device.name}, ${device.threads} ${device.threads === 1 ? "thread" : "threads"}`
  );
}

/** What `recipe.json` holds: all that is needed to repeat the run and to use its model. */
function describeRun({ options, device, data, normalization, parameters }: Setting, fitted: FitResult): Record<string, unknown> {
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
    },
    preprocessing: { height: data.train.height, width: data.train.width, ...normalization },
    classes: data.train.classes,
    parameters,
    trained: { steps: fitted.steps, examples: fitted.examples, interrupted: fitted.interrupted },
  };
}

/** What `--json` writes. */
function jsonResult({ options, device, parameters }: Setting, fitted: FitResult, test: Evaluation): Record<string, unknown> {
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
    test: { loss: test.loss, accuracy: test.accuracy },
    peakRssBytes: process.resourceUsage().maxRSS * 1024,
  };
}
