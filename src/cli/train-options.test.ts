import { expect, test } from "vitest";
import { ArgumentError } from "../core/errors.js";
import { parseTrainOptions } from "./train-options.js";

test("what is not given comes from the recipe", () => {
  const { recipe, data, ...options } = parseTrainOptions("softmax-regression", {});
  expect([recipe.name, data.name]).toEqual(["softmax-regression", "digits"]);
  expect(options).toMatchObject({ ...recipe.defaults, seed: 0, device: "auto", threads: undefined });
});

test("another optimizer than the recipe's has its own usual learning rate", () => {
  expect(parseTrainOptions("mlp", { optimizer: "sgd" }).lr).toBe(0.05);
  expect(parseTrainOptions("mlp", { optimizer: "sgd", lr: "0.3" }).lr).toBe(0.3);
});

test("what is given counts", () => {
  const given = { data: "mnist", dataDir: "d", epochs: "3", batchSize: "7", lr: "1e-2", optimizer: "sgd", seed: "12", device: "wasm", threads: "2", out: "o", json: "j", limit: "100", validation: "0.1", gradNorm: true, profile: true } as const;
  const { recipe, data, ...options } = parseTrainOptions("mlp", given);
  expect([recipe.name, data.name]).toEqual(["mlp", "mnist"]);
  expect(options).toEqual({ dataDir: "d", epochs: 3, batchSize: 7, lr: 0.01, schedule: "one-cycle", optimizer: "sgd", seed: 12, device: "wasm", threads: 2, out: "o", json: "j", limit: 100, validation: 0.1, gradNorm: true, profile: true, overwrite: false });
});

test("a path is a folder of images, without being looked for among the names", () => {
  expect(["./mnits", "/photos/cats", "..", "C:\\photos"].map((data) => parseTrainOptions("mlp", { data }).data.name)).toEqual([
    "./mnits",
    "/photos/cats",
    "..",
    "C:\\photos",
  ]);
});

test("recipes for tables take a file or a table known by name", () => {
  const given = { csv: "some/people.csv", target: "age", drop: "a, b", heldOut: "0.25", task: "regression" } as const;
  const { recipe, data, table } = parseTrainOptions("tabular-mlp", given);
  expect([recipe.name, data.name]).toEqual(["tabular", "people"]);
  expect(table).toEqual({ target: "age", task: "regression", drop: ["a", "b"], keep: [], heldOut: 0.25, given });
  expect(parseTrainOptions("regression", { data: "california-housing" }).table?.set).toBe("california-housing");
});

test.each<[string, Record<string, string>, string]>([
  ["lenett", {}, "recipe lenett: expected mlp, softmax-regression, lenet, tabular, regression; did you mean lenet?"],
  ["vgg", {}, "recipe vgg: expected mlp, softmax-regression, lenet"],
  ["mlp", { csv: "a.csv" }, "--csv a.csv: mlp learns from images; for a table use: gradus train tabular"],
  ["tabular", {}, "tabular needs a table: --csv FILE --target COLUMN, or --data and one of iris,"],
  ["tabular", { data: "titanik" }, "did you mean titanic?"],
  ["tabular", { data: "titanic", csv: "a.csv" }, "--csv a.csv and --data titanic: give one of them"],
  ["tabular", { data: "titanic", columns: "a,b" }, "--columns a,b: names the columns of a --csv file"],
  ["tabular", { csv: "a.csv", task: "clasification" }, "did you mean classification?"],
  ["tabular", { csv: "a.csv", drop: "a,,b" }, "--drop a,,b: expected names with commas between them"],
  ["tabular", { csv: "a.csv", heldOut: "20" }, "--held-out 20: expected a share between 0 and 1"],
  ["regression", { csv: "a.csv", task: "classification" }, "--task classification: regression is for regression; use tabular"],
  ["mlp", { data: "mnits" }, "--data mnits: expected digits, mnist, fashion-mnist, cifar10; did you mean mnist?"],
  ["mlp", { optimizer: "adma" }, "--optimizer adma: expected sgd, adam, adamw; did you mean adam?"],
  ["mlp", { device: "nativ" }, "--device nativ: expected auto, native, wasm, webgpu, reference; did you mean native?"],
  ["mlp", { epochs: "0" }, "--epochs 0: expected a whole number from 1"],
  ["mlp", { epochs: "1.5" }, "--epochs 1.5: expected a whole number from 1"],
  ["mlp", { batchSize: "many" }, "--batch-size many: expected a whole number from 1"],
  ["mlp", { seed: "-1" }, "--seed -1: expected a whole number from 0"],
  ["mlp", { seed: "9007199254740993" }, "--seed 9007199254740993: expected a whole number from 0"],
  ["mlp", { threads: "0" }, "--threads 0: expected a whole number from 1"],
  ["mlp", { limit: "" }, "--limit : expected a whole number from 1"],
  ["mlp", { lr: "0" }, "--lr 0: expected a number above 0"],
  ["mlp", { lr: "NaN" }, "--lr NaN: expected a number above 0"],
  ["mlp", { lr: "fast" }, "--lr fast: expected a number above 0"],
])("%s %o is refused", (recipe, given, message) => {
  expect(() => parseTrainOptions(recipe, given)).toThrow(ArgumentError);
  expect(() => parseTrainOptions(recipe, given)).toThrow(message);
});
