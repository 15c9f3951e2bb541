import { ArgumentError, DataError } from "../core/errors.js";
import { categorize, StandardScaler } from "../data/preprocess/index.js";
import { tableOf, type Column } from "../data/table.js";

/** What a column asks for: one of its classes, or a number. */
export type TaskName = "classification" | "regression";

/** A column of classes; a network gives a logit for each. */
export interface ClassTarget {
  readonly task: "classification";
  readonly name: string;
  readonly classes: readonly string[];
}

/** A column of numbers; a network gives (value − mean) / std. */
export interface NumberTarget {
  readonly task: "regression";
  readonly name: string;
  readonly mean: number;
  readonly std: number;
}

/** What a network says of a row: a class, or a number. */
export type Target = ClassTarget | NumberTarget;

/** Whole numbers of at most this many kinds are taken for classes. */
const mostNumberedClasses = 10;

/** Categories are classes, and so are few whole numbers; other numbers are values. */
export function taskOf(column: Column): TaskName {
  if (column.kind === "categorical") return "classification";
  const kinds = new Set(column.values.filter((x) => !Number.isNaN(x)));
  return kinds.size <= mostNumberedClasses && [...kinds].every(Number.isInteger) ? "classification" : "regression";
}

/** What is learned from a column. Throws ArgumentError for regression of categories, DataError where there is nothing to tell apart. */
export function targetOf(column: Column, task: TaskName): Target {
  const { name } = column;
  const { categories, codes } = categorize(column);
  const used = new Set(codes);
  const classes = categories.filter((_, code) => used.has(code));
  if (classes.length < 2) throw new DataError(`the target "${name}" has the value ${classes[0]} only: there is nothing to learn`);
  if (task === "classification") return { task, name, classes };
  if (column.kind === "categorical") {
    throw new ArgumentError(`the target "${name}" holds categories such as "${classes[0]}": expected numbers for regression`);
  }
  const scaling = new StandardScaler().fit(tableOf([column])).learned.get(name);
  return { task, name, mean: scaling?.center ?? 0, std: scaling?.scale ?? 1 };
}

/** What a network should have given for each row: indices of classes, or scaled values. Throws DataError for what is missing or no class. */
export function encodeTarget(column: Column, target: Target): Int32Array | Float32Array {
  if (target.task === "classification") {
    const { categories, codes } = categorize(column);
    const places = categories.map((category) => target.classes.indexOf(category));
    return codes.map((code, row) => places[code] ?? missing(target.name, row)).map((place, row) => {
      if (place >= 0) return place;
      throw new DataError(`the target "${target.name}" is "${categories[codes[row] ?? 0]}" in row ${row + 1}; the classes are ${target.classes.join(", ")}`);
    });
  }
  if (column.kind === "categorical") throw new DataError(`the target "${target.name}" holds categories and must hold numbers`);
  return Float32Array.from(column.values, (x, row) => (Number.isNaN(x) ? missing(target.name, row) : (x - target.mean) / target.std));
}

function missing(name: string, row: number): never {
  throw new DataError(`the target "${name}" is missing in row ${row + 1}; leave such rows out`);
}
