import { promoteTypes } from "../../core/dtype.js";
import { ShapeError } from "../../core/errors.js";
import { broadcastShapes, formatShape } from "../../core/shape.js";
import type { Value } from "../../ir/graph.js";
import * as ops from "../../ops/index.js";
import { add, mul } from "./arithmetic.js";
import { reshape, swapaxes, unflatten, unsqueeze } from "./movement.js";
import { broadcastTo, toDType, toNumeric } from "./operands.js";
import { sum } from "./reduction.js";

/** Both in their promoted dtype, bools as int32. */
function promote(a: Value, b: Value): [Value, Value] {
  const dtype = promoteTypes(a.dtype, b.dtype);
  return [toNumeric(toDType(a, dtype)), toNumeric(toDType(b, dtype))];
}

function mismatch(op: string, a: Value, b: Value, why: string): ShapeError {
  return new ShapeError(`[${op}] ${formatShape(a.shape)} and ${formatShape(b.shape)} cannot be multiplied: ${why}`);
}

/**
 * The matrix product with NumPy's rank rules: vectors count as a row on the left and a column on the right and lose
 * that
 * axis again; axes before the last two broadcast. Throws ShapeError for scalars and inner sizes that differ.
 */
export function matmul(a: Value, b: Value): Value {
  const [x, y] = promote(a, b);
  const rankX = x.shape.length;
  const rankY = y.shape.length;
  if (rankX === 0 || rankY === 0) throw mismatch("matmul", a, b, "a scalar is no matrix; multiply by it with mul");
  const inner = x.shape[rankX - 1] ?? 0;
  const other = y.shape[Math.max(0, rankY - 2)] ?? 0;
  if (inner !== other) throw mismatch("matmul", a, b, `the inner sizes ${inner} and ${other} differ`);
  const product = { batchA: [], batchB: [], contractA: [rankX - 1], contractB: [Math.max(0, rankY - 2)] };
  // With no batch on the right the product is one contraction over all rows of the left.
  if (rankY <= 2) return ops.dot(x, y, product);
  const batchY = y.shape.slice(0, -2);
  if (rankX === 1) {
    const batch = batchY.map((_, i) => i);
    const rows = broadcastTo("matmul", x, [...batchY, inner]);
    return ops.dot(rows, y, { batchA: batch, batchB: batch, contractA: [rankY - 2], contractB: [rankY - 2] });
  }
  const outer = broadcastShapes("matmul", x.shape.slice(0, -2), batchY);
  const rank = outer.length;
  const batch = outer.map((_, i) => i);
  return ops.dot(
    broadcastTo("matmul", x, [...outer, ...x.shape.slice(-2)]),
    broadcastTo("matmul", y, [...outer, ...y.shape.slice(-2)]),
    { batchA: batch, batchB: batch, contractA: [rank + 1], contractB: [rank] },
  );
}

/**
 * The product of two batches of matrices: [B, n, k] with [B, k, m] gives [B, n, m]. Throws ShapeError for anything
 * else.
 */
export function bmm(a: Value, b: Value): Value {
  if (a.shape.length !== 3 || b.shape.length !== 3 || a.shape[0] !== b.shape[0])
    throw mismatch("bmm", a, b, "expected [B, n, k] and [B, k, m]");
  return matmul(a, b);
}

/** The inner product of two vectors of one length, a scalar. Throws ShapeError for anything else. */
export function dot(a: Value, b: Value): Value {
  if (a.shape.length !== 1 || b.shape.length !== 1)
    throw mismatch("dot", a, b, "expected two vectors; matmul takes matrices");
  return matmul(a, b);
}

/**
 * Every product of an element of vector a with one of vector b, [n] and [m] giving [n, m]. Throws ShapeError for other
 * ranks.
 */
export function outer(a: Value, b: Value): Value {
  if (a.shape.length !== 1 || b.shape.length !== 1) throw mismatch("outer", a, b, "expected two vectors");
  const [x, y] = promote(a, b);
  return ops.mul(
    broadcastTo("outer", reshape(x, [-1, 1]), [...x.shape, ...y.shape]),
    broadcastTo("outer", y, [...x.shape, ...y.shape]),
  );
}

/**
 * x·Wᵀ + b: x [..., in], weight [out, in], bias [out] give [..., out]. Throws ShapeError where the sizes do not fit.
 */
export function linear(x: Value, weight: Value, bias?: Value): Value {
  const rank = x.shape.length;
  const features = x.shape[rank - 1];
  if (weight.shape.length !== 2 || features === undefined || features !== weight.shape[1]) {
    throw new ShapeError(
      `[linear] input ${formatShape(x.shape)} does not fit weight ${formatShape(weight.shape)}: expected [..., ` +
        `${weight.shape[1] ?? "in"}] and [out, in]`,
    );
  }
  if (bias && (bias.shape.length !== 1 || bias.shape[0] !== weight.shape[0])) {
    throw new ShapeError(
      `[linear] bias ${formatShape(bias.shape)} does not fit weight ${formatShape(weight.shape)}: expected ` +
        `[${weight.shape[0]}]`,
    );
  }
  const [input, matrix] = promote(x, weight);
  const product = ops.dot(input, matrix, { batchA: [], batchB: [], contractA: [rank - 1], contractB: [1] });
  return bias ? add(product, bias) : product;
}

/**
 * y_o = x1ᵀ · weight_o · x2 + bias_o: x1 [..., in1], x2 [..., in2] and weight [out, in1, in2] give [..., out]. Throws
 * ShapeError.
 */
export function bilinear(x1: Value, x2: Value, weight: Value, bias?: Value): Value {
  const [out = 0, in1 = 0, in2 = 0] = weight.shape;
  if (weight.shape.length !== 3 || x1.shape.at(-1) !== in1 || x2.shape.at(-1) !== in2) {
    throw new ShapeError(
      `[bilinear] inputs ${formatShape(x1.shape)} and ${formatShape(x2.shape)} do not fit weight ` +
        `${formatShape(weight.shape)}: expected [..., in1], [..., in2] and [out, in1, in2]`,
    );
  }
  // Row by row of in1: x1 · weight, [..., out, in2].
  const first = unflatten(matmul(x1, reshape(swapaxes(weight, 0, 1), [in1, out * in2])), -1, [out, in2]);
  const y = sum(mul(first, unsqueeze(x2, -2)), -1);
  return bias ? add(y, bias) : y;
}
