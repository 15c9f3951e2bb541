import { describe, expect, it } from "vitest";
import { threefry2x32 } from "./rng.js";

describe("threefry2x32", () => {
  // The known answers for threefry2x32 with 20 rounds that are published with the Random123 library.
  it.each([
    [[0, 0], [0, 0], [0x6b200159, 0x99ba4efe]],
    [[0xffffffff, 0xffffffff], [0xffffffff, 0xffffffff], [0x1cb996fc, 0xbb002be7]],
    [[0x13198a2e, 0x03707344], [0x243f6a88, 0x85a308d3], [0xc4923a9c, 0x483df7a0]],
  ] as const)("gives the published bits for key %j and counter %j", (key, counter, expected) => {
    expect(threefry2x32(key, counter)).toEqual([...expected]);
  });
});
