import type { DType } from "../../src/core/dtype.js";
import type { Probe } from "./problems.js";

/** Relative error of one rounded operation. */
const relative: Partial<Record<DType, number>> = { float32: 1e-5, float64: 1e-12, float16: 2 ** -10, bfloat16: 2 ** -7 };
/** Relative to the sum of magnitudes. */
const relativeOfSum: Partial<Record<DType, number>> = { float32: 1e-6, float64: 1e-14, float16: 2 ** -10, bfloat16: 2 ** -7 };
/** Below the smallest normal number digits are lost. */
const smallest: Partial<Record<DType, number>> = { float32: 1.2e-38, float64: 2.3e-308, float16: 6e-8, bfloat16: 1.2e-38 };

/** What is wrong with `got`, or undefined where it is close enough to `expected`. `magnitudes` are the sums of |terms|. */
export function difference(probe: Probe, got: Float64Array, expected: Float64Array, magnitudes: Float64Array | undefined): string | undefined {
  if (got.length !== expected.length) return `${probe.name}: ${got.length} elements instead of ${expected.length}`;
  const { dtype } = probe.value;
  const largest = probe.accuracy === "gradient" ? expected.reduce((most, v) => (Number.isFinite(v) ? Math.max(most, Math.abs(v)) : most), 0) : 0;
  for (let i = 0; i < expected.length; i++) {
    const [g, e] = [got[i] ?? NaN, expected[i] ?? NaN];
    if (Object.is(g, e) || g === e) continue;
    if (Number.isFinite(g) && Number.isFinite(e) && Math.abs(g - e) <= allowed(probe.accuracy, dtype, e, magnitudes?.[i] ?? 0, largest)) continue;
    return `${probe.name}: element ${i} of [${probe.value.shape.join(", ")}] ${dtype} is ${g} instead of ${e}`;
  }
  return undefined;
}

function allowed(accuracy: Probe["accuracy"], dtype: DType, expected: number, magnitude: number, largest: number): number {
  const size = Math.abs(expected);
  const floor = smallest[dtype] ?? 0;
  switch (accuracy) {
    case "exact":
      return 0;
    case "scalar":
      return (relative[dtype] ?? 0) * size + floor;
    case "sum":
      return (relativeOfSum[dtype] ?? 0) * Math.abs(magnitude) + floor;
    case "gradient":
      // Operands and cotangents are around 1, and so are terms that cancel.
      return (relative[dtype] ?? 0) * (size + 0.1 * Math.max(1, largest)) + floor;
  }
}
