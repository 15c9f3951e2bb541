import type { TableEntry } from "./catalog.js";
import { parseCsv } from "./csv.js";
import type { NamedBytes } from "./read-images.js";
import { takeRows, type Table } from "./table.js";

/** A table, what is to be told from what, and, where its authors set one apart, the test part. */
export interface TableSplits {
  readonly table: Table;
  readonly test?: Table;
  /** The column to be told. */
  readonly target: string;
  readonly task: "classification" | "regression";
  /** The columns to tell it from: all others but those that tell nothing or give the target away. */
  readonly features: readonly string[];
}

/** The table in one file, or a training table and a test table with the same categories in two. */
export function readTable(entry: TableEntry, files: readonly NamedBytes[]): TableSplits {
  const { target, task, leaveOut = [], csv } = entry;
  const texts = files.map(({ bytes }) => new TextDecoder().decode(bytes));
  // The labels of Adult's test file end in a full stop.
  const [first = "", second] = texts;
  const joined = second === undefined ? first : `${first}\n${second.replace(/\.[ \t]*$/gm, "")}`;
  const source = files.map(({ name }) => name).join(" and ");
  const all = parseCsv(joined, { ...csv, source });
  const features = all.columns.map((c) => c.name).filter((name) => name !== target && !leaveOut.includes(name));
  const about = { target, task, features };
  if (second === undefined) return { table: all, ...about };
  const rows = parseCsv(first, { ...csv, source: files[0]?.name ?? "" }).rows;
  const positions = (from: number, to: number): Int32Array => Int32Array.from({ length: to - from }, (_, i) => from + i);
  return { table: takeRows(all, positions(0, rows)), test: takeRows(all, positions(rows, all.rows)), ...about };
}
