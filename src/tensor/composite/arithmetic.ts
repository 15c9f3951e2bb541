import { isFloat, type DType } from "../../core/dtype.js";
import { DTypeError } from "../../core/errors.js";
import { broadcastShapes } from "../../core/shape.js";
import type { Value } from "../../ir/graph.js";
import * as ops from "../../ops/index.js";
import { commonDType, isScalar, materialize, shapeOf, toDType, toFloat, unify, type Operand } from "./operands.js";

/** Arithmetic has no bool: two bools meet in int32. */
function numericDType(operands: readonly Operand[]): DType {
  const dtype = commonDType(operands);
  return dtype === "bool" ? "int32" : dtype;
}

function floatDType(operands: readonly Operand[]): DType {
  const dtype = commonDType(operands);
  return isFloat(dtype) ? dtype : "float32";
}

type Binary = (a: Operand, b: Operand) => Value;

function binary(name: string, op: (a: Value, b: Value) => Value, dtypeOf = numericDType): Binary {
  return (a, b) => op(...unify(name, [a, b], dtypeOf([a, b])));
}

/** a + b, with broadcasting and type promotion; bools add as int32. Throws ShapeError. */
export const add = binary("add", ops.add);
/** a − b, with broadcasting and type promotion. Throws ShapeError. */
export const sub = binary("sub", ops.sub);
/** a · b elementwise, with broadcasting and type promotion. Throws ShapeError. */
export const mul = binary("mul", ops.mul);
/** a / b; integers divide as float32. Throws ShapeError. */
export const div = binary("div", ops.div, floatDType);
/** The remainder of a / b with the sign of b; 0 for an integer b of 0. Throws ShapeError. */
export const mod = binary("mod", ops.mod);
/** The larger of a and b; NaN if either is. Throws ShapeError. */
export const maximum = binary("maximum", ops.max);
/** The smaller of a and b; NaN if either is. Throws ShapeError. */
export const minimum = binary("minimum", ops.min);
/** The angle of the point (b, a) in radians, in [−π, π]. Throws ShapeError. */
export const atan2 = binary("atan2", ops.atan2, floatDType);

/** ⌊a / b⌋ in the promoted dtype; integers that are divided by 0 give 0. Throws ShapeError. */
export const floorDivide = binary("floorDivide", (x, y) =>
  isFloat(x.dtype) ? ops.floor(ops.div(x, y)) : ops.div(x, y),
);

/** a to the power b. Small constant exponents are multiplications and roots. Throws ShapeError. */
export function pow(a: Operand, b: Operand): Value {
  if (!isScalar(a) && typeof b === "number") {
    const x = toDType(a, numericDType([a, b]));
    if (b === 1) return x;
    if (b === 2) return ops.mul(x, x);
    if (b === 3) return ops.mul(ops.mul(x, x), x);
    if (b === 0.5) return ops.sqrt(toFloat(x));
    if (b === -1) return div(1, x);
  }
  const fractional = typeof b === "number" && b < 0;
  const [x, y] = unify("pow", [a, b], (fractional ? floatDType : numericDType)([a, b]));
  return ops.pow(x, y);
}

function comparison(name: string, op: (a: Value, b: Value) => Value): Binary {
  return (a, b) => op(...unify(name, [a, b]));
}

/** a = b as bool; false where either is NaN. Throws ShapeError. */
export const eq = comparison("eq", ops.eq);
/** a ≠ b as bool; true where either is NaN. Throws ShapeError. */
export const ne = comparison("ne", ops.ne);
/** a < b as bool. Throws ShapeError. */
export const lt = comparison("lt", ops.lt);
/** a ≤ b as bool. Throws ShapeError. */
export const le = comparison("le", ops.le);
/** a > b as bool. Throws ShapeError. */
export const gt = comparison("gt", ops.gt);
/** a ≥ b as bool. Throws ShapeError. */
export const ge = comparison("ge", ops.ge);

