import { expect, test } from "vitest";
import { ArgumentError, DataError, FormatError } from "../core/errors.js";
import { parseCsv } from "./csv.js";
import { columnOf, dropColumns, missingCount, selectColumns, tableOf, takeRows } from "./table.js";

const text = '\uFEFFage, town ,note\r\n34,Rome,"a, ""b""\nc"\r\n\r\n?,Bonn,\r\n-1.5e1, Rome ,z\r\n';

test("columns get their kind from what they hold, and missing values are marked", () => {
  const table = parseCsv(text);
  expect(table.rows).toBe(3);
  expect(table.columns).toEqual([
    { name: "age", kind: "numeric", values: Float64Array.of(34, NaN, -15) },
    { name: "town", kind: "categorical", categories: ["Bonn", "Rome"], codes: Int32Array.of(1, 0, 1) },
    { name: "note", kind: "categorical", categories: ['a, "b"\nc', "z"], codes: Int32Array.of(0, -1, 1) },
  ]);
  expect(table.columns.map(missingCount)).toEqual([1, 0, 1]);
});

test("separator, names, kinds, missing values and comments can be given", () => {
  const table = parseCsv("# made up\n10;x\n9;-\n10;y\n", {
    separator: ";",
    header: ["grade", "mark"],
    kinds: { grade: "categorical" },
    missing: ["-"],
    comment: "#",
  });
  expect(table.columns).toEqual([
    { name: "grade", kind: "categorical", categories: ["9", "10"], codes: Int32Array.of(1, 0, 1) },
    { name: "mark", kind: "categorical", categories: ["x", "y"], codes: Int32Array.of(0, -1, 1) },
  ]);
  expect(parseCsv("1\t2\n3\t4\n", { header: false }).columns.map((c) => c.name)).toEqual(["column1", "column2"]);
});

test("what is not a table is refused with the place of the fault", () => {
  expect(() => parseCsv("a,b\n1,2\n1,2,3\n")).toThrow(/row 2 has 3 fields and there are 2 columns/);
  expect(() => parseCsv('a,b\n1,"2\n', { source: "x.csv" })).toThrow(FormatError);
  expect(() => parseCsv("")).toThrow(FormatError);
  expect(() => parseCsv("a,a\n1,2\n")).toThrow(/two columns "a"/);
  expect(() => parseCsv("a\none\n", { kinds: { a: "numeric" } })).toThrow(/row 1 holds "one"/);
  expect(() => parseCsv("a\none\n", { kinds: { b: "numeric" } })).toThrow(ArgumentError);
});

test("columns and rows are picked by name and position", () => {
  const table = parseCsv("a,b,c\n1,x,5\n2,y,6\n3,x,7\n");
  expect(selectColumns(table, ["c", "a"]).columns.map((c) => c.name)).toEqual(["c", "a"]);
  expect(dropColumns(table, ["c"]).columns.map((c) => c.name)).toEqual(["a", "b"]);
  const taken = takeRows(table, [2, 0]);
  expect([taken.rows, columnOf(taken, "a"), columnOf(taken, "b")]).toEqual([
    2,
    { name: "a", kind: "numeric", values: Float64Array.of(3, 1) },
    { name: "b", kind: "categorical", categories: ["x", "y"], codes: Int32Array.of(0, 0) },
  ]);
  expect(() => takeRows(table, [3])).toThrow(ArgumentError);
  expect(() => columnOf(table, "d")).toThrow(/there are a, b, c/);
  expect(() => tableOf([...table.columns, ...takeRows(table, [0]).columns.map((c) => ({ ...c, name: "z" }))])).toThrow(DataError);
});
