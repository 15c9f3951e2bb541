import { expect, test } from "vitest";
import { useReference } from "../../test/values.js";
import { tensor, type Tensor } from "../tensor/index.js";
import {
  Accuracy,
  AveragePrecision,
  F1,
  MeanAbsoluteError,
  MeanSquaredError,
  Precision,
  R2Score,
  Recall,
  RocAuc,
  RootMeanSquaredError,
  TopKAccuracy,
} from "./index.js";
import type { Metric } from "./metric.js";

useReference();

const ints = (values: number[]): Tensor => tensor(values, { dtype: "int32" });

/** The score of all rows at once, of two batches, and of two batches after something else and a reset. */
async function scoresOf(metric: Metric, outputs: number[] | number[][], targets: Tensor): Promise<number[]> {
  const results: number[] = [];
  const all = tensor(outputs);
  await metric.update(all, targets);
  results.push(await metric.compute());
  metric.reset();
  await metric.update(all.at(":3"), targets.at(":3"));
  await metric.update(all.at("3:"), targets.at("3:"));
  results.push(await metric.compute());
  return results;
}

test("metrics gather batches", async () => {
  const rows = [
    [0.5, 0.2, 0.2],
    [0.3, 0.4, 0.2],
    [0.2, 0.4, 0.3],
    [0.7, 0.2, 0.1],
  ];
  const classes = ints([0, 1, 2, 2]);
  const cases: [Metric, number[] | number[][], Tensor, number][] = [
    [new Accuracy(), rows, classes, 0.5],
    [new TopKAccuracy(2), rows, classes, 0.75],
    [new Precision(3), rows, classes, (0.5 + 0.5 + 0) / 3],
    [new Recall(3), rows, classes, (1 + 1 + 0) / 3],
    [new F1(3), rows, classes, (2 / 3 + 2 / 3) / 3],
    [new F1(3, { average: "micro" }), rows, classes, 0.5],
    [new Recall(3, { average: "weighted" }), rows, classes, 0.5],
    [new Accuracy(), [1, -2, 3, -0.5], ints([1, 1, 1, 0]), 0.75],
    [new Accuracy({ threshold: 0.5 }), [0.9, 0.2, 0.6, 0.4], ints([1, 1, 1, 0]), 0.75],
    [new MeanSquaredError(), [2.5, 0, 2, 8], tensor([3, -0.5, 2, 7]), 0.375],
    [new RootMeanSquaredError(), [2.5, 0, 2, 8], tensor([3, -0.5, 2, 7]), Math.sqrt(0.375)],
    [new MeanAbsoluteError(), [2.5, 0, 2, 8], tensor([3, -0.5, 2, 7]), 0.5],
    [new R2Score(), [2.5, 0, 2, 8], tensor([3, -0.5, 2, 7]), 0.9486081370449679],
    [new RocAuc(), [0.1, 0.4, 0.35, 0.8], ints([0, 0, 1, 1]), 0.75],
    [new AveragePrecision(), [0.1, 0.4, 0.35, 0.8], ints([0, 0, 1, 1]), 0.8333333333],
  ];
  for (const [metric, outputs, targets, expected] of cases) {
    for (const score of await scoresOf(metric, outputs, targets)) expect(score, metric.name).toBeCloseTo(expected, 9);
  }
});

test("maps of classes count every place", async () => {
  const metric = new Accuracy();
  const maps = tensor([[[[1, 0], [0, 1]], [[0, 1], [1, 0]]]]); // (1, 2 classes, 2, 2)
  await metric.update(maps, tensor([[[0, 1], [1, 1]]], { dtype: "int32" }));
  expect(metric.compute()).toBe(0.75);
});

test("metrics refuse what does not fit", async () => {
  expect(() => new Accuracy().compute()).toThrow("[metrics] accuracy of nothing");
  expect(() => new F1(2).compute()).toThrow("[metrics] f1 of nothing");
  expect(() => new MeanSquaredError().compute()).toThrow("[metrics] mse of nothing");
  await expect(new Accuracy().update(tensor([[1, 2]]), ints([0, 1]))).rejects.toThrow("expected class indices of shape [1]");
  await expect(new RocAuc().update(tensor([[1, 2]]), ints([0, 1]))).rejects.toThrow("output [1, 2] and target [2] differ");
  await expect(new F1(2).update(tensor([[1, 2, 3]]), ints([0]))).rejects.toThrow("predicted[0] is 2");
});
