import { beforeAll, expect, test } from "vitest";
import { ReferenceBackend } from "../backends/reference/reference-backend.js";
import { setDefaultDevice, trace, zeros } from "../index.js";
import { LeNet } from "./lenet.js";
import { Mlp } from "./mlp.js";
import { SoftmaxRegression } from "./softmax-regression.js";

beforeAll(() => setDefaultDevice(new ReferenceBackend()));

/** State-dict names and shapes, as PyTorch lists them for modules of these field names. */
const models = {
  mlp: {
    make: () => new Mlp(),
    parameters: 109_386,
    state: {
      "fc1.weight": [128, 784],
      "fc1.bias": [128],
      "fc2.weight": [64, 128],
      "fc2.bias": [64],
      "fc3.weight": [10, 64],
      "fc3.bias": [10],
    },
  },
  "softmax-regression": {
    make: () => new SoftmaxRegression(),
    parameters: 7_850,
    state: { "linear.weight": [10, 784], "linear.bias": [10] },
  },
  lenet: {
    make: () => new LeNet(),
    parameters: 61_706,
    state: {
      "conv1.weight": [6, 1, 5, 5],
      "conv1.bias": [6],
      "conv2.weight": [16, 6, 5, 5],
      "conv2.bias": [16],
      "fc1.weight": [120, 400],
      "fc1.bias": [120],
      "fc2.weight": [84, 120],
      "fc2.bias": [84],
      "fc3.weight": [10, 84],
      "fc3.bias": [10],
    },
  },
};

test("networks fit the images they are made for", () => {
  const images = { channels: 3, height: 32, width: 20, classes: 7 };
  for (const model of [new Mlp(images), new SoftmaxRegression(images), new LeNet(images)]) {
    const graph = trace((batch) => model.forward(batch), zeros([2, 3, 32, 20]));
    expect(graph.outputs[0]?.shape).toEqual([2, 7]);
  }
});

test.each(Object.entries(models))("%s has its parameters, names and output", (_name, { make, parameters, state }) => {
  const model = make();
  expect([...model.parameters()].reduce((sum, parameter) => sum + parameter.size, 0)).toBe(parameters);
  const shapes = Object.fromEntries(Object.entries(model.stateDict()).map(([name, value]) => [name, value.shape]));
  expect(shapes).toEqual(state);
  const graph = trace((images) => model.forward(images), zeros([3, 1, 28, 28]));
  expect(graph.outputs[0]?.shape).toEqual([3, 10]);
});
