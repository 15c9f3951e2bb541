import { ArgumentError, DataError } from "../core/errors.js";

/** A column of numbers; a missing one is NaN. */
export interface NumericColumn {
  readonly name: string;
  readonly kind: "numeric";
  readonly values: Float64Array;
}

/** A column of categories: per row the index into `categories`, or -1 where it is missing. */
export interface CategoricalColumn {
  readonly name: string;
  readonly kind: "categorical";
  readonly categories: readonly string[];
  readonly codes: Int32Array;
}

export type Column = NumericColumn | CategoricalColumn;

/** Named columns of one length. */
export interface Table {
  readonly columns: readonly Column[];
  readonly rows: number;
}

/** A table of these columns. Throws DataError for a name that comes twice, and for columns of different lengths. */
export function tableOf(columns: readonly Column[]): Table {
  const rows = columns[0] ? lengthOf(columns[0]) : 0;
  const seen = new Set<string>();
  for (const column of columns) {
    if (seen.has(column.name)) throw new DataError(`a table has two columns "${column.name}"; give each its own name`);
    seen.add(column.name);
    if (lengthOf(column) !== rows) {
      throw new DataError(
        `column "${column.name}" has ${lengthOf(column)} rows and column "${columns[0]?.name}" has ${rows}; ` +
          "the columns of a table have one length",
      );
    }
  }
  return { columns, rows };
}

/** The column of that name. Throws ArgumentError, with the names there are, where there is none. */
export function columnOf(table: Table, name: string): Column {
  const column = table.columns.find((c) => c.name === name);
  if (column) return column;
  throw new ArgumentError(`no column "${name}"; there are ${table.columns.map((c) => c.name).join(", ")}`);
}

/** The table with these columns only, in this order. Throws ArgumentError for a name it does not have. */
export function selectColumns(table: Table, names: readonly string[]): Table {
  return { columns: names.map((name) => columnOf(table, name)), rows: table.rows };
}

/** The table less these columns. Throws ArgumentError for a name it does not have. */
export function dropColumns(table: Table, names: readonly string[]): Table {
  for (const name of names) columnOf(table, name);
  return { columns: table.columns.filter((c) => !names.includes(c.name)), rows: table.rows };
}

/** The rows at these positions, in this order; categories stay as they are. Throws ArgumentError for a row there is not. */
export function takeRows(table: Table, positions: ArrayLike<number>): Table {
  const wanted = Int32Array.from(positions);
  const wrong = wanted.find((row) => row < 0 || row >= table.rows);
  if (wrong !== undefined) throw new ArgumentError(`no row ${wrong}: the table has ${table.rows} rows, counted from 0`);
  return {
    rows: wanted.length,
    columns: table.columns.map((column) =>
      column.kind === "numeric"
        ? { ...column, values: Float64Array.from(wanted, (row) => column.values[row] ?? NaN) }
        : { ...column, codes: wanted.map((row) => column.codes[row] ?? -1) },
    ),
  };
}

/** How many values of a column are missing. */
export function missingCount(column: Column): number {
  let count = 0;
  if (column.kind === "numeric") for (const value of column.values) count += Number.isNaN(value) ? 1 : 0;
  else for (const code of column.codes) count += code < 0 ? 1 : 0;
  return count;
}

function lengthOf(column: Column): number {
  return column.kind === "numeric" ? column.values.length : column.codes.length;
}
