import { encode } from "fast-png";
import type { ImageSet } from "../data/image-set.js";
import type { ConfusionMatrix } from "../metrics/confusion.js";
import { confusionMatrix } from "../metrics/confusion.js";
import type { Evaluation } from "./evaluate.js";
import type { FileContents } from "../files/files.js";

/** An example that was taken for something else. */
export interface Misread {
  /** Its place in the test set. */
  readonly index: number;
  readonly actual: number;
  readonly predicted: number;
  /** The probability that the model gave its answer; not known of tables. */
  readonly confidence?: number;
}

/** What `evaluation.json` of a classifier holds. */
export interface ClassificationReport {
  readonly task: "classification";
  readonly examples: number;
  readonly loss: number;
  readonly accuracy: number;
  readonly classes: readonly string[];
  /** `confusion[a][p]` examples of class `a` were taken for class `p`. */
  readonly confusion: readonly (readonly number[])[];
  readonly wrong: number;
  /** At most 1000 of them, those of which the model was surest first. */
  readonly misread: readonly Misread[];
  /** `misread.png` shows the first of them in rows, each picture as large as the model's input. */
  readonly pictures?: { readonly width: number; readonly height: number; readonly columns: number; readonly count: number };
}

/** What `evaluation.json` of a network for numbers holds. */
export interface RegressionReport {
  readonly task: "regression";
  readonly examples: number;
  readonly loss: number;
  /** In the target's unit. */
  readonly rmse: number;
  readonly r2: number;
  readonly target: string;
  /** Actual and predicted values of at most 1000 examples, evenly picked. */
  readonly pairs: readonly (readonly [actual: number, predicted: number])[];
}

/** What is listed one by one. */
export const listedExamples = 1000;
const picturedExamples = 100;
const pictureColumns = 10;

/** The files that say how a classifier of images did: `evaluation.json` and, where something was misread, `misread.png`. */
export function imageReportFiles({ loss, predicted, confidence }: Omit<Evaluation, "compileSeconds">, test: ImageSet): FileContents {
  const { labels, classes, classNames, height, width } = test;
  const misread = misreadOnes(predicted, labels, confidence);
  const count = Math.min(misread.length, picturedExamples);
  const report: ClassificationReport = {
    ...classificationReport({ loss, matrix: confusionMatrix(predicted, labels, classes), names: classNames }),
    misread: misread.slice(0, listedExamples),
    ...(count > 0 && { pictures: { width, height, columns: pictureColumns, count } }),
  };
  const files = new Map<string, Uint8Array | string>([["evaluation.json", JSON.stringify(report)]]);
  if (count > 0) files.set("misread.png", pictureSheet(test, misread.slice(0, count)));
  return files;
}

/** The report of a classifier without its single examples. */
export function classificationReport({ loss, matrix, names }: { readonly loss: number; readonly matrix: ConfusionMatrix; readonly names?: readonly string[] | undefined }): ClassificationReport {
  const { classes, counts } = matrix;
  const confusion = Array.from({ length: classes }, (_, i) => [...counts.subarray(i * classes, (i + 1) * classes)]);
  const examples = counts.reduce((sum, count) => sum + count, 0);
  const right = confusion.reduce((sum, row, i) => sum + (row[i] ?? 0), 0);
  return {
    task: "classification",
    examples,
    loss,
    accuracy: right / examples,
    classes: names ?? confusion.map((_, i) => String(i)),
    confusion,
    wrong: examples - right,
    misread: [],
  };
}

/** Those that were not taken for what they are; where the model's confidence is known, the surest first. */
export function misreadOnes(predicted: ArrayLike<number>, actual: ArrayLike<number>, confidence?: ArrayLike<number>): Misread[] {
  const found: Misread[] = [];
  for (let index = 0; index < predicted.length; index++) {
    const [answer = -1, truth = -1] = [predicted[index], actual[index]];
    if (answer === truth) continue;
    const sure = confidence?.[index];
    found.push({ index, actual: truth, predicted: answer, ...(sure !== undefined && { confidence: Number(sure.toPrecision(4)) }) });
  }
  return found.sort((a, b) => (b.confidence ?? 0) - (a.confidence ?? 0) || a.index - b.index);
}

/** Images side by side in rows of ten, as a PNG. */
function pictureSheet({ images, height, width, channels = 1 }: ImageSet, examples: readonly Misread[]): Uint8Array {
  const colours = channels === 3 ? 3 : 1;
  const rows = Math.ceil(examples.length / pictureColumns);
  const across = pictureColumns * width;
  const data = new Uint8Array(across * rows * height * colours);
  const plane = height * width;
  examples.forEach(({ index }, place) => {
    const [left, top] = [(place % pictureColumns) * width, Math.floor(place / pictureColumns) * height];
    for (let y = 0; y < height; y++) {
      for (let x = 0; x < width; x++) {
        for (let c = 0; c < colours; c++) data[((top + y) * across + left + x) * colours + c] = images[(index * channels + c) * plane + y * width + x] ?? 0;
      }
    }
  });
  return encode({ width: across, height: rows * height, data, channels: colours, depth: 8 });
}
