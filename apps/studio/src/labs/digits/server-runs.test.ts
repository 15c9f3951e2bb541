import { expect, test } from "vitest";
import { isOpenable } from "./server-runs.js";

test("runs of known recipes can be opened once their weights are there", () => {
  const recipes = ["lenet", "mlp", "softmax-regression", "lab-softmax", "lab-mlp", "lab-cnn", "lab-transformer", "resnet", "my-mlp"];
  const openable = (hasWeights: boolean): string[] => recipes.filter((recipe) => isOpenable({ recipe, hasWeights }));
  expect(openable(true)).toEqual(recipes.slice(0, 6));
  expect(openable(false)).toEqual([]);
});
