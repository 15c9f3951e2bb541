import { stat } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { ArgumentError } from "../core/errors.js";
import type { FileProgress } from "../data/file-progress.js";
import { randomSplit } from "../data/dataset.js";
import { DataLoader } from "../data/loader.js";
import { writeFileAtomic } from "../files/atomic-file.js";
import { manualSeed } from "../node.js";
import { gradNorm } from "../optim/index.js";
import { startProfile } from "../runtime/measurement.js";
import { formatProfile, formatTrace } from "../runtime/profile-report.js";
import { CheckpointFolder } from "../train/checkpoint-folder.js";
import type { Checkpoint } from "../train/checkpoint.js";
import { makeOptimizer } from "../train/make-optimizer.js";
import { MetricsFile } from "../train/metrics-file.js";
import { MetricsLog } from "../train/metrics-log.js";
import { ModelCheckpoint, type CheckpointStore } from "../train/model-checkpoint.js";
import { nextRunFolder, requireFreeFolder, saveRunFolder, updateRunFolder } from "../train/run-folder.js";
import { runningHere } from "../train/running.js";
import { formatDescription, updateRun } from "../train/save-run.js";
import { learningRate } from "../train/schedule.js";
import { Trainer } from "../train/trainer.js";
import { showDownload } from "./download-line.js";
import { exitCodes } from "./exit-codes.js";
import { catchInterrupt, type Interrupt } from "./interrupt.js";
import { openDeviceFor } from "./open-device.js";
import { formatCount, formatLoss, ProgressLine } from "./progress-line.js";
import { isComplete } from "./resume.js";
import { describeRun, filesAtBegin, heading, jsonResult, type Setting } from "./run-record.js";
import { readSavedRun } from "./saved-run.js";
import type { Task, TaskBatch } from "./task.js";
import { isInteractive, writeText } from "./terminal.js";
import type { TrainOptions } from "./train-options.js";
import { trainReport } from "./train-report.js";
import { TrainingProgress } from "./training-progress.js";

const say = (text: string): void => writeText(process.stdout, text);
const note = (text: string): void => writeText(process.stderr, text);

/** Carries out `gradus train` and gives its exit code. Throws GradusError for everything that the user can mend. */
export async function train(options: TrainOptions): Promise<number> {
  const { recipe, seed, epochs, batchSize, checkpointEvery } = options;
  if (options.resume !== undefined && (await isComplete(options.resume))) {
    say(`The run in ${options.resume} came to its end; there is nothing to go on with.`);
    return exitCodes.done;
  }
  const out = options.out ?? (await nextRunFolder(join("runs", `${recipe.name}-${basename(options.data.name)}`)));
  if (options.resume === undefined) await requireFreeFolder(out, options);
  if (options.json !== undefined) await requireFolderOf(options.json);
  const startedAt = Date.now();
  let interrupt: Interrupt | undefined;
  let begun = options.resume;
  const line = isInteractive(process.stderr) ? new ProgressLine(process.stderr) : undefined;
  try {
    line?.show(`Preparing ${options.data.name} …`);
    const { device, made: task } = await openDeviceFor(options.device, options.threads, () => {
      manualSeed(seed);
      return openTask(options, showDownload(line, note));
    }, (made) => workOf(made, batchSize));
    const { model } = task;
    const profiling = options.profile ? startProfile(device) : undefined;
    const parameters = [...model.parameters()].reduce((sum, parameter) => sum + parameter.size, 0);
    const setting: Setting = { options, device, task, parameters, out: options.resume ?? out, startedAt };
    line?.clear();
    // Until here there is nothing to save: Ctrl-C ends the process at once.
    interrupt = catchInterrupt(() => {
      line?.clear();
      note("Stopping after this step; Ctrl-C once more stops at once.");
    });
    note(heading(setting));
    for (const notice of task.notices) note(notice);

    const begin = async (): Promise<string> => (begun ??= await saveRunFolder(out, await filesAtBegin(setting), options));
    if (options.resume !== undefined) await markRunning(options.resume);
    // The folder of a run that can be resumed is there from the beginning, another's from its first metrics.
    if (checkpointEvery !== undefined) await begin();
    const checkpoints = begun === undefined ? undefined : checkpointsOf(begun);
    const resume = options.resume === undefined ? undefined : await checkpoints?.latest();
    if (options.resume !== undefined) note(resume ? `Going on after step ${resume.step}` : "There is no checkpoint yet: beginning anew");
    const kept = new KeptCheckpoint();

    const { examples, validation } = heldOut(task, options);
    if (validation) note(`Held out for validation: ${formatCount(task.train.length - examples.length)} examples`);
    const loader = new DataLoader(examples, { batchSize, shuffle: true, dropLast: task.dropLast && examples.length >= batchSize, seed });
    const steps = epochs * loader.length;
    const progress = new TrainingProgress(process.stderr, line, examples.length);
    const metrics = new MetricsLog(undefined, { memory: () => process.memoryUsage.rss(), clock: () => Date.now() / 1000 });
    const following = new MetricsFile(metrics, { folder: begin, startedAt: startedAt / 1000 });
    const saving = new ModelCheckpoint(checkpoints ?? kept, { everySteps: checkpointEvery, everyEpochs: Infinity, keepBest: false });
    const trainer = new Trainer({
      model,
      loss: task.loss,
      optimizer: makeOptimizer(options.optimizer, model.parameters(), options.lr),
      schedule: (step) => learningRate(options.schedule, options.lr, step, steps),
      prepare: task.prepare,
      metrics: task.metrics(),
      watch: (output, target) => ({ ...task.watch(output, target), ...(options.gradNorm && { gradNorm: gradNorm(model.parameters()) }) }),
      callbacks: [progress, metrics, following, saving],
    });
    line?.show("Compiling …");
    const fitted = await trainer.fit(loader, validation, { epochs, resume, signal: interrupt.signal }).finally(() => line?.clear());
    if (fitted.steps === 0) {
      note("Stopped before the first step; nothing was learned yet.");
      return exitCodes.interrupted;
    }
    const judgement = fitted.interrupted ? undefined : await task.evaluate();
    const profile = profiling?.stop();
    const trace = profile && formatTrace(profile);
    const run = { model, metrics: metrics.lines, scores: judgement?.scores, description: describeRun(setting, fitted), trace, files: judgement?.files };
    const place = await begin();
    // Before the rest, so that a process that is killed here leaves a run to go on with.
    if (kept.last) await checkpointsOf(place).save(kept.last);
    const missed = await following.finish(judgement?.scores);
    if (missed) note(`TensorBoard's file was not written: ${missed.message}`);
    await updateRun(place, run);
    if (profile) note(`\n${formatProfile(profile)}\n\nThe first steps are in ${join(place, "trace.json")}, which ui.perfetto.dev opens.\n`);
    if (!judgement) {
      say(`Stopped after step ${fitted.steps} (loss ${formatLoss(fitted.loss)}). What was learned is saved in ${place}`);
      say(`Go on with: ${resumeCommand(place, options)}`);
      return exitCodes.interrupted;
    }
    if (options.json !== undefined) {
      await writeFileAtomic(options.json, `${JSON.stringify(jsonResult(setting, fitted, judgement), null, 2)}\n`);
    }
    say(trainReport({ options, fitted, judgement, place }, process.stdout));
    return exitCodes.done;
  } catch (error) {
    line?.clear();
    if (begun !== undefined && (checkpointEvery ?? options.resume) !== undefined) note(`Go on from the last checkpoint with: ${resumeCommand(begun, options)}`);
    throw error;
  } finally {
    line?.clear();
    interrupt?.release();
  }
}

