import { beforeAll, describe, expect, test } from "vitest";
import { device, setDefaultDevice, tensor } from "gradus";
import { gradientSizes } from "./gradient-sizes.js";
import { LabEngine } from "./lab-engine.js";
import { Network } from "./network.js";
import { defaults, type Settings } from "./settings.js";
import { lossOf } from "./training.js";

beforeAll(() => setDefaultDevice(device("wasm", { threads: 0 })));

function trained(settings: Partial<Settings>, steps: number): LabEngine {
  const engine = new LabEngine({ ...defaults, ...settings });
  for (let i = 0; i < steps; i++) engine.step();
  return engine;
}

describe("LabEngine", () => {
  test("a perceptron finds the line between two clusters and says so", () => {
    const { train, end } = trained({ model: "perceptron", points: "clusters", noise: 0 }, 600).snapshot();
    expect(train.accuracy).toBe(1);
    expect(end).toBe("converged");
  });

  test("a perceptron does not solve XOR; one hidden layer does", () => {
    const xor = { points: "xor", noise: 0 } as const;
    const { train, end } = trained({ ...xor, model: "perceptron" }, 3000).snapshot();
    expect(train.accuracy).toBeLessThan(0.8);
    expect(end).toBeUndefined();
    const solved = trained({ ...xor, hidden: [4], optimizer: "adam" }, 1000).snapshot();
    expect(solved.train.accuracy).toBeGreaterThan(0.98);
    expect(solved.test?.accuracy).toBeGreaterThan(0.95);
    // With x₁x₂ among the features one line is enough.
    expect(trained({ ...xor, model: "perceptron", features: ["product"] }, 600).snapshot().train.accuracy).toBe(1);
  });

  test("a network separates two spirals", () => {
    const { train } = trained({ points: "spirals", noise: 0, hidden: [8, 8], optimizer: "adam", lr: 0.03 }, 3000).snapshot();
    console.log(train);
    expect(train.accuracy).toBeGreaterThan(0.95);
  });
});
