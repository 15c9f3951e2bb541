import { expect, test } from "vitest";
import { ReferenceBackend } from "../backends/reference/reference-backend.js";
import { setDefaultDevice, trace, zeros } from "../index.js";
import { ResNetCifar } from "./resnet-cifar.js";

setDefaultDevice(new ReferenceBackend());

// He et al. 2015, table 6: 0.27, 0.46, 0.66, 0.85 and 1.7 million.
test.each([
  [3, 269_722],
  [5, 464_154],
  [7, 658_586],
  [9, 853_018],
  [18, 1_727_962],
])("%i blocks in a stage have %i parameters", (blocks, count) => {
  const model = new ResNetCifar({ blocks });
  expect(model.parameters().reduce((sum, parameter) => sum + parameter.size, 0)).toBe(count);
});

test("has the names and shapes of its published checkpoint", () => {
  const model = new ResNetCifar();
  const shapes = new Map(Object.entries(model.stateDict()).map(([name, value]) => [name, value.shape]));
  // 97 of the checkpoint, which is older than the counts of batches, and one such count for each of 19 layers.
  expect(shapes.size).toBe(97 + 19);
  expect(shapes.get("layer2.0.conv1.weight")).toEqual([32, 16, 3, 3]);
  expect(shapes.get("layer3.2.bn2.running_var")).toEqual([64]);
  expect(shapes.get("linear.weight")).toEqual([10, 64]);
  const graph = trace((images) => model.forward(images), zeros([2, 3, 32, 32]));
  expect(graph.outputs[0]?.shape).toEqual([2, 10]);
});
