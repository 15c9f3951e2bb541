import { isFloat, isInteger, type DType } from "../../core/dtype.js";
import { ArgumentError, DTypeError } from "../../core/errors.js";
import type { Shape } from "../../core/shape.js";
import type { Value } from "../../ir/graph.js";
import * as ops from "../../ops/index.js";
import { toDType } from "./operands.js";

/**
 * Random tensors. `key` names the stream and the place in it, as `randomBits` takes it: equal keys give equal numbers, so each
 * key is used once.
 */

/** 24 random bits as an int32 in [0, 2²⁴). */
function mantissa(key: Value, shape: Shape): Value {
  const bits = ops.randomBits(key, shape);
  return ops.convert(ops.shr(bits, ops.constant(8, "uint32", shape)), "int32");
}

/** Uniform numbers in [low, high), multiples of (high − low)·2⁻²⁴. */
export function uniform(key: Value, shape: Shape, { low = 0, high = 1, dtype = "float32" }: { readonly low?: number; readonly high?: number; readonly dtype?: DType } = {}): Value {
  if (!isFloat(dtype)) throw new DTypeError(`[uniform] dtype ${dtype} cannot hold fractions: use randint for integers`);
  if (!(low <= high)) throw new ArgumentError(`[uniform] low ${low} must not exceed high ${high}`);
  const unit = ops.mul(ops.convert(mantissa(key, shape), "float32"), ops.constant(2 ** -24, "float32", shape));
  if (low === 0 && high === 1) return toDType(unit, dtype);
  const scaled = ops.add(ops.mul(unit, ops.constant(high - low, "float32", shape)), ops.constant(low, "float32", shape));
  return toDType(scaled, dtype);
}
