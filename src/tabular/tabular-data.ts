import { ArgumentError } from "../core/errors.js";
import type { Dataset } from "../data/dataset.js";
import { categorize, splitRows, toMatrix, type Transformer } from "../data/preprocess/index.js";
import { columnOf, dropColumns, takeRows, type Table } from "../data/table.js";
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
  /** The share that is held out; 0.2 if not given. */
  readonly test?: number | undefined;
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

/** A table made ready for training. */
export interface TabularData {
  readonly target: Target;
  /** Fitted on the training part. */
  readonly preprocessing: Transformer;
  /** The columns that it reads, as they were. */
  readonly inputs: Table["columns"];
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
 * say something and how to prepare them. Throws ArgumentError for columns that do not exist, DataError where nothing can be learned.
 */
export function prepareTable(table: Table, options: TabularOptions): TabularData {
  const { drop = [], keep = [], test = 0.2, seed = 0 } = options;
  const column = columnOf(table, options.target);
  if (drop.includes(column.name)) throw new ArgumentError(`"${column.name}" is the target and cannot be left out`);
  for (const name of keep) columnOf(table, name);
  const task = options.task ?? taskOf(column);
  const { codes } = categorize(column);
  const labelled = Int32Array.from(codes.keys()).filter((row) => (codes[row] ?? -1) >= 0);
  const usable = takeRows(dropColumns(table, drop), labelled);
  const target = targetOf(columnOf(usable, column.name), task);
  const stratify = task === "classification" ? labelled.map((row) => codes[row] ?? 0) : undefined;
  const split = splitRows(usable.rows, { test, stratify, seed });
  const train = takeRows(usable, split.train);
  const features = dropColumns(train, [column.name]);
  const omitted = omittedColumns(features, columnOf(train, column.name), task).filter(({ name }) => !keep.includes(name));
  const used = dropColumns(features, omitted.map(({ name }) => name));
  if (used.columns.length === 0) throw new ArgumentError(`there is no column to predict "${column.name}" from: ${omitted.map(({ name, why }) => `${name} ${why}`).join(", ")}`);
  // What a regression scales by is learned from the training part, as all else is.
  const learned = task === "regression" ? targetOf(columnOf(train, column.name), task) : target;
  const preprocessing = usualPreprocessing(used).fit(used);
  const part = (rows: Table): TabularPart => {
    const { data, columns } = toMatrix(preprocessing.transform(rows));
    return { features: data, targets: encodeTarget(columnOf(rows, column.name), learned), rows: rows.rows, width: columns.length };
  };
  return {
    target: learned,
    preprocessing,
    inputs: used.columns,
    omitted,
    unlabelled: table.rows - usable.rows,
    train: part(train),
    test: part(takeRows(usable, split.test)),
  };
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
