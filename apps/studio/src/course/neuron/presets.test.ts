import { beforeAll, expect, test } from "vitest";
import { device, setDefaultDevice } from "gradus";
import { LabEngine } from "../../labs/neuron/lab-engine.js";
import { defaults, type Settings } from "../../labs/neuron/settings.js";
import { presets } from "./presets.js";

beforeAll(() => setDefaultDevice(device("wasm", { threads: 0 })));

/** A chapter's training, with changes that its text proposes. */
function engineAfter(steps: number, preset: Partial<Settings>, change: Partial<Settings> = {}): LabEngine {
  const engine = new LabEngine({ ...defaults, ...preset, ...change });
  for (let i = 0; i < steps; i++) engine.step();
  return engine;
}

const after = (...of: Parameters<typeof engineAfter>) => engineAfter(...of).scores();

/** How many times the output layer's gradient is that of the first layer. */
const ratioOf = (sizes: readonly number[]): number => (sizes.at(-1) ?? NaN) / (sizes[0] ?? NaN);

test("one neuron parts the clusters, and not the moons", () => {
  expect(after(100, presets.neuron).train.accuracy).toBe(1);
  expect(after(300, presets.neuron, { points: "moons", noise: 0.05 }).train.accuracy).toBeLessThan(0.98);
  expect(after(300, presets.neuron, { points: "circle", noise: 0, features: ["x1Squared", "x2Squared"] }).train.accuracy).toBe(1);
});

test("without activation, or with all weights 0, four neurons do not solve XOR", () => {
  expect(after(400, presets.hiddenLayer).train.accuracy).toBe(1);
  expect(after(400, presets.hiddenLayer, { activation: "identity" }).train.accuracy).toBeLessThan(0.8);
  expect(after(400, presets.hiddenLayer, { initialization: "zeros" }).train.accuracy).toBeLessThan(0.8);
});

test("the learning rate's limit is near 2/17", () => {
  const lossAt = (lr: number): number => after(60, presets.learningRate, { lr }).train.loss;
  expect(lossAt(0.001)).toBeGreaterThan(2 * lossAt(0.03));
  expect(lossAt(0.1)).toBeLessThan(0.02);
  expect(lossAt(0.3)).toBeGreaterThan(1e6);
});

test("momentum comes as far in 100 steps as descent without it in 1,000", () => {
  const plain = after(1000, presets.momentum).train.loss;
  expect(after(100, presets.momentum).train.loss).toBeGreaterThan(2 * plain);
  expect(after(100, presets.momentum, { optimizer: "momentum" }).train.loss).toBeCloseTo(plain, 1);
});

test("gradients vanish in eight layers of sigmoids; tanh with Xavier's weights learns, large weights explode", () => {
  const sigmoid = engineAfter(300, presets.depth);
  expect(ratioOf(sigmoid.gradientSizes())).toBeGreaterThan(1e4);
  expect(sigmoid.scores().train.accuracy).toBeLessThan(0.7);
  const tanh = engineAfter(300, presets.depth, { activation: "tanh" });
  expect(ratioOf(tanh.gradientSizes())).toBeLessThan(100);
  expect(tanh.scores().train.accuracy).toBe(1);
  expect(Math.max(...engineAfter(0, presets.depth, { activation: "relu", initialization: "large" }).gradientSizes())).toBeGreaterThan(1e3);
});

test("two layers learn fifty points by heart; L2 keeps the test loss low", () => {
  const { train, test: unseen } = after(2000, presets.overfitting);
  expect(train.loss).toBeLessThan(0.005);
  expect(unseen?.loss).toBeGreaterThan(0.6);
  expect(after(2000, presets.overfitting, { penalty: "l2", penaltyRate: 0.03 }).test?.loss).toBeLessThan(0.35);
});
