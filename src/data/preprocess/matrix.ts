import { DataError } from "../../core/errors.js";
import type { Table } from "../table.js";
import { numbersOf } from "./transformer.js";

/** Numbers of a table, as a network takes them. */
export interface Matrix {
  /** Row after row, `rows` × `columns.length`. */
  readonly data: Float32Array;
  readonly rows: number;
  readonly columns: readonly string[];
}

/** A table's numeric columns as a matrix. Throws DataError for a column of categories, a missing or an infinite value. */
export function toMatrix(table: Table): Matrix {
  const width = table.columns.length;
  const data = new Float32Array(table.rows * width);
  table.columns.forEach((column, j) => {
    numbersOf(column, "toMatrix").forEach((x, row) => {
      const value = Math.fround(x);
      if (!Number.isFinite(value)) {
        throw new DataError(`[toMatrix] column "${column.name}" is ${x} in row ${row + 1}; impute what is missing and scale what is too large`);
      }
      data[row * width + j] = value;
    });
  });
  return { data, rows: table.rows, columns: table.columns.map(({ name }) => name) };
}
