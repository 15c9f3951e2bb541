import { describe, expect, it } from "vitest";
import { isKept } from "./keeps-halves.js";

describe("a half that was converted and came back", () => {
  const [zero, negativeZero, least, one, infinity, negativeInfinity, nan, otherNan] = [0, 0x8000, 1, 0x3c00, 0x7c00, 0xfc00, 0x7e00, 0xfd01] as const;

  it.each([
    [zero, 0, zero],
    [negativeZero, -0, negativeZero],
    [least, 2 ** -24, least],
    [one, 1, one],
    [infinity, Infinity, infinity],
    [negativeInfinity, -Infinity, negativeInfinity],
    [nan, NaN, nan],
    [nan, NaN, otherNan],
  ])("was kept: %i as %f and %i", (half, number, back) => {
    expect(isKept(half, number, back)).toBe(true);
  });

  it.each([
    [zero, 0, negativeZero],
    [negativeZero, 0, negativeZero],
    [least, 0, least],
    [least, 2 ** -24, zero],
    [one, 1, nan],
    [one, NaN, one],
    [infinity, Infinity, negativeInfinity],
    [infinity, Infinity, nan],
    [nan, NaN, zero],
    [nan, NaN, infinity],
    [nan, 65536, nan],
  ])("was not: %i as %f and %i", (half, number, back) => {
    expect(isKept(half, number, back)).toBe(false);
  });
});
