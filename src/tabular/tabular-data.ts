import { ArgumentError, DataError } from "../core/errors.js";
import type { Dataset } from "../data/dataset.js";
import { categorize, splitRows, toMatrix, type Transformer } from "../data/preprocess/index.js";
import { columnOf, dropColumns, takeRows, type Column, type Table } from "../data/table.js";
import { tensor, type Tensor } from "../tensor/index.js";
import { omittedColumns, usualPreprocessing, type OmittedColumn } from "./features.js";
import { encodeTarget, targetOf, taskOf, type Target, type TaskName } from "./target.js";

export interface TabularOptions {
  /** The column to predict. */
  readonly target: string;
  /** Found from the target if not given: categories and few whole numbers are classes. */
  readonly task?: TaskName | undefined;
  /** Columns to leave out. */
  readonly drop?: readonly string[] | undefined;
  /** Columns to use even if they seem to say nothing about new rows. */
  readonly keep?: readonly string[] | undefined;
  /** The share that is held out, or a table of its own with the same columns; 0.2 if not given. */
  readonly test?: number | Table | undefined;
  /** Of the split; 0 if not given. */
  readonly seed?: number | undefined;
}

/** Features as a network takes them, and the values or classes that it should give. */
export interface TabularPart {
  readonly features: Float32Array;
  readonly targets: Int32Array | Float32Array;
  readonly rows: number;
  readonly width: number;
}

/** A column that a model reads. */
export interface InputColumn {
  readonly name: string;
  readonly kind: Column["kind"];
}

/** A table made ready for training. */
export interface TabularData {
  readonly target: Target;
  /** Fitted on the training part. */
  readonly preprocessing: Transformer;
  /** The columns that it reads. */
  readonly inputs: readonly InputColumn[];
  readonly omitted: readonly OmittedColumn[];
  /** Rows without a target, which are in no part. */
  readonly unlabelled: number;
  readonly train: TabularPart;
  readonly test: TabularPart;
}

/** Features [B, width] and targets: int32 [B] for classes, float32 [B, 1] for values. */
export type TabularBatch = readonly [features: Tensor, targets: Tensor];

/**
 * Splits a table at random (with the same shares of classes in both parts), and learns from the training part which columns
 * say something and how to prepare them. Throws ArgumentError for columns that do not exist and where none is of use, DataError where nothing can be learned.
 */
export function prepareTable(table: Table, options: TabularOptions): TabularData {
  const { keep = [], test = 0.2, seed = 0 } = options;
  const labelled = labelledRows(table, options);
  const task = options.task ?? taskOf(columnOf(table, options.target));
  const { train, held } = typeof test === "number" ? splitTable(labelled, options.target, task, test, seed) : { train: labelled, held: labelledRows(test, options) };
  for (const name of keep) columnOf(train, name);
  const wanted = columnOf(train, options.target);
  const features = dropColumns(train, [wanted.name]);
  const omitted = omittedColumns(features, wanted, task).filter(({ name }) => !keep.includes(name));
  const used = dropColumns(features, omitted.map(({ name }) => name));
  if (used.columns.length === 0) {
    const reasons = omitted.map(({ name, why }) => `${name} ${why}`).join(", ");
    throw new ArgumentError(`there is no column to predict "${wanted.name}" from${reasons === "" ? "" : `: ${reasons}`}`);
  }
  const target = targetOf(wanted, task);
  const preprocessing = usualPreprocessing(used).fit(used);
  const part = (of: Table): TabularPart => {
    const matrix = toMatrix(preprocessing.transform(of));
    return { features: matrix.data, targets: encodeTarget(columnOf(of, wanted.name), target), rows: of.rows, width: matrix.columns.length };
  };
  const inputs = used.columns.map(({ name, kind }) => ({ name, kind }));
  return { target, preprocessing, inputs, omitted, unlabelled: table.rows - labelled.rows, train: part(train), test: part(held) };
}

/** The rows that have a target, less the columns that are not wanted. */
function labelledRows(table: Table, { target, drop = [] }: TabularOptions): Table {
  const { codes } = categorize(columnOf(table, target));
  if (drop.includes(target)) throw new ArgumentError(`"${target}" is the target and cannot be left out`);
  const rows = Int32Array.from(codes.keys()).filter((row) => (codes[row] ?? -1) >= 0);
  if (rows.length === 0) throw new DataError(`the target "${target}" has no value: there is nothing to learn`);
  return takeRows(dropColumns(table, drop), rows);
}

function splitTable(table: Table, target: string, task: TaskName, test: number, seed: number): { readonly train: Table; readonly held: Table } {
  const stratify = task === "classification" ? categorize(columnOf(table, target)).codes : undefined;
  const split = splitRows(table.rows, { test, stratify, seed });
  return { train: takeRows(table, split.train), held: takeRows(table, split.test) };
}

/** The examples of a part. */
export function tabularDataset({ features, targets, rows, width }: TabularPart): Dataset<TabularBatch> {
  return {
    length: rows,
    batch: (positions) => {
      const chosen = new Float32Array(positions.length * width);
      positions.forEach((row, i) => chosen.set(features.subarray(row * width, (row + 1) * width), i * width));
      const wanted = targets instanceof Int32Array ? positions.map((row) => targets[row] ?? 0) : Float32Array.from(positions, (row) => targets[row] ?? NaN);
      const shape = targets instanceof Int32Array ? [positions.length] : [positions.length, 1];
      return [tensor(chosen, { shape: [positions.length, width] }), tensor(wanted, { shape })];
    },
  };
}
