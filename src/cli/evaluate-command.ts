import { DataError } from "../core/errors.js";
import type { ImageSet } from "../data/image-set.js";
import { averageScores, classScores, type ClassScores } from "../metrics/class-scores.js";
import { confusionMatrix, type ConfusionMatrix } from "../metrics/confusion.js";
import { evaluateImages, evaluationBatch, type Evaluation } from "../train/evaluate.js";
import { confusionText } from "./confusion-text.js";
import { dataOfRecipe, ownDataName, parseDataSet, type DataSet } from "./data-sets.js";
import { parseDevice } from "./device-names.js";
import { showDownload } from "./download-line.js";
import { drawImages } from "./draw-image.js";
import { exitCodes } from "./exit-codes.js";
import { openDeviceFor } from "./open-device.js";
import { openModel } from "./open-run.js";
import { formatCount, formatLoss, ProgressLine } from "./progress-line.js";
import { recipeOfRun } from "./recipe-file.js";
import { classNamesOf, readSavedRun, requireImageRun, type SavedRun } from "./saved-run.js";
import { hasColour, isInteractive, painter, type OutputStream } from "./terminal.js";

/** Wrongly read images that are drawn. */
const drawnErrors = 6;

/** What the command line says to `gradus evaluate`, as text. */
export interface GivenEvaluateOptions {
  readonly data?: string;
  readonly dataDir?: string;
  readonly device?: string;
  readonly json?: true;
}

/** A network's scores on test images. */
export interface Scored {
  readonly data: string;
  readonly test: ImageSet;
  readonly evaluation: Evaluation;
  readonly matrix: ConfusionMatrix;
  readonly names: readonly string[];
}

/** Carries out `gradus evaluate` and gives its exit code. */
export async function evaluate(folder: string, given: GivenEvaluateOptions): Promise<number> {
  const run = await readSavedRun(folder);
  requireImageRun(folder, run);
  const data = await dataOf(folder, run, given.data);
  const { channels = 1, height, width } = run.preprocessing;
  const work = (made: Awaited<ReturnType<typeof openModel>>): number => evaluationBatch * made.summary([1, channels, height, width], { print: false }).multiplyAdds;
  const { made: model } = await openDeviceFor(parseDevice(given.device), undefined, () => openModel(folder, run), work);
  const line = isInteractive(process.stderr) ? new ProgressLine(process.stderr) : undefined;
  line?.show(`Preparing ${data.name} …`);
  const { test, notice } = await data.load(given.dataDir, showDownload(line, (text) => void process.stderr.write(`${text}\n`))).finally(() => line?.clear());
  if (notice !== undefined) process.stderr.write(`${notice}\n`);
  requireSameForm(run, data.name, test);
  line?.show(`Reading ${formatCount(test.count)} images …`);
  const evaluation = await evaluateImages(model, test, run.preprocessing).finally(() => line?.clear());
  const matrix = confusionMatrix(evaluation.predicted, test.labels, test.classes);
  const scored = { data: data.name, test, evaluation, matrix, names: test.classNames ?? classNamesOf(run) };
  process.stdout.write(given.json ? `${JSON.stringify(scoresAsJson(folder, scored), null, 2)}\n` : formatScores(scored, process.stdout));
  return exitCodes.done;
}

/** The data set that is asked for, or that of the run, which may come from its recipe. */
async function dataOf(folder: string, run: SavedRun, text: string | undefined): Promise<DataSet> {
  if ((text ?? run.data) !== ownDataName) return parseDataSet(text ?? run.data);
  const recipe = await recipeOfRun(folder, run);
  return dataOfRecipe(typeof recipe === "string" ? {} : recipe, ownDataName);
}

