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
  const given = { data: "mnist", dataDir: "d", epochs: "3", batchSize: "7", lr: "1e-2", optimizer: "sgd", seed: "12", device: "wasm", threads: "2", out: "o", json: "j", limit: "100", profile: true } as const;
  const { recipe, data, ...options } = parseTrainOptions("mlp", given);
  expect([recipe.name, data.name]).toEqual(["mlp", "mnist"]);
  expect(options).toEqual({ dataDir: "d", epochs: 3, batchSize: 7, lr: 0.01, schedule: "one-cycle", optimizer: "sgd", seed: 12, device: "wasm", threads: 2, out: "o", json: "j", limit: 100, profile: true });
});

test("a path is a folder of images, without being looked for among the names", () => {
  expect(["./mnits", "/photos/cats", "..", "C:\\photos"].map((data) => parseTrainOptions("mlp", { data }).data.name)).toEqual([
    "./mnits",
    "/photos/cats",
    "..",
    "C:\\photos",
  ]);
});

test.each<[string, Record<string, string>, string]>([
  ["lenett", {}, "recipe lenett: expected mlp, softmax-regression, lenet; did you mean lenet?"],
  ["vgg", {}, "recipe vgg: expected mlp, softmax-regression, lenet"],
  ["mlp", { data: "mnits" }, "--data mnits: expected digits, mnist, fashion-mnist, cifar10; did you mean mnist?"],
  ["mlp", { optimizer: "adma" }, "--optimizer adma: expected sgd, adam, adamw; did you mean adam?"],
  ["mlp", { device: "nativ" }, "--device nativ: expected auto, native, wasm, reference; did you mean native?"],
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
