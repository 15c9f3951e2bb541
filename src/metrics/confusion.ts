import { ArgumentError } from "../core/errors.js";
import { requireSameLength } from "./accuracy.js";

/** How often each class was taken for each class. */
export interface ConfusionMatrix {
  /** How many classes there are. */
  readonly classes: number;
  /** `classes × classes`, row-major: `counts[a * classes + p]` examples of class `a` were predicted as `p`. */
  readonly counts: Uint32Array;
}

/**
 * Counts predicted against actual class indices, each in `[0, classes)`.
 * Throws ShapeError for different lengths, ArgumentError for an index out of range or `classes` below 1.
 */
export function confusionMatrix(
  predicted: ArrayLike<number>,
  actual: ArrayLike<number>,
  classes: number,
): ConfusionMatrix {
  if (!Number.isSafeInteger(classes) || classes < 1) {
    throw new ArgumentError(`confusionMatrix: classes is ${classes}; give a whole number from 1.`);
  }
  requireSameLength("confusionMatrix", predicted, actual);
  const counts = new Uint32Array(classes * classes);
  for (let i = 0; i < predicted.length; i++) {
    const cell = classIndex("actual", actual, i, classes) * classes + classIndex("predicted", predicted, i, classes);
    counts[cell] = (counts[cell] ?? 0) + 1;
  }
  return { classes, counts };
}

function classIndex(name: string, values: ArrayLike<number>, i: number, classes: number): number {
  const value = values[i];
  if (value !== undefined && Number.isInteger(value) && value >= 0 && value < classes) return value;
  throw new ArgumentError(
    `confusionMatrix: ${name}[${i}] is ${value}; expected a class index from 0 to ${classes - 1}.`,
  );
}

/**
 * The matrix as lines of text: a row per actual class, a column per predicted class, `·` for none, and at the right
 * the share of the row that was recognised, unless `recall` is false. `names` label the classes; their indices if not given.
 * Throws ArgumentError where there is not one name per class.
 */
export function formatConfusionMatrix(
  matrix: ConfusionMatrix,
  names?: readonly string[],
  { recall: withRecall = true }: { readonly recall?: boolean } = {},
): string {
  const { classes, counts } = matrix;
  const labels = names ?? Array.from({ length: classes }, (_, i) => String(i));
  if (labels.length !== classes) {
    throw new ArgumentError(
      `formatConfusionMatrix: ${labels.length} names for ${classes} classes; give one per class.`,
    );
  }
  const rows = labels.map((label, actual) => {
    const row = counts.subarray(actual * classes, (actual + 1) * classes);
    const total = row.reduce((sum, count) => sum + count, 0);
    const recall = total === 0 ? "–" : `${((100 * (row[actual] ?? 0)) / total).toFixed(1)} %`;
    return [label, ...Array.from(row, (count) => (count === 0 ? "·" : String(count))), recall];
  });
  const table = [["actual", ...labels, "recall"], ...rows];
  const labelWidth = Math.max(...table.map(([label = ""]) => label.length));
  const cellWidth = Math.max(...table.flatMap((row) => row.slice(1, -1).map((cell) => cell.length)));
  const lines = table.map(([label = "", ...cells]) => {
    const recall = cells.pop() ?? "";
    const row = `${label.padEnd(labelWidth)}  ${cells.map((c) => c.padStart(cellWidth)).join(" ")}`;
    return withRecall ? `${row}  ${recall.padStart(7)}` : row;
  });
  return [`${" ".repeat(labelWidth + 2)}predicted`, ...lines].join("\n");
}
