import { expect, test } from "vitest";
import { formatDuration, formatLoss, ProgressLine, progressText, type ProgressState } from "./progress-line.js";

const state: ProgressState = {
  epoch: 3,
  epochs: 12,
  step: 39,
  stepsPerEpoch: 157,
  loss: 0.08123,
  examplesPerSecond: 31204.4,
  secondsLeft: 14.2,
};

test("shows epoch, step, loss, speed and time left, with a bar where there is room", () => {
  const fields = "epoch  3/12  step  39/157  loss 0.0812  31,204 examples/s  0:14 left";
  expect(progressText(state, 200)).toBe(`████▌${"░".repeat(19)} ${fields}`);
  expect(progressText(state, 80)).toBe(`${"██".padEnd(80 - fields.length - 1, "░")} ${fields}`);
  expect(progressText(state, 60)).toBe("█▉░░░░░░░░ epoch  3/12  step  39/157  loss 0.0812  0:14 left");
  expect(progressText(state, 40)).toBe("epoch  3/12  loss 0.0812  0:14 left");
  expect(progressText(state, 12)).toBe("0:14 left");
});

test.each([5, 20, 40, 59, 60, 79, 80, 120])("never takes more than %i columns", (columns) => {
  expect(progressText(state, columns).length).toBeLessThanOrEqual(columns);
});

test("redraws at most ten times a second and clears what it wrote", () => {
  const written: string[] = [];
  let now = 0;
  const line = new ProgressLine({ write: (text) => written.push(text), isTTY: true, columns: 100 }, () => now);
  line.clear();
  expect(written).toEqual([]);
  line.update(state);
  now = 50;
  line.update(state);
  expect(written.length).toBe(1);
  now = 120;
  line.update(state);
  line.clear();
  expect(written.length).toBe(3);
  expect(written[2]).toBe("\r\x1b[2K");
});

test("durations and losses", () => {
  expect([0, 59.4, 60, 3599, 3600, 7325, Infinity].map(formatDuration)).toEqual([
    "0:00", "0:59", "1:00", "59:59", "1:00:00", "2:02:05", "?:??",
  ]);
  expect([0, 2.302585, 0.00001234].map(formatLoss)).toEqual(["0.0000", "2.3026", "1.23e-5"]);
});