/** Whether each element differs from 0, as bool. */
export function toBool(x: Value): Value {
  return x.dtype === "bool" ? x : ops.ne(x, ops.constant(0, x.dtype, x.shape));
}

function logical(name: string, op: (a: Value, b: Value) => Value): Binary {
  return (a, b) => {
    const asBool = (operand: Operand): Operand => (isScalar(operand) ? Boolean(operand) : toBool(operand));
    return op(...unify(name, [asBool(a), asBool(b)], "bool"));
  };
}

/** True where both are nonzero. Throws ShapeError. */
export const logicalAnd = logical("logicalAnd", ops.and);
/** True where one or both are nonzero. Throws ShapeError. */
export const logicalOr = logical("logicalOr", ops.or);
/** True where exactly one is nonzero. Throws ShapeError. */
export const logicalXor = logical("logicalXor", ops.xor);
/** True where the element is 0. */
export function logicalNot(x: Value): Value {
  return ops.not(toBool(x));
}

function bitwise(name: string, op: (a: Value, b: Value) => Value, onBool: boolean): Binary {
  return (a, b) => {
    const dtype = commonDType([a, b]);
    if (isFloat(dtype) || (dtype === "bool" && !onBool)) {
      throw new DTypeError(
        `[${name}] needs integers${onBool ? " or bools" : ""}, but the operands meet in ${dtype}: convert them ` +
          `with .to("int32")`,
      );
    }
    return op(...unify(name, [a, b], dtype));
  };
}

/** Bitwise and; on bools the logical one. Throws ShapeError, and DTypeError for floats. */
export const bitwiseAnd = bitwise("bitwiseAnd", ops.and, true);
/** Bitwise or; on bools the logical one. Throws ShapeError, and DTypeError for floats. */
export const bitwiseOr = bitwise("bitwiseOr", ops.or, true);
/** Bitwise exclusive or; on bools the logical one. Throws ShapeError, and DTypeError for floats. */
export const bitwiseXor = bitwise("bitwiseXor", ops.xor, true);
/** a shifted left by b bits, 0 ≤ b < 32. Throws ShapeError, and DTypeError for floats and bools. */
export const shiftLeft = bitwise("shiftLeft", ops.shl, false);
/**
 * a shifted right by b bits, 0 ≤ b < 32; signed integers keep their sign. Throws ShapeError, and DTypeError for floats
 * and bools.
 */
export const shiftRight = bitwise("shiftRight", ops.shr, false);

/**
 * Elements of `a` where `condition` holds (is nonzero), else of `b`, all three broadcast together. Throws ShapeError.
 */
export function where(condition: Value, a: Operand, b: Operand): Value {
  const shape = broadcastShapes("where", condition.shape, shapeOf(a), shapeOf(b));
  const dtype = commonDType([a, b]);
  return ops.select(
    materialize("where", toBool(condition), "bool", shape),
    materialize("where", a, dtype, shape),
    materialize("where", b, dtype, shape),
  );
}

/** x + weight · (y − x): the point `weight` of the way from x to y. Throws ShapeError. */
export function lerp(x: Value, y: Operand, weight: Operand): Value {
  return add(x, mul(weight, sub(y, x)));
}

/** log(eᵃ + eᵇ) without overflow. Throws ShapeError. */
export function logaddexp(a: Operand, b: Operand): Value {
  const [x, y] = unify("logaddexp", [a, b], floatDType([a, b]));
  const aboveOrEqual = ops.ge(x, y);
  const high = ops.select(aboveOrEqual, x, y);
  const low = ops.select(aboveOrEqual, y, x);
  const infinite = ops.eq(ops.abs(high), ops.constant(Infinity, high.dtype, high.shape));
  // Two equal infinities have no difference; their distance counts as 0.
  const distance = where(infinite, 0, ops.sub(low, high));
  return ops.add(high, ops.log1p(ops.exp(distance)));
}
