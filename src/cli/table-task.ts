import { ArgumentError } from "../core/errors.js";
import type { FileProgress } from "../data/file-progress.js";
import { confusionMatrix, formatConfusionMatrix } from "../metrics/confusion.js";
import { evaluateTable, prepareTable, tableLoss, TabularModel, tabularDataset, type TableEvaluation, type TabularData, type TabularPart } from "../tabular/index.js";
import { classificationReport, listedExamples, misreadOnes, type ClassificationReport, type RegressionReport } from "../train/evaluation-report.js";
import type { FileContents } from "../files/files.js";
import { classScoring } from "./class-scoring.js";
import { formatCount, formatLoss } from "./progress-line.js";
import type { Judgement, Task } from "./task.js";
import { hasColour, painter, type OutputStream } from "./terminal.js";
import type { TableTrainOptions } from "./train-options.js";

/** Prediction of a table's column from its others. Throws ArgumentError, DataError, FormatError for a table that does not do. */
export async function tableTask(
  { recipe, data: set, table: given, dataDir, limit, seed }: TableTrainOptions,
  onProgress: (progress: FileProgress) => void,
): Promise<Task> {
  const { table, test, target, leaveOut, task } = await set.load(dataDir, onProgress);
  const wanted = given.target ?? target;
  if (wanted === undefined) {
    throw new ArgumentError(`--target is missing: the column to predict; there are ${table.columns.map(({ name }) => name).join(", ")}`);
  }
  // What its authors say about a table holds for the target that they chose.
  const isTheirs = wanted === target;
  const data = prepareTable(table, {
    target: wanted,
    task: given.task ?? recipe.task ?? (isTheirs ? task : undefined),
    drop: [...given.drop, ...(isTheirs ? leaveOut.filter((name) => !given.keep.includes(name) && !given.drop.includes(name)) : [])],
    keep: given.keep,
    test: given.heldOut ?? test ?? 0.2,
    seed,
  });
  const train = firstRows(data.train, limit ?? data.train.rows);
  const model = TabularModel.for(data);
  return {
    model: model.network,
    train: tabularDataset(train),
    // Steps of one size are compiled once.
    dropLast: true,
    loss: tableLoss(model),
    ...(data.target.task === "classification" ? classScoring : { metrics: () => [], watch: () => ({}) }),
    prepare: (batch) => batch,
    size: `${wanted} from ${data.inputs.length} columns, ${formatCount(train.rows)} training and ${formatCount(data.test.rows)} held-out rows`,
    notices: noticesAbout(data, isTheirs ? leaveOut : []),
    description: { ...model.toJSON() },
    evaluate: async () => judgement(await evaluateTable(model, data.test), data),
  };
}

function firstRows({ features, targets, rows, width }: TabularPart, limit: number): TabularPart {
  const count = Math.min(rows, limit);
  return { features: features.subarray(0, count * width), targets: targets.subarray(0, count), rows: count, width };
}

function noticesAbout({ omitted, unlabelled, target }: TabularData, leftOut: readonly string[]): string[] {
  const kept = omitted.map(({ name, why }) => `${name} (${why})`);
  return [
    ...(leftOut.length > 0 ? [`Left out, since they give ${target.name} away or say nothing: ${leftOut.join(", ")}`] : []),
    ...(kept.length > 0 ? [`Left out: ${kept.join(", ")}; --keep NAME uses one all the same`] : []),
    ...(unlabelled > 0 ? [`Left out: ${formatCount(unlabelled)} rows without ${target.name}`] : []),
  ];
}

function judgement(evaluation: TableEvaluation, { target, test }: TabularData): Judgement {
  const { loss, compileSeconds } = evaluation;
  const bold = (stream: OutputStream, text: string): string => painter(hasColour(stream))("bold", text);
  if (evaluation.task === "regression") {
    const { rmse, r2, predicted } = evaluation;
    const { mean, std } = target.task === "regression" ? target : { mean: NaN, std: NaN };
    const stride = Math.max(1, test.rows / listedExamples);
    const pairs = Array.from({ length: Math.min(test.rows, listedExamples) }, (_, i) => Math.floor(i * stride)).map((row) => {
      return [mean + std * (test.targets[row] ?? NaN), predicted[row] ?? NaN] as const;
    });
    const files = reportFiles({ task: "regression", examples: test.rows, loss, rmse, r2, target: target.name, pairs });
    const rest = `in the unit of ${target.name}, R² ${r2.toFixed(4)}, loss ${formatLoss(loss)}`;
    return { scores: { loss, rmse, r2 }, compileSeconds, files, lines: (stream) => [`Held-out RMSE ${bold(stream, formatNumber(rmse))} ${rest}`] };
  }
  const { accuracy, predicted } = evaluation;
  const classes = target.task === "classification" ? target.classes : [];
  const matrix = confusionMatrix(predicted, test.targets, classes.length);
  const misread = misreadOnes(predicted, test.targets).slice(0, listedExamples);
  return {
    scores: { loss, accuracy },
    compileSeconds,
    files: reportFiles({ ...classificationReport({ loss, matrix, names: classes }), misread }),
    lines: (stream) => [
      `Held-out accuracy ${bold(stream, `${(100 * accuracy).toFixed(2)} %`)}, loss ${formatLoss(loss)}`,
      "",
      formatConfusionMatrix(matrix, classes),
    ],
  };
}

function reportFiles(report: ClassificationReport | RegressionReport): FileContents {
  return new Map([["evaluation.json", JSON.stringify(report)]]);
}

/** Four digits, or the whole ones where there are more. */
function formatNumber(value: number): string {
  return Math.abs(value) >= 1000 ? formatCount(value) : value.toPrecision(4);
}
