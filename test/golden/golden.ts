import { readFileSync } from "node:fs";
import type { DType } from "../../src/core/dtype.js";
import type { Shape } from "../../src/core/shape.js";

/** A number as the generator writes it: JSON has no NaN and no infinities. */
export type GoldenNumber = number | "NaN" | "Infinity" | "-Infinity";

export interface GoldenTensor {
  readonly shape: Shape;
  readonly dtype: DType;
  readonly data: readonly GoldenNumber[];
}

export interface GoldenCase {
  readonly name: string;
  readonly fn: string;
  readonly inputs: readonly GoldenTensor[];
  readonly args: readonly unknown[];
  readonly outputs: readonly GoldenTensor[];
  readonly gradients: readonly (readonly GoldenNumber[] | null)[] | null;
}

/** The content of test/golden/NAME.json, made by a script in scripts/goldens/. */
export function readGolden<T>(name: string): T {
  return JSON.parse(readFileSync(new URL(`./${name}.json`, import.meta.url), "utf8")) as T;
}

export function numbersOf(data: readonly GoldenNumber[]): number[] {
  return data.map(Number);
}

/** The weight of output element i in the sum whose gradients the goldens hold. */
export function weightOf(i: number): number {
  return (((7 * i) % 11) - 4.5) / 8;
}

/**
 * The first element that is further from `expected` than `tolerance` times its size, in words. Elements near 0 are measured
 * against the largest, since sums that cancel lose digits.
 */
export function firstDifference(got: ArrayLike<number>, expected: readonly GoldenNumber[], tolerance: number): string | undefined {
  if (got.length !== expected.length) return `${got.length} elements instead of ${expected.length}`;
  const numbers = numbersOf(expected);
  const largest = numbers.reduce((most, v) => (Number.isFinite(v) ? Math.max(most, Math.abs(v)) : most), 0);
  for (const [i, e] of numbers.entries()) {
    const g = got[i] ?? NaN;
    if (Object.is(g, e) || g === e) continue;
    if (Math.abs(g - e) <= tolerance * (Math.abs(e) + 0.1 * largest)) continue;
    return `element ${i} is ${g} instead of ${e}`;
  }
  return undefined;
}
