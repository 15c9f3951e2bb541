import { DTypeError } from "../core/errors.js";
import { applyOne, type Value, type Op, apply } from "../ir/graph.js";
import type { ExprBuilder } from "../ir/expr-builder.js";
import type { Expr } from "../ir/loop.js";
import { checkAlike, everything } from "./dtype-rules.js";
import { binary, type NoAttrs } from "./elementwise.js";
import { constantLike } from "./constant.js";
import { at } from "./indexing.js";

function compare(name: "lt" | "le" | "eq" | "ne"): Op<NoAttrs> {
  // Bools are ordered as 0 and 1.
  const number = (b: ExprBuilder, x: Expr): Expr => (x.type === "bool" ? b.cast(x, "int32") : x);
  return binary({
    name,
    kinds: everything,
    result: "bool",
    element: (b, x, y) => b.op(name, number(b, x), number(b, y)),
  });
}

export const ltOp = compare("lt");
export const leOp = compare("le");
export const eqOp = compare("eq");
export const neOp = compare("ne");

/** a < b as bool; false where either is NaN. */
export function lt(a: Value, b: Value): Value {
  return applyOne(ltOp, [a, b], {});
}

/** a ≤ b as bool; false where either is NaN. */
export function le(a: Value, b: Value): Value {
  return applyOne(leOp, [a, b], {});
}

/** a > b as bool; false where either is NaN. */
export function gt(a: Value, b: Value): Value {
  return lt(b, a);
}

/** a ≥ b as bool; false where either is NaN. */
export function ge(a: Value, b: Value): Value {
  return le(b, a);
}

/** a = b as bool; false where either is NaN. */
export function eq(a: Value, b: Value): Value {
  return applyOne(eqOp, [a, b], {});
}

/** a ≠ b as bool; true where either is NaN. */
export function ne(a: Value, b: Value): Value {
  return applyOne(neOp, [a, b], {});
}

export const selectOp: Op<NoAttrs> = {
  name: "select",
  infer: (inputs) => {
    const [condition, a, b] = [at(inputs, 0), at(inputs, 1), at(inputs, 2)];
    if (condition.dtype !== "bool") throw new DTypeError(`[select] the condition must be bool, and got ${condition.dtype}: compare it with 0`);
    checkAlike("select", [a, b]);
    checkAlike("select", [{ shape: condition.shape, dtype: a.dtype }, a]);
    return [{ shape: a.shape, dtype: a.dtype }];
  },
  vjp: (node, [ct]) => {
    if (!ct) return [];
    const condition = at(node.inputs, 0);
    const zero = constantLike(ct, 0);
    return [undefined, select(condition, ct, zero), select(condition, zero, ct)];
  },
  batch: ({ attrs, all }) => apply(selectOp, [0, 1, 2].map(all), attrs),
  lower: {
    kind: "map",
    element: (b, ctx, index) => b.select(ctx.operand(0, index), ctx.operand(1, index), ctx.operand(2, index)),
  },
};

/** `condition ? a : b`, element by element, for equal shapes. */
export function select(condition: Value, a: Value, b: Value): Value {
  return applyOne(selectOp, [condition, a, b], {});
}
