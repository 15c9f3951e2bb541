import { expect, test, vi } from "vitest";
import { coloursOf, groupOf, patternOf, prefer, preferences, readPreferences } from "./preferences.js";
import type { RunRow } from "./api.js";

const row = (name: string, recipe = "mlp", data = "digits"): RunRow => ({ id: name, name, recipe, data }) as RunRow;
const usual = readPreferences("");

test("what a browser has kept is looked at", () => {
  const kept = { ...usual, ignoreOutliers: true, readingOrder: "nearest", pinned: ["loss"], otherScale: ["accuracy"], chartWidth: 600, colours: { mlp: "--series-3" } };
  expect(readPreferences(JSON.stringify(kept))).toEqual(kept);
  for (const text of ["{", "null", "[1]", '"x"', '{"pinned":7,"colours":"x","readingOrder":"up","pattern":3,"ignoreOutliers":1,"otherScale":{},"chartWidth":9}']) expect(readPreferences(text)).toEqual(usual);
  expect(readPreferences('{"pinned":["a",1],"colours":{"a":"--series-2","b":"red"}}')).toMatchObject({ pinned: ["a"], colours: { a: "--series-2" } });
});

test("runs alike share a colour, and keep it while others come", () => {
  const runs = [row("new", "lenet"), row("b-lr-2", "mlp"), row("a-lr-1", "mlp")];
  expect([...coloursOf(runs, usual)]).toEqual([["a-lr-1", "--series-1"], ["b-lr-2", "--series-2"], ["new", "--series-3"]]);
  expect(coloursOf([row("newer"), ...runs], usual).get("new")).toBe("--series-3");
  const byRecipe = coloursOf(runs, { ...usual, colourBy: "recipe", colours: { lenet: "--series-8" } });
  expect([...byRecipe.values()]).toEqual(["--series-1", "--series-1", "--series-8"]);
  expect(runs.map((run) => groupOf(run, { colourBy: "pattern", pattern: "lr-(\\d)" }))).toEqual(["", "2", "1"]);
  expect(groupOf(row("x", "mlp", "iris"), { colourBy: "data", pattern: "" })).toBe("iris");
});

test("a pattern is a regular expression, or text where it is none", () => {
  expect([patternOf("LOSS|acc").test("accuracy"), patternOf("a(").test("xa("), patternOf("a(").test("a")]).toEqual([true, true, false]);
});

test("what another page has kept meanwhile stays", () => {
  let kept: string | null = null;
  vi.stubGlobal("localStorage", { getItem: () => kept, setItem: (_: string, text: string) => (kept = text) });
  prefer(() => ({ pinned: ["loss"] }));
  kept = JSON.stringify({ ...readPreferences(kept ?? ""), pinned: ["loss", "lr"], ignoreOutliers: true });
  prefer(({ pinned }) => ({ pinned: [...pinned, "accuracy"] }));
  expect(preferences.value).toEqual({ ...usual, pinned: ["loss", "lr", "accuracy"], ignoreOutliers: true });
  expect(readPreferences(kept)).toEqual(preferences.value);
  // Without storage they last as long as the page.
  vi.stubGlobal("localStorage", undefined);
  prefer(() => ({ smoothValidation: true }));
  expect(preferences.value).toMatchObject({ smoothValidation: true, ignoreOutliers: true });
  vi.unstubAllGlobals();
});
