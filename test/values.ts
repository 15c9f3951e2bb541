import { expect } from "vitest";
import { ReferenceBackend } from "../src/backends/reference/reference-backend.js";
import { registerBackend, setDefaultDevice, type NestedArray, type Tensor } from "../src/tensor/index.js";

/** Makes the float64 interpreter the device of all tensors of a test file. */
export function useReference(): void {
  registerBackend("reference", () => new ReferenceBackend());
  setDefaultDevice("reference");
}

/** Expects the nested values of a tensor, each within `tolerance` of the larger of 1 and itself. */
export async function expectClose(actual: Tensor, expected: NestedArray, tolerance = 1e-6): Promise<void> {
  const values = await actual.array();
  expect(values, `shape ${JSON.stringify(actual.shape)}`).toEqual(matching(expected, tolerance));
}

function matching(expected: NestedArray, tolerance: number): unknown {
  if (typeof expected !== "number") return expected.map((item) => matching(item, tolerance));
  return {
    asymmetricMatch: (value: unknown) => typeof value === "number" && isClose(value, expected, tolerance),
    toString: () => String(expected),
    toAsymmetricMatcher: () => String(expected),
  };
}

function isClose(value: number, expected: number, tolerance: number): boolean {
  return (
    Object.is(value, expected) ||
    value === expected ||
    Math.abs(value - expected) <= tolerance * Math.max(1, Math.abs(expected))
  );
}
