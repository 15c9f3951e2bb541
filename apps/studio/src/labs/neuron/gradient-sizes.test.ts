import { expect, test } from "vitest";
import { device, manualSeed, setDefaultDevice, tensor } from "gradus";
import { gradientSizes } from "./gradient-sizes.js";
import { Network } from "./network.js";
import { lossOf } from "./training.js";

test("the gradient's size in each layer is that of backpropagation worked by hand", async () => {
  setDefaultDevice(device("wasm", { threads: 0 }));
  manualSeed(3);
  const network = new Network({ features: ["x1", "x2"], hidden: [2], outputs: 1, activation: "sigmoid", initialization: "xavier", dropout: 0 });
  const points = [
    [1, -2],
    [0.5, 3],
    [-1.5, 0.25],
  ];
  const targets = [1, 0, 1];
  const sizes = gradientSizes(network, (z, t) => lossOf(z, t, "classification", "crossEntropy"));
  const found = await sizes(tensor(points), tensor(targets)).data();

  const [first, last] = network.layers;
  const w1 = (await first?.weight.array(2)) ?? [];
  const [w2 = []] = (await last?.weight.array(2)) ?? [];
  const sigmoid = (z: number): number => 1 / (1 + Math.exp(-z));
  const g1 = [[0, 0], [0, 0]];
  const g2 = [0, 0];
  points.forEach((x, i) => {
    const h = w1.map((row) => sigmoid(row.reduce((sum, w, j) => sum + w * (x[j] ?? 0), 0)));
    const p = sigmoid(h.reduce((sum, value, k) => sum + value * (w2[k] ?? 0), 0));
    const delta = (p - (targets[i] ?? 0)) / points.length;
    h.forEach((value, k) => {
      g2[k] = (g2[k] ?? 0) + delta * value;
      const inner = delta * (w2[k] ?? 0) * value * (1 - value);
      x.forEach((xj, j) => {
        const row = g1[k] ?? [];
        row[j] = (row[j] ?? 0) + inner * xj;
      });
    });
  });
  const rootMeanSquare = (values: readonly number[]): number => Math.sqrt(values.reduce((sum, g) => sum + g * g, 0) / values.length);
  expect(found[0]).toBeCloseTo(rootMeanSquare(g1.flat()), 6);
  expect(found[1]).toBeCloseTo(rootMeanSquare(g2), 6);
  expect([...found]).toHaveLength(2);
});
