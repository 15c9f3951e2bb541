import { applyOne, type Value } from "../ir/graph.js";
import { functionsPart } from "../ir/math/functions-part.js";
import { add, div, mul, neg, sub } from "./arithmetic.js";
import { constantLike } from "./constant.js";
import { floats } from "./dtype-rules.js";
import { unary } from "./elementwise.js";

function onePlus(x: Value): Value {
  return add(constantLike(x, 1), x);
}

export const sqrtOp = unary({
  name: "sqrt",
  kinds: floats,
  cost: 4,
  element: (b, x) => b.op("sqrt", x),
  vjp: (ct, _, y) => div(mul(ct, constantLike(y, 0.5)), y),
});

/** √x; NaN for negative x. */
export function sqrt(x: Value): Value {
  return applyOne(sqrtOp, [x], {});
}

export const expOp = unary({ name: "exp", kinds: floats, cost: 25, element: (b, x) => b.exp(x), vjp: (ct, _, y) => mul(ct, y) });

/** eˣ. */
export function exp(x: Value): Value {
  return applyOne(expOp, [x], {});
}

export const expm1Op = unary({
  name: "expm1",
  kinds: floats,
  cost: 30,
  element: (b, x) => b.expm1(x),
  vjp: (ct, _, y) => mul(ct, onePlus(y)),
});

/** eˣ − 1, without cancellation near 0. */
export function expm1(x: Value): Value {
  return applyOne(expm1Op, [x], {});
}

export const logOp = unary({ name: "log", kinds: floats, cost: 30, element: (b, x) => b.log(x), vjp: (ct, x) => div(ct, x) });

/** ln x; −∞ at 0, NaN below. */
export function log(x: Value): Value {
  return applyOne(logOp, [x], {});
}

export const log1pOp = unary({
  name: "log1p",
  kinds: floats,
  cost: 40,
  element: (b, x) => b.log1p(x),
  vjp: (ct, x) => div(ct, onePlus(x)),
});

/** ln(1 + x), without cancellation near 0. */
export function log1p(x: Value): Value {
  return applyOne(log1pOp, [x], {});
}

export const sinOp = unary({ name: "sin", kinds: floats, cost: 40, part: functionsPart, element: (b, x) => b.sin(x), vjp: (ct, x) => mul(ct, cos(x)) });

/** sin x; accurate up to |x| = 6.5 million in float32 and 3.3 billion in float64, some number in [−1, 1] beyond. */
export function sin(x: Value): Value {
  return applyOne(sinOp, [x], {});
}

export const cosOp = unary({
  name: "cos",
  kinds: floats,
  cost: 40,
  part: functionsPart,
  element: (b, x) => b.cos(x),
  vjp: (ct, x) => neg(mul(ct, sin(x))),
});

/** cos x; accurate up to |x| = 6.5 million in float32 and 3.3 billion in float64, some number in [−1, 1] beyond. */
export function cos(x: Value): Value {
  return applyOne(cosOp, [x], {});
}

export const tanhOp = unary({
  name: "tanh",
  kinds: floats,
  cost: 35,
  element: (b, x) => b.tanh(x),
  vjp: (ct, _, y) => mul(ct, sub(constantLike(y, 1), mul(y, y))),
});

/** tanh x = (eˣ − e⁻ˣ) / (eˣ + e⁻ˣ). */
export function tanh(x: Value): Value {
  return applyOne(tanhOp, [x], {});
}

export const sigmoidOp = unary({
  name: "sigmoid",
  kinds: floats,
  cost: 30,
  element: (b, x) => b.sigmoid(x),
  vjp: (ct, _, y) => mul(ct, mul(y, sub(constantLike(y, 1), y))),
});

/** 1 / (1 + e⁻ˣ), without overflow. */
export function sigmoid(x: Value): Value {
  return applyOne(sigmoidOp, [x], {});
}

export const erfOp = unary({
  name: "erf",
  kinds: floats,
  cost: 50,
  part: functionsPart,
  element: (b, x) => b.erf(x),
  vjp: (ct, x) => mul(ct, mul(constantLike(x, 2 / Math.sqrt(Math.PI)), exp(neg(mul(x, x))))),
});

/** erf x = (2/√π)·∫₀ˣ e^{−t²} dt. */
export function erf(x: Value): Value {
  return applyOne(erfOp, [x], {});
}

export const atanOp = unary({
  name: "atan",
  kinds: floats,
  cost: 40,
  part: functionsPart,
  element: (b, x) => b.atan(x),
  vjp: (ct, x) => div(ct, onePlus(mul(x, x))),
});

/** The angle in −π/2 … π/2 whose tangent is x. */
export function atan(x: Value): Value {
  return applyOne(atanOp, [x], {});
}
