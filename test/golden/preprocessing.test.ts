import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import {
  MinMaxScaler,
  OneHotEncoder,
  OrdinalEncoder,
  RobustScaler,
  SimpleImputer,
  splitRows,
  StandardScaler,
  transformerFromJSON,
  type Transformer,
} from "../../src/data/preprocess/index.js";
import { tableOf, type Column, type Table } from "../../src/data/table.js";

type Cells = Readonly<Record<string, readonly (number | string | null)[]>>;

interface Case {
  readonly name: string;
  readonly definition: string;
  readonly kind: string;
  readonly options: object;
  readonly fit: Cells;
  readonly transform: Cells;
  readonly expected: Cells;
}

interface SplitCase {
  readonly counts: readonly number[];
  readonly test: number;
  readonly expected: { readonly test: readonly number[]; readonly train: readonly number[] };
}

const { cases, splits } = JSON.parse(readFileSync(new URL("preprocessing.json", import.meta.url), "utf8")) as { cases: Case[]; splits: SplitCase[] };

const make: Readonly<Record<string, (options: object) => Transformer>> = {
  StandardScaler: (options) => new StandardScaler(options),
  MinMaxScaler: (options) => new MinMaxScaler(options),
  RobustScaler: (options) => new RobustScaler(options),
  SimpleImputer: (options) => new SimpleImputer(options),
  OneHotEncoder: (options) => new OneHotEncoder(options),
  OrdinalEncoder: (options) => new OrdinalEncoder(options),
};

function column([name, cells]: [string, Cells[string]]): Column {
  if (!cells.some((cell) => typeof cell === "string")) {
    return { name, kind: "numeric", values: Float64Array.from(cells, (cell) => (cell === null ? NaN : Number(cell))) };
  }
  const categories = [...new Set(cells)].filter((cell) => typeof cell === "string").sort();
  return { name, kind: "categorical", categories, codes: Int32Array.from(cells, (cell) => categories.indexOf(String(cell))) };
}

const tableFrom = (cells: Cells): Table => tableOf(Object.entries(cells).map(column));

function cellsOf(table: Table): Cells {
  const cells = (c: Column): Cells[string] =>
    c.kind === "numeric" ? Array.from(c.values, (x) => (Number.isNaN(x) ? null : x)) : Array.from(c.codes, (code) => c.categories[code] ?? null);
  return Object.fromEntries(table.columns.map((c) => [c.name, cells(c)]));
}

function expectCells(actual: Cells, expected: Cells): void {
  expect(Object.keys(actual).sort()).toEqual(Object.keys(expected).sort());
  for (const [name, cells] of Object.entries(expected)) {
    cells.forEach((cell, row) => {
      const got = actual[name]?.[row];
      if (typeof cell !== "number") expect(got, `${name}, row ${row}`).toBe(cell);
      else expect(Math.abs(Number(got) - cell), `${name}, row ${row}: ${got} for ${cell}`).toBeLessThanOrEqual(1e-12 * Math.max(1, Math.abs(cell)));
    });
  }
}

describe("scikit-learn's definitions", () => {
  test.each(cases)("$name: $definition", ({ kind, options, fit, transform, expected }) => {
    const transformer = make[kind]?.(options);
    if (!transformer) throw new Error(`no ${kind}`);
    transformer.fit(tableFrom(fit));
    expectCells(cellsOf(transformer.transform(tableFrom(transform))), expected);
    const loaded = transformerFromJSON(JSON.parse(JSON.stringify(transformer)));
    expectCells(cellsOf(loaded.transform(tableFrom(transform))), expected);
  });

  test.each(splits)("a stratified split of $counts: StratifiedShuffleSplit's counts of classes", ({ counts, test: share, expected }) => {
    const stratify = counts.flatMap((count, label) => Array.from({ length: count }, () => label));
    const parts = splitRows(stratify.length, { test: share, stratify, seed: 5 });
    for (const part of ["test", "train"] as const) {
      expect(counts.map((_, label) => parts[part].filter((row) => stratify[row] === label).length)).toEqual(expected[part]);
    }
    expect([...parts.test, ...parts.train].sort((a, b) => a - b)).toEqual(stratify.map((_, row) => row));
  });
});