function requireSameForm(run: SavedRun, data: string, { height, width, channels = 1, classes }: ImageSet): void {
  const { preprocessing } = run;
  const expected = [preprocessing.channels ?? 1, preprocessing.height, preprocessing.width, run.classes];
  if ([channels, height, width, classes].every((size, i) => size === expected[i])) return;
  const form = (sizes: readonly number[]): string => `${sizes.slice(0, 3).join("×")} images of ${sizes[3]} classes`;
  throw new DataError(`${data} has ${form([channels, height, width, classes])}; the network reads ${form(expected)}`);
}

function scoresAsJson(folder: string, { data, test, evaluation, matrix, names }: Scored): Record<string, unknown> {
  return {
    run: folder,
    data,
    examples: test.count,
    loss: evaluation.loss,
    accuracy: evaluation.accuracy,
    classes: classScores(matrix).map((scores, i) => ({ name: names[i], ...scores })),
    macro: averageScores(matrix, "macro"),
    confusion: Array.from({ length: matrix.classes }, (_, i) => [...matrix.counts.subarray(i * matrix.classes, (i + 1) * matrix.classes)]),
    wrong: wrongOnes(evaluation.predicted, test.labels).map((index) => ({
      index,
      actual: names[test.labels[index] ?? 0],
      predicted: names[evaluation.predicted[index] ?? 0],
    })),
  };
}

/** All that `gradus evaluate` shows, each line at most as wide as the stream where the number of classes allows it. */
export function formatScores({ data, test, evaluation, matrix, names }: Scored, stream: OutputStream): string {
  const paint = painter(hasColour(stream));
  const accuracy = paint("bold", `${(100 * evaluation.accuracy).toFixed(2)} %`);
  const wrong = wrongOnes(evaluation.predicted, test.labels);
  const { height, width, channels = 1 } = test;
  const pictures = wrong.slice(0, drawnErrors).map((index) => ({
    width,
    height,
    shades: greyShades(test, index, channels * height * width),
    title: `${names[test.labels[index] ?? 0]} read as ${names[evaluation.predicted[index] ?? 0]}`,
  }));
  const columns = stream.columns ?? 80;
  return [
    `${formatCount(test.count)} test images of ${data}: accuracy ${accuracy}, loss ${formatLoss(evaluation.loss)}`,
    "",
    ...classTable(classScores(matrix), averageScores(matrix, "macro"), names),
    "",
    confusionText(matrix, stream, names.some((name) => name.length > 5) ? undefined : names),
    "",
    wrong.length === 0 ? "Every image was read right." : `${formatCount(wrong.length)} were read wrongly${wrong.length > drawnErrors ? ", such as these" : ""}:`,
    ...(wrong.length === 0 ? [] : ["", ...drawImages(pictures, columns, hasColour(stream))]),
    "",
  ].join("\n");
}

function classTable(each: readonly ClassScores[], macro: ClassScores, names: readonly string[]): string[] {
  const label = Math.max(5, ...names.map((name) => name.length));
  const row = (name: string, { precision, recall, f1, support }: ClassScores): string =>
    `${name.padEnd(label)}  ${[precision, recall, f1].map((share) => share.toFixed(4).padStart(9)).join(" ")} ${formatCount(support).padStart(9)}`;
  return [
    `${"class".padEnd(label)}  precision    recall        F1  examples`,
    ...each.map((scores, i) => row(names[i] ?? String(i), scores)),
    row("mean", macro),
  ];
}

function wrongOnes(predicted: Int32Array, labels: Uint8Array): number[] {
  return Array.from(predicted.keys()).filter((i) => predicted[i] !== labels[i]);
}

/** Brightness of an image; a colour image is the mean of its planes. */
function greyShades({ images, height, width, channels = 1 }: ImageSet, index: number, size: number): Float32Array {
  const image = images.subarray(index * size, (index + 1) * size);
  const plane = height * width;
  return Float32Array.from({ length: plane }, (_, i) => {
    let sum = 0;
    for (let c = 0; c < channels; c++) sum += image[c * plane + i] ?? 0;
    return sum / channels;
  });
}
