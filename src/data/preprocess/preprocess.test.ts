import { expect, test } from "vitest";
import { ArgumentError, DataError, FormatError } from "../../core/errors.js";
import { tableOf, type Table } from "../table.js";
import {
  ColumnTransformer,
  MinMaxScaler,
  OneHotEncoder,
  OrdinalEncoder,
  Pipeline,
  RobustScaler,
  SimpleImputer,
  splitRows,
  StandardScaler,
  toMatrix,
  transformerFromJSON,
} from "./index.js";

const people = tableOf([
  { name: "age", kind: "numeric", values: Float64Array.of(1, NaN, 3) },
  { name: "town", kind: "categorical", categories: ["a", "b"], codes: Int32Array.of(0, 1, -1) },
  { name: "fare", kind: "numeric", values: Float64Array.of(10, 20, 40) },
]);

const towns = (name: string, ...categories: string[]): Table =>
  tableOf([{ name, kind: "categorical", categories, codes: Int32Array.from(categories, (_, i) => i) }]);

function preprocessing(): ColumnTransformer {
  return new ColumnTransformer(
    [
      [new Pipeline(new SimpleImputer({ strategy: "median", indicator: true }), new MinMaxScaler()), ["age"]],
      [new OneHotEncoder({ unknown: "ignore" }), "categorical"],
    ],
    { remainder: "passthrough" },
  );
}

test("transformers are composed per column, and are the same after a way through JSON", () => {
  const fitted = preprocessing();
  const matrix = toMatrix(fitted.fitTransform(people));
  expect(matrix.columns).toEqual(["age", "missing_age", "town_a", "town_b", "town_nan", "fare"]);
  expect([...matrix.data]).toEqual([0, 0, 1, 0, 0, 10, 0.5, 1, 0, 1, 0, 20, 1, 0, 0, 0, 1, 40]);
  const loaded = transformerFromJSON(JSON.parse(JSON.stringify(fitted)));
  expect(toMatrix(loaded.transform(people))).toEqual(matrix);
  expect(loaded.toJSON()).toEqual(fitted.toJSON());
  // Saved once and loaded, it can learn again.
  expect(toMatrix(loaded.fitTransform(people))).toEqual(matrix);
  expect(fitted.inputs).toEqual(["age", "town", "fare"]);
});

test("columns are found by name, and others do not count", () => {
  const fitted = preprocessing().fit(people);
  const other = tableOf([...people.columns].reverse().concat(towns("else", "x", "y", "z").columns));
  expect(toMatrix(fitted.transform(other))).toEqual(toMatrix(fitted.transform(people)));
  expect(() => fitted.transform(towns("town", "a"))).toThrow('the table has no column "age", which was there in fit');
});

test("a scaler's inverse gives back what it scaled", () => {
  const numbers = tableOf([{ name: "x", kind: "numeric", values: Float64Array.of(1, 2, 4, 8, 100) }]);
  for (const scaler of [new StandardScaler(), new MinMaxScaler({ range: [-1, 3] }), new RobustScaler()]) {
    const [column] = scaler.inverseTransform(scaler.fitTransform(numbers)).columns;
    if (column?.kind !== "numeric") throw new Error("numeric");
    column.values.forEach((x, i) => expect(x).toBeCloseTo([1, 2, 4, 8, 100][i] ?? NaN, 12));
  }
});

test("a column whose values rounding alone tells apart is not blown up", () => {
  const values = new Float64Array(7).fill(0.1 + 0.2);
  const [column] = new StandardScaler().fitTransform(tableOf([{ name: "x", kind: "numeric", values }])).columns;
  if (column?.kind !== "numeric") throw new Error("numeric");
  for (const x of column.values) expect(Math.abs(x)).toBeLessThan(1e-12);
});

test("a column without any value gets the constant, whatever kind it is read as later", () => {
  const empty = tableOf([{ name: "town", kind: "numeric", values: Float64Array.of(NaN, NaN) }]);
  expect(new SimpleImputer({ strategy: "mean" }).fitTransform(empty).columns[0]).toMatchObject({ values: Float64Array.of(0, 0) });
  const imputer = new SimpleImputer({ strategy: "constant" }).fit(towns("town", "a", "b"));
  expect(imputer.transform(empty).columns[0]).toMatchObject({ categories: ["missing"], codes: Int32Array.of(0, 0) });
});

test("numbers can be categories", () => {
  const classes = tableOf([{ name: "class", kind: "numeric", values: Float64Array.of(3, 1, 10) }]);
  expect(new OrdinalEncoder().fitTransform(classes).columns[0]).toMatchObject({ values: Float64Array.of(1, 0, 2) });
  expect(new OneHotEncoder().fitTransform(classes).columns.map((c) => c.name)).toEqual(["class_1", "class_3", "class_10"]);
});

test("what was not there in fit is an error unless it is to be ignored", () => {
  const encoder = new OneHotEncoder().fit(towns("town", "a", "b"));
  expect(() => encoder.transform(towns("town", "b", "c"))).toThrow('column "town" holds "c", which was not there in fit; known are a, b');
  expect(() => encoder.transform(people)).toThrow("has missing values, and had none in fit");
  expect(() => new OrdinalEncoder().fit(towns("town", "a")).transform(towns("town", "c"))).toThrow(DataError);
});

test("errors say what came and what is expected", () => {
  expect(() => new StandardScaler().transform(people)).toThrow("[StandardScaler] has learned nothing yet");
  expect(() => new StandardScaler().fit(people)).toThrow('column "town" holds categories such as "a" and must be numeric');
  expect(() => new SimpleImputer().fit(people)).toThrow('column "town" holds categories, which have no mean');
  expect(() => new SimpleImputer({ strategy: "constant", fill: "x" }).fit(people)).toThrow('fill "x" does not go into the numeric column "age"');
  expect(() => new MinMaxScaler({ range: [1, 1] })).toThrow(ArgumentError);
  expect(() => new RobustScaler({ quantileRange: [0, 101] })).toThrow(ArgumentError);
  expect(() => toMatrix(people)).toThrow('column "age" is NaN in row 2');
  expect(() => new ColumnTransformer([]).toJSON()).toThrow("has learned nothing yet");
});

test.each<unknown>([
  null,
  {},
  { kind: "constructor", options: {} },
  { kind: "Pipeline" },
  { kind: "StandardScaler", options: {}, columns: [["x", { center: "0" }]] },
  { kind: "OneHotEncoder", options: {}, columns: 3 },
])("%j is no saved transformer", (saved) => {
  expect(() => transformerFromJSON(saved)).toThrow(FormatError);
});

test("a split is seeded, has every example once, and three parts of the sizes asked for", () => {
  const options = { test: 0.2, validation: 0.1, seed: 3 };
  const split = splitRows(101, options);
  expect([split.test.length, split.validation.length, split.train.length]).toEqual([21, 11, 69]);
  expect(new Set([...split.test, ...split.validation, ...split.train]).size).toBe(101);
  expect(splitRows(101, options)).toEqual(split);
  expect(splitRows(101, { ...options, seed: 4 }).test).not.toEqual(split.test);
  expect(splitRows(10, { test: 0.1 * 3 }).test.length).toBe(3);
  expect(() => splitRows(2, { test: 0.9 })).toThrow("leave none to train on");
  expect(() => splitRows(9, { test: 1 })).toThrow("expected a share from 0 to below 1");
  expect(() => splitRows(9, { stratify: [0] })).toThrow("stratify has 1 classes for 9 examples");
});
