import type { ExprBuilder } from "../ir/expr-builder.js";
import type { Value } from "../ir/graph.js";
import { slicesOf } from "./lower-scan.js";

export { lowerScan } from "./lower-scan.js";
export { simplifyScans } from "./simplify-scans.js";

/** The value in whose memory the slices of a stacked input lie. */
export function stackOf(b: ExprBuilder, input: Value, isStored: (v: Value) => boolean): Value {
  return slicesOf(b, input, isStored).memory;
}
