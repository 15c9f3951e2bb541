import { expect, test } from "vitest";
import { noHistory, withRecords } from "./loss-history.js";

const record = (step: number, train = 1 / step) => ({ step, train, test: NaN, batch: 0 });

test("records follow each other; the last step's is replaced", () => {
  const history = withRecords(withRecords(noHistory, [record(0, 5), record(1)]), [record(1, 9), record(2)]);
  expect(history).toEqual({ steps: [0, 1, 2], train: [5, 9, 0.5], test: [NaN, NaN, NaN], batch: [0, 0, 0] });
  expect(withRecords(history, [])).toEqual(history);
  expect(withRecords(history, [record(0, 4)])).toEqual({ steps: [0], train: [4], test: [NaN], batch: [0] });
});

test("a long history is thinned out and keeps its last record", () => {
  let history = noHistory;
  for (let step = 0; step < 5000; step++) history = withRecords(history, [record(step)]);
  expect(history.steps.length).toBeLessThanOrEqual(800);
  expect(history.steps[0]).toBe(0);
  expect(history.steps.at(-1)).toBe(4999);
  expect(history.steps.every((step, i) => i === 0 || step > (history.steps[i - 1] ?? 0))).toBe(true);
});
