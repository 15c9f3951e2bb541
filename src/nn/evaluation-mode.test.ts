import { expect, it } from "vitest";
import { Dropout, Linear, Sequential } from "./index.js";
import { inEvaluationMode } from "./evaluation-mode.js";

it("gives every module its own mode back, whatever happens meanwhile", async () => {
  const model = new Sequential(new Linear(2, 2), new Dropout(0.5), new Dropout(0.5));
  const [, frozen] = [...model.modules()].filter((module) => module instanceof Dropout);
  frozen?.eval();
  const modes = (): boolean[] => [...model.modules()].map(({ training }) => training);
  const before = modes();
  expect(new Set(before)).toEqual(new Set([true, false]));
  expect(await inEvaluationMode(model, async () => modes())).not.toContain(true);
  expect(modes()).toEqual(before);
  await expect(inEvaluationMode(model, () => Promise.reject(new Error("no")))).rejects.toThrow("no");
  expect(modes()).toEqual(before);
});
