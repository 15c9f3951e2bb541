import { categorize, ColumnTransformer, OneHotEncoder, Pipeline, SimpleImputer, StandardScaler } from "../data/preprocess/index.js";
import { missingCount, type Column, type Table } from "../data/table.js";

/** A column that is of no use, and why. */
export interface OmittedColumn {
  readonly name: string;
  readonly why: string;
}

/** Columns with more categories than this are names, not categories. */
const mostCategories = 100;

/** Columns that say nothing about new rows: constant ones, names and row numbers, and copies of a target of classes. */
export function omittedColumns(features: Table, target: Column, task: "classification" | "regression"): OmittedColumn[] {
  return features.columns.flatMap((column) => {
    const why = reasonToOmit(column) ?? (task === "classification" && repeats(column, target) ? `repeats ${target.name}` : undefined);
    return why === undefined ? [] : [{ name: column.name, why }];
  });
}

function reasonToOmit(column: Column): string | undefined {
  const { categories, codes } = categorize(column);
  const kinds = new Set(codes);
  if (kinds.size <= 1) return missingCount(column) > 0 ? "has no value" : `is always ${categories[codes[0] ?? 0] ?? ""}`;
  if (column.kind === "categorical") return kinds.size > mostCategories ? `has ${kinds.size} categories` : undefined;
  return numbersRows(column.values) ? "numbers the rows" : undefined;
}

/** Whether values are whole numbers, no two the same, with few gaps: those of the rows that are held out. */
function numbersRows(values: Float64Array): boolean {
  if (values.length <= 10 || !values.every(Number.isInteger) || new Set(values).size < values.length) return false;
  const sorted = values.slice().sort();
  return (sorted.at(-1) ?? 0) - (sorted[0] ?? 0) < 1.5 * values.length;
}

/** Whether each value of a column stands for one class and each class for one value. */
function repeats(column: Column, target: Column): boolean {
  const [values, classes] = [categorize(column).codes, categorize(target).codes];
  const classOf = new Map<number, number>();
  const valueOf = new Map<number, number>();
  return values.every((value, row) => {
    const label = classes[row] ?? -1;
    if (!classOf.has(value)) classOf.set(value, label);
    if (!valueOf.has(label)) valueOf.set(label, value);
    return classOf.get(value) === label && valueOf.get(label) === value;
  });
}

/**
 * The usual preparation of a table for a network: numbers are imputed by the median, with a column that says where, and
 * standardized; categories become columns of 0 and 1, missing ones too, and what was not seen is 0 in all of them.
 */
export function usualPreprocessing(features: Table): ColumnTransformer {
  const named = (kind: Column["kind"]): string[] => features.columns.filter((column) => column.kind === kind).map(({ name }) => name);
  return new ColumnTransformer([
    [new Pipeline(new SimpleImputer({ strategy: "median", indicator: true }), new StandardScaler()), named("numeric")],
    [new OneHotEncoder({ unknown: "ignore" }), named("categorical")],
  ]);
}
