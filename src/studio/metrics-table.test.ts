import { expect, test } from "vitest";
import { isBetterLow, MetricsTable } from "./metrics-table.js";
import { Smoothing } from "./smoothing.js";

const all = { axis: "step", width: 100, smooth: 0 } as const;

function filled(): MetricsTable {
  const table = new MetricsTable();
  table.append(
    [
      { step: 20, epoch: 0.5, loss: 4, lr: 0.1, seconds: 1 },
      { step: 40, epoch: 1, loss: 2, lr: 0.1, seconds: 2, gradNorm: 3 },
      { step: 40, epoch: 1, validation: { loss: 3, accuracy: 0.5 } },
      { step: 60, epoch: 1.5, loss: null, lr: 0.1, seconds: 3 },
      { step: 80, epoch: 2, loss: 1, lr: 0.1, seconds: 4 },
      { step: 80, epoch: 2, validation: { loss: 3.5, accuracy: 0.75 } },
    ]
      .map((line) => `${JSON.stringify(line)}\n`)
      .join(""),
  );
  table.append('no JSON\n"text"\n{"other":1}\n\n{"step":80,"epoch":2,"test":{"loss":2.5,"accuracy":0.7}}\n');
  return table;
}

test("lines become curves by name, over each axis", () => {
  const table = filled();
  expect(table.tags.sort()).toEqual(["train/gradNorm", "train/loss", "train/lr", "validation/accuracy", "validation/loss"]);
  expect(table.curve("train/loss", all)).toMatchObject({ x: [20, 40, 60, 80], y: [4, 2, null, 1], complete: true });
  expect(table.curve("validation/accuracy", { ...all, axis: "seconds" })).toMatchObject({ x: [2, 4], y: [0.5, 0.75] });
  expect(table.curve("train/gradNorm", { ...all, axis: "epoch" })).toMatchObject({ x: [1], y: [3] });
  expect(table.curve("train/none", all)).toBeUndefined();
  expect(table.curve("loss", all)).toBeUndefined();
  expect([table.end("step"), table.end("epoch"), table.end("seconds")]).toEqual([80, 2, 4]);
});

test("the time of day is an axis where it was written", () => {
  const table = new MetricsTable();
  table.append('{"step":1,"epoch":1,"loss":2,"seconds":3,"time":1700000000.5}\n{"step":1,"epoch":1,"validation":{"loss":4}}\n');
  expect(table.curve("train/loss", { ...all, axis: "time" })).toMatchObject({ x: [1700000000.5], y: [2] });
  expect(table.curve("validation/loss", { ...all, axis: "time" })).toMatchObject({ x: [1700000000.5], y: [4] });
  expect(table.tags).toEqual(["train/loss", "validation/loss"]);
  expect(filled().curve("train/loss", { ...all, axis: "time" })).toBeUndefined();
  // Begun by a version that did not write it.
  const going = filled();
  going.append('{"step":100,"epoch":2.5,"loss":0.5,"lr":0.1,"seconds":5,"time":1700000001}\n{"step":100,"epoch":2.5,"validation":{"loss":2}}\n');
  expect(going.curve("train/loss", { ...all, axis: "time" })).toMatchObject({ x: [1700000001], y: [0.5], complete: true });
  expect(going.curve("validation/loss", { ...all, axis: "time" })).toMatchObject({ x: [1700000001], y: [2] });
  expect(going.curve("train/loss", all)?.x).toEqual([20, 40, 60, 80, 100]);
});

test("last and best scores, and those of the test", () => {
  const table = filled();
  expect(table.best).toEqual({ loss: 3, accuracy: 0.75 });
  expect(table.last("validation")).toEqual({ step: 80, epoch: 2, seconds: 4, loss: 3.5, accuracy: 0.75 });
  expect(table.last("train")).toEqual({ step: 80, epoch: 2, seconds: 4, loss: 1, lr: 0.1 });
  expect(table.test).toEqual({ loss: 2.5, accuracy: 0.7 });
  expect(new MetricsTable().best).toBeNull();
  expect(["loss", "rmse", "accuracy", "r2", "top5"].map(isBetterLow)).toEqual([true, true, false, false, false]);
});

test("a range has the points on both sides of it", () => {
  expect(filled().curve("train/lr", { ...all, from: 30, to: 50 })?.x).toEqual([20, 40, 60, 80]);
  const table = new MetricsTable();
  for (let step = 1; step <= 10_000; step++) table.append(`{"step":${step},"epoch":1,"loss":${step % 7},"seconds":${step}}\n`);
  const curve = table.curve("train/loss", { ...all, from: 5000, to: 5100 });
  expect([curve?.x[0], curve?.x.at(-1), curve?.complete]).toEqual([4999, 5101, true]);
  const whole = table.curve("train/loss", { ...all, width: 50 });
  expect([(whole?.x.length ?? 0) <= 200, whole?.x[0], whole?.x.at(-1), whole?.complete]).toEqual([true, 1, 10_000, false]);
  expect(table.curve("train/loss", { ...all, width: 0 })?.x.length).toBe(10_000);
});

test("for a logarithmic axis only values above 0 are points, and the lowest of these is kept", () => {
  const table = new MetricsTable();
  // In each column of pixels the lowest value is 0 or less.
  for (let step = 1; step <= 10_000; step++) table.append(`{"step":${step},"epoch":1,"loss":${step === 5003 ? 1e-9 : (step % 7) - 1},"seconds":${step}}\n`);
  const curve = table.curve("train/loss", { ...all, width: 50, logY: true });
  expect([curve?.y[curve.x.indexOf(5003)], curve?.y.some((value) => value !== null && value <= 0), (curve?.x.length ?? 0) <= 200]).toEqual([1e-9, false, true]);
});

test("smoothing is the mean with weights that fall by age", () => {
  const values = [3, -1, 4, 1, -5, 9, 2, 6];
  const smoothing = new Smoothing(0.7);
  const smoothed = values.map((value) => smoothing.next(value));
  const expected = values.map((_, n) => {
    const weights = values.slice(0, n + 1).map((_, i) => 0.7 ** (n - i));
    return values.slice(0, n + 1).reduce((sum, value, i) => sum + value * (weights[i] ?? 0), 0) / weights.reduce((a, b) => a + b);
  });
  smoothed.forEach((value, i) => expect(value).toBeCloseTo(expected[i] ?? NaN, 10));
  // It goes on from where it stands, and is not disturbed by what is no number.
  const early = new Smoothing(0.7);
  for (const value of values.slice(0, 4)) early.next(value);
  const late = new Smoothing(0.7, early.state);
  expect(late.next(NaN)).toBeNaN();
  expect(values.slice(4).map((value) => late.next(value)).at(-1)).toBeCloseTo(expected.at(-1) ?? NaN, 10);
});

test("a smoothed curve says where it stands after its last point, whatever its range", () => {
  const table = filled();
  const curve = table.curve("train/loss", { ...all, smooth: 0.5, to: 30 });
  expect(curve?.smooth[0]).toBe(4);
  expect(curve?.smoothing).toEqual({ mean: 1.5, count: 3 });
});
