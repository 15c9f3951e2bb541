import { expect, it } from "vitest";
import { useReference } from "../../test/values.js";
import { ArgumentError, Parameter, zeros } from "../tensor/index.js";
import { CosineAnnealingLR, SGD, StepLR, type LRScheduler } from "./index.js";

useReference();

const optimizer = (...rates: number[]): SGD =>
  new SGD(rates.map((lr) => ({ params: [new Parameter(zeros([1]))], lr })));

function curve(schedule: LRScheduler, steps: number): number[] {
  return Array.from({ length: steps }, () => {
    const [lr = NaN] = schedule.lastLr;
    schedule.step();
    return lr;
  });
}

it("StepLR falls by gamma every stepSize steps", () => {
  const sgd = optimizer(1, 8);
  const schedule = new StepLR(sgd, 2, { gamma: 0.5 });
  expect(curve(schedule, 6)).toEqual([1, 1, 0.5, 0.5, 0.25, 0.25]);
  expect(schedule.lastLr).toEqual([0.125, 1]);
  expect(sgd.groups.map(({ lr }) => lr)).toEqual([0.125, 1]);
});

it("CosineAnnealingLR follows the closed form", () => {
  const rates = curve(new CosineAnnealingLR(optimizer(0.3), 7, { etaMin: 0.1 }), 30);
  rates.forEach((lr, t) => expect(lr).toBeCloseTo(0.1 + 0.1 * (1 + Math.cos((Math.PI * t) / 7)), 12));
});

it("goes on where it was, whichever of optimizer and schedule is loaded first", () => {
  const whole = new CosineAnnealingLR(optimizer(0.3), 7);
  const expected = curve(whole, 12);
  const first = new CosineAnnealingLR(optimizer(0.3), 7);
  curve(first, 5);
  const state = JSON.parse(JSON.stringify(first.stateDict())) as ReturnType<LRScheduler["stateDict"]>;
  const resumed = new CosineAnnealingLR(optimizer(0.9), 7);
  resumed.loadStateDict(state);
  expect(resumed.optimizer.groups[0]?.lr).toBe(expected[5]);
  expect(curve(resumed, 7)).toEqual(expected.slice(5));
  expect(() => new StepLR(optimizer(1, 2), 3).loadStateDict(state)).toThrow(ArgumentError);
});

it("refuses settings outside their domain", () => {
  expect(() => new StepLR(optimizer(1), 0)).toThrow("[schedule] stepSize 0 must be a whole number of 1 or more");
  expect(() => new CosineAnnealingLR(optimizer(1), 1.5)).toThrow(ArgumentError);
});
