import { beforeAll, describe, expect, test } from "vitest";
import { device, setDefaultDevice } from "gradus";
import { LabEngine, type Snapshot } from "./lab-engine.js";
import type { KeptTraining } from "./kept-training.js";
import { defaults, type LabPoint, type Settings } from "./settings.js";

beforeAll(() => setDefaultDevice(device("wasm", { threads: 0 })));

function engineOf(settings: Partial<Settings>): LabEngine {
  return new LabEngine({ ...defaults, ...settings });
}

function engineAfter(steps: number, settings: Partial<Settings>): LabEngine {
  const engine = engineOf(settings);
  for (let i = 0; i < steps; i++) engine.step();
  return engine;
}

const trained = (settings: Partial<Settings>, steps: number): Snapshot => engineAfter(steps, settings).snapshot();

describe("a perceptron", () => {
  test("finds the line between two clusters and says so", () => {
    const { train, end } = trained({ model: "perceptron", points: "clusters", noise: 0 }, 600);
    expect(train.accuracy).toBe(1);
    expect(end).toBe("converged");
  });

  test("does not solve XOR unless it sees the product", () => {
    const xor = { model: "perceptron", points: "xor", noise: 0 } as const;
    const { train, end } = trained(xor, 3000);
    expect(train.accuracy).toBeLessThan(0.8);
    expect(end).toBeUndefined();
    expect(trained({ ...xor, features: ["product"] }, 600).end).toBe("converged");
  });

  test("tells three clusters apart, each from the others", () => {
    const { train, weights } = trained({ model: "perceptron", points: "clusters", classes: 3, noise: 0 }, 1500);
    expect(train.accuracy).toBeGreaterThan(0.95);
    expect(weights).toMatchObject([{ inputs: 2, outputs: 3 }]);
  });
});

describe("a network", () => {
  test("solves XOR with one hidden layer", () => {
    const { train, test } = engineAfter(400, { points: "xor", count: 100, noise: 0, hidden: [4], activation: "relu", initialization: "he", optimizer: "adam" }).scores();
    expect(train.accuracy).toBeGreaterThan(0.98);
    expect(test?.accuracy).toBeGreaterThan(0.95);
  });

  test("separates two spirals", () => {
    const { train } = engineAfter(500, { points: "spirals", count: 100, noise: 0, hidden: [16, 16], activation: "gelu", initialization: "he", optimizer: "adam", batch: 50 }).scores();
    expect(train.accuracy).toBeGreaterThanOrEqual(0.95);
  });

  test("fits a plane without hidden layers: the error is what noise there is", () => {
    const { train } = engineAfter(300, { problem: "regression", points: "plane", noise: 0, hidden: [], batch: 0, lr: 0.05 }).scores();
    expect(train.loss).toBeLessThan(1e-4);
    expect(train.accuracy).toBeUndefined();
  });

  test("says that it diverged", () => {
    const { end } = trained({ problem: "regression", points: "plane", hidden: [], features: ["x1Squared", "x2Squared"], lr: 10 }, 100);
    expect(end).toBe("diverged");
  });

  test("counts passes over the training points", () => {
    const drawn = Array.from({ length: 40 }, (_, i): LabPoint => ({ x1: i / 10, x2: 0, target: i % 2 }));
    const { epochs, steps, test } = trained({ points: "drawn", drawn, trainShare: 1, batch: 8 }, 10);
    expect([steps, epochs, test]).toEqual([10, expect.closeTo(2, 9), undefined]);
  });
});

test("without points there is nothing to learn, and nothing breaks", () => {
  for (const model of ["network", "perceptron"] as const) {
    const { steps, end, test: unseen } = trained({ model, points: "drawn" }, 3);
    expect([steps, end, unseen]).toEqual([0, undefined, undefined]);
  }
});

