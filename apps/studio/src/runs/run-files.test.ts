import { expect, test } from "vitest";
import { evaluationOf, flatten, modelOf } from "./run-files.js";

const classification = { task: "classification", examples: 3, loss: 0.5, accuracy: 2 / 3, classes: ["a", "b"], confusion: [[1, 0], [1, 1]], wrong: 1, misread: [{ index: 2, actual: 1, predicted: 0, confidence: 0.9 }], pictures: { width: 3, height: 3, columns: 10, count: 1 } };
const regression = { task: "regression", examples: 2, loss: 1, rmse: 1, r2: 0.5, target: "price", pairs: [[1, 2], [3, 4]] };
const layer = { name: "fc", kind: "Linear", depth: 1, outputs: [[1, 10]], parameters: 20, multiplyAdds: 10 };
const model = { input: [1, 2], rows: [layer], parameters: 20, trainable: 20, multiplyAdds: 10 };

test("reports of tests are read as they were written", () => {
  expect(evaluationOf(classification)).toEqual(classification);
  expect(evaluationOf(regression)).toEqual(regression);
  expect(modelOf(model)).toEqual(model);
  // Numbers that are not finite are null in JSON.
  expect(evaluationOf({ ...regression, r2: null, pairs: [[1, null], [3, 4]] })).toEqual({ ...regression, r2: NaN, pairs: [[3, 4]] });
});

test("damaged files are nothing, and harm no page", () => {
  const damaged: readonly object[] = [
    { ...classification, confusion: [[1, 0]] },
    { ...classification, confusion: [[1], [1, 1]] },
    { ...classification, confusion: [[1, "x"], [1, 1]] },
    { ...classification, confusion: null },
    { ...classification, classes: [1, 2] },
    { ...classification, misread: [{ index: 2, actual: 5, predicted: 0 }] },
    { ...classification, misread: [null] },
    { ...classification, loss: "0" },
    { ...regression, pairs: undefined },
    { ...regression, r2: undefined },
    { ...regression, target: 3 },
  ];
  for (const value of [...damaged, null, undefined, [], "text", {}]) expect(evaluationOf(value)).toBeUndefined();
  expect(evaluationOf({ ...classification, pictures: { width: 0 } })).not.toHaveProperty("pictures");
  const broken: readonly object[] = [{ ...model, rows: [{ ...layer, outputs: [3] }] }, { ...model, rows: [{ ...layer, parameters: null }] }, { ...model, rows: {} }, { ...model, input: "x" }, { ...model, trainable: -1 }];
  for (const value of [...broken, null, []]) expect(modelOf(value)).toBeUndefined();
});

test("a configuration is a line for each value", () => {
  const lines = flatten({ recipe: "mlp", options: { lr: 0.1, sizes: [1, 2], none: null }, long: "x".repeat(400) });
  expect([...lines]).toEqual([["recipe", "mlp"], ["options.lr", "0.1"], ["options.sizes", "[1,2]"], ["options.none", "null"], ["long", `${"x".repeat(300)} …`]]);
});
