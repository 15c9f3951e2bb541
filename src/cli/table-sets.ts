import { readFile } from "node:fs/promises";
import { basename, extname } from "node:path";
import { DataError } from "../core/errors.js";
import { catalog, type DatasetName } from "../data/catalog.js";
import type { FileProgress } from "../data/file-progress.js";
import type { Table } from "../data/table.js";
import type { TaskName } from "../tabular/index.js";

/** A table to learn from. */
export interface LoadedTable {
  readonly table: Table;
  /** What its authors hold out. */
  readonly test?: Table;
  /** What to predict, as far as its authors say it. */
  readonly target?: string;
  readonly task?: TaskName;
  /** Columns that tell nothing or give the target away. */
  readonly leaveOut: readonly string[];
}

export interface TableSet {
  readonly name: string;
  /** Reads or downloads it; `dataDir` is where the user keeps the files of known sets. */
  readonly load: (dataDir: string | undefined, onProgress?: (progress: FileProgress) => void) => Promise<LoadedTable>;
}

type TableName = { [N in DatasetName]: (typeof catalog)[N]["kind"] extends "table" ? N : never }[DatasetName];

const tableNames = (Object.keys(catalog) as DatasetName[]).filter((name): name is TableName => catalog[name].kind === "table");

/** The tables that are known by name. */
export const tableSets: readonly TableSet[] = tableNames.map((name) => ({
  name,
  load: async (dataDir, onProgress) => {
    const { loadDataset } = await import("../data/load-dataset.js");
    const { table, test, target, task, features } = await loadDataset(name, { dataDir, onProgress });
    const leaveOut = table.columns.map((column) => column.name).filter((column) => column !== target && !features.includes(column));
    return { table, target, task, leaveOut, ...(test && { test }) };
  },
}));

/** A user's file of comma-separated values; with `columns`, its first line holds data. */
export function csvSet(path: string, columns: readonly string[] | undefined): TableSet {
  return {
    name: basename(path, extname(path)),
    load: async () => {
      const { parseCsv } = await import("../data/csv.js");
      const text = await readFile(path, "utf8").catch((error: unknown) => {
        throw new DataError(`--csv ${path}: cannot be read (${String(error)})`, { cause: error });
      });
      return { table: parseCsv(text, { source: path, ...(columns && { header: columns }) }), leaveOut: [] };
    },
  };
}
