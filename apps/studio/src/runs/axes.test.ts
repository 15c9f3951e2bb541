import { expect, test } from "vitest";
import { formatTick } from "./axes.js";

const at = (day: number, hours: number, minutes = 0): number => new Date(2026, 2, day, hours, minutes).getTime() / 1000;

test("ticks of the clock tell the day where it changes", () => {
  const format = formatTick("time");
  const texts = (...ticks: number[]): string[] => ticks.map((tick, i) => format(tick, ticks[i - 1]));
  const hasDay = (text: string): boolean => /Mar|\b1[123]\b.*,|März/.test(text);
  expect(texts(at(11, 9), at(11, 9, 30), at(11, 10)).map(hasDay)).toEqual([false, false, false]);
  expect(texts(at(11, 12), at(12, 0), at(12, 12), at(13, 0)).map(hasDay)).toEqual([false, true, false, true]);
  // A picture's ticks are round numbers, which midnight need not be.
  expect(texts(at(11, 20, 13), at(12, 2, 13), at(12, 8, 13)).map(hasDay)).toEqual([false, true, false]);
  expect([formatTick("step")(1200), formatTick("seconds")(75, 60)]).toEqual(["1,200", "1:15"]);
});
