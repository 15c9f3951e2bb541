import { expect, test } from "vitest";
import { breakLines, hasColour, isInteractive, writeText } from "./terminal.js";

test("lines are broken between words, commands stay whole", () => {
  expect(breakLines("one two three\n  four five six", 10)).toBe("one two\nthree\n  four\n  five six");
  expect(breakLines("\x1b[1mone\x1b[22m two", 7)).toBe("\x1b[1mone\x1b[22m two");
  expect(breakLines("Go on with: npx gradus train --resume a", 30)).toBe("Go on with:\nnpx gradus train --resume a");
  expect(breakLines("  npx gradus train mlp  learn to read", 24)).toBe("  npx gradus train mlp\n  learn to read");
  expect(breakLines("Go on:  npx gradus train mlp --resume a", 20)).toBe("Go on:\nnpx gradus train \\\n  mlp --resume a");
  expect(breakLines("  npx gradus train mlp --resume a", 20)).toBe("  npx gradus train \\\n    mlp --resume a");
  expect(breakLines("", 10)).toBe("");
});

test("a pipe gets lines as they are, a build log and NO_COLOR no colours", () => {
  const written: string[] = [];
  const stream = { write: (text: string) => written.push(text), columns: 5 };
  writeText(stream, "one two");
  writeText({ ...stream, isTTY: true }, "one two");
  expect(written).toEqual(["one two\n", "one\ntwo\n"]);
  const terminal = { ...stream, isTTY: true };
  expect([isInteractive(stream, {}), isInteractive(terminal, {}), isInteractive(terminal, { CI: "true" })]).toEqual([false, true, false]);
  expect([hasColour(terminal, {}), hasColour(terminal, { NO_COLOR: "1" }), hasColour(stream, {})]).toEqual([true, false, false]);
});
