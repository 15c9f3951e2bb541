import type { ConfusionMatrix } from "../metrics/confusion.js";

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
