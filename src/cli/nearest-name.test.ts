import { expect, test } from "vitest";
import { nearestName } from "./nearest-name.js";

const names = ["mlp", "softmax-regression", "lenet"];

test.each([
  ["lenett", "lenet"],
  ["lnet", "lenet"],
  ["LeNet", "lenet"],
  ["mpl", "mlp"],
  ["softmax-regresion", "softmax-regression"],
  ["softmaxregression", "softmax-regression"],
])("%s is nearest to %s", (word, name) => {
  expect(nearestName(word, names)).toBe(name);
});

test.each(["resnet50", "x", "", "transformer"])("nothing is near %j", (word) => {
  expect(nearestName(word, names)).toBeUndefined();
});