describe("changes", () => {
  const points: LabPoint[] = [
    { x1: 1, x2: 2, target: 0 },
    { x1: -1, x2: 2, target: 1 },
  ];

  test("of the way of training keep the weights; others begin anew", () => {
    const engine = engineOf({ points: "moons" });
    for (let i = 0; i < 20; i++) engine.step();
    const { weights } = engine.snapshot();
    const drawn = { ...defaults, points: "drawn", drawn: points, optimizer: "adam", lr: 0.5, batch: 0, dropout: 0.1 } as const;
    expect(engine.configure({ ...drawn })).toBe(true);
    expect(engine.snapshot()).toMatchObject({ weights, steps: 20, lr: 0.5 });
    engine.step();
    expect(engine.snapshot().weights).not.toEqual(weights);
    expect(engine.configure({ ...drawn, hidden: [3] })).toBe(false);
    expect(engine.snapshot()).toMatchObject({ steps: 0, parameterCount: 13 });
  });

  test("by hand set one weight or bias", () => {
    const engine = engineOf({ hidden: [2] });
    engine.setWeight({ layer: 0, output: 1, input: 0 }, 0.25);
    engine.setWeight({ layer: 1, output: 0, input: "bias" }, -3);
    const { weights } = engine.snapshot();
    expect(weights[0]?.weights[2]).toBe(0.25);
    expect(weights[1]?.biases[0]).toBe(-3);
  });

  test("of the schedule are followed from then on", () => {
    const engine = engineOf({ lr: 0.1, schedule: "cosine", scheduleSteps: 10 });
    const rates = Array.from({ length: 12 }, () => {
      engine.step();
      return engine.snapshot().lr;
    });
    // Half a cosine, then 0 for ever.
    expect(rates[4]).toBeCloseTo(0.05, 6);
    expect(rates.slice(9)).toEqual([expect.closeTo(0, 6), expect.closeTo(0, 6), expect.closeTo(0, 6)]);
    engine.configure({ ...defaults, lr: 0.2 });
    engine.step();
    expect(engine.snapshot().lr).toBeCloseTo(0.2, 6);
  });
});

describe("a training", () => {
  test.each([
    ["a network with dropout, batches, a schedule and RAdam", { points: "moons", count: 40, hidden: [3], dropout: 0.2, optimizer: "radam", penalty: "l1", schedule: "cosine", scheduleSteps: 30, batch: 7 }],
    ["a perceptron", { model: "perceptron", points: "clusters", classes: 3, noise: 0.3 }],
  ] as const)("is the same for the same settings, also where another engine goes on with what was kept: %s", (_, changes) => {
    const settings: Settings = { ...defaults, ...changes };
    const whole = trained(settings, 25);
    expect(whole.records.map(({ step }) => step)).toEqual(Array.from({ length: 25 }, (_, i) => i + 1));
    const first = engineOf(settings);
    for (let i = 0; i < 13; i++) first.step();
    const kept = JSON.parse(JSON.stringify(first.keep())) as KeptTraining;
    // What others draw in between is no matter.
    expect(engineAfter(25, { ...settings, seed: 6 }).scores().train).not.toEqual(whole.train);
    const second = engineOf(settings);
    second.takeUp(kept);
    for (let i = 13; i < 25; i++) second.step();
    expect({ ...second.snapshot(), epochs: undefined }).toEqual({ ...whole, epochs: undefined, records: whole.records.slice(13) });
    expect(second.keep().epochs).toBeCloseTo(first.keep().epochs * (25 / 13), 9);
  });

  test("is not taken up by another network", () => {
    for (const model of ["network", "perceptron"] as const) {
      const kept = engineOf({ model }).keep();
      expect(() => engineOf({ model, features: ["x1"] }).takeUp(kept)).toThrow();
    }
  });
});

describe("pictures", () => {
  test("show each feature and the answer, rows from the top", () => {
    const engine = engineOf({ hidden: [], features: ["x1", "x2"], initialization: "zeros" });
    engine.setWeight({ layer: 0, output: 0, input: 1 }, 5);
    const { thumbnails, scales, surface } = engine.snapshot().pictures;
    // x₁ grows to the right, x₂ to the top; the probability of class 1 is 1 where x₂ is large.
    expect([thumbnails[0], thumbnails[39]]).toEqual([0, expect.closeTo(249, -1)]);
    expect([thumbnails[1600], thumbnails[1600 + 1599]]).toEqual([255, expect.closeTo(6, -1)]);
    expect(scales[0]).toBeCloseTo(5.925, 3);
    expect([surface[0], surface[6399]]).toEqual([255, 0]);
  });
});
