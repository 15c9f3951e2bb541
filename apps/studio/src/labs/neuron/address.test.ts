import { expect, test } from "vitest";
import { optionsOf, roundedPoint, settingsOf } from "./address.js";
import { defaults, type Settings } from "./settings.js";

const searchOf = (options: Readonly<Record<string, string>>): URLSearchParams =>
  new URLSearchParams(Object.entries(options).filter(([, value]) => value !== ""));

test("an address holds every setting, and nothing that is as it always is", () => {
  expect(searchOf(optionsOf(defaults)).toString()).toBe("");
  const all: Settings = {
    problem: "classification",
    points: "drawn",
    classes: 3,
    count: 120,
    noise: 0.25,
    trainShare: 0.8,
    drawn: [
      { x1: 1.25, x2: -5.9, target: 0 },
      { x1: -6, x2: 6, target: 2 },
    ].map((point) => roundedPoint(point, "classification")),
    seed: 77,
    model: "perceptron",
    features: ["x2", "sinX1"],
    hidden: [],
    activation: "gelu",
    initialization: "he",
    loss: "squared",
    optimizer: "radam",
    lr: 0.003,
    schedule: "cosine",
    scheduleSteps: 500,
    penalty: "l2",
    penaltyRate: 0.01,
    dropout: 0.3,
    batch: 0,
  };
  const options = searchOf(optionsOf(all));
  expect(settingsOf(new URLSearchParams(options.toString()))).toEqual(all);
  expect(all.drawn[0]?.x1).toBeCloseTo(1.25, 2);
  expect(all.drawn[1]).toEqual({ x1: -6, x2: 6, target: 2 });
});

test("drawn values keep their place and, within 1/32, their number", () => {
  const drawn = [roundedPoint({ x1: 0.5, x2: 0.25, target: -0.4 }, "regression")];
  const settings: Settings = { ...defaults, problem: "regression", points: "drawn", drawn };
  expect(settingsOf(searchOf(optionsOf(settings)))).toEqual(settings);
  expect(Math.abs((drawn[0]?.target ?? 0) + 0.4)).toBeLessThan(1 / 32);
});

test("what an address gets wrong is as it always is, or the nearest that can be", () => {
  const settings = settingsOf(new URLSearchParams("points=plane&hidden=8+99&lr=1e9&count=x&features=x9&activation=step&drawn=AAAAAA&noise=-1"));
  expect(settings).toEqual({ ...defaults, lr: 30, noise: 0 });
  expect(settingsOf(new URLSearchParams("problem=regression"))).toEqual({ ...defaults, problem: "regression", points: "plane" });
  expect(settingsOf(new URLSearchParams("problem=regression&model=perceptron")).model).toBe("network");
});