/** Multiply-adds of a training step: the gradients of a product are two more of its size. */
function workOf({ model, train }: Task, batchSize: number): number {
  const [example] = train.batch(Int32Array.of(0));
  return 3 * batchSize * model.summary(example, { print: false }).multiplyAdds;
}

/** What the recipe makes of its data. The code for the other kind of data is not loaded. */
async function openTask(options: TrainOptions, onProgress: (progress: FileProgress) => void): Promise<Task> {
  if (options.table) return (await import("./table-task.js")).tableTask(options, onProgress);
  return (await import("./image-task.js")).imageTask(options, onProgress);
}

/** What is learned from and, where a part is held out, what is measured by after each epoch. Throws ArgumentError where one of them would be empty. */
function heldOut({ train }: Task, { validation, seed }: TrainOptions): { readonly examples: Task["train"]; readonly validation: DataLoader<TaskBatch> | undefined } {
  if (validation === undefined) return { examples: train, validation: undefined };
  const count = Math.round(validation * train.length);
  const [examples, rest] = count > 0 && count < train.length ? randomSplit(train, [train.length - count, count], { seed }) : [];
  if (!examples || !rest) throw new ArgumentError(`--validation ${validation}: of ${train.length} examples this holds out ${count}; give a share that leaves some on both sides`);
  return { examples, validation: new DataLoader(rest, { batchSize: 500 }) };
}

/** Keeps the last checkpoint until the run has a folder. */
class KeptCheckpoint implements CheckpointStore {
  last: Checkpoint | undefined;

  save(checkpoint: Checkpoint): Promise<string> {
    this.last = checkpoint;
    return Promise.resolve("memory");
  }
}

function resumeCommand(place: string, { dataDir }: TrainOptions): string {
  return `npx gradus train --resume ${place}${dataDir === undefined ? "" : ` --data-dir ${dataDir}`}`;
}

/** Says in the folder of a run that goes on that this process trains it. */
async function markRunning(run: string): Promise<void> {
  await updateRunFolder(run, new Map([["recipe.json", formatDescription({ ...(await readSavedRun(run)), running: runningHere() })]]));
}

function checkpointsOf(run: string): CheckpointFolder {
  return new CheckpointFolder(join(run, "checkpoints"), { onDamaged: (path, { message }) => note(`${path} is passed over: ${message}`) });
}

/** Throws ArgumentError unless a file can lie at `path`: said before the work is done, not after. */
async function requireFolderOf(path: string): Promise<void> {
  const folder = await stat(dirname(path)).catch(() => undefined);
  const file = await stat(path).catch(() => undefined);
  if (folder?.isDirectory() && !file?.isDirectory()) return;
  throw new ArgumentError(`--json ${path}: expected the name of a file in a folder that exists`);
}
