import { stridesOf, type Shape } from "../core/shape.js";
import type { ExprBuilder } from "../ir/expr-builder.js";
import type { Value } from "../ir/graph.js";
import type { Expr } from "../ir/loop.js";

/** How a value is read where it is not computed in place. */
export type Source = (index: readonly Expr[]) => Expr;

/** Strides of a shape whose axes lie in memory in the given order, outermost first; row-major if none is given. */
export function stridesIn(shape: Shape, order?: readonly number[]): number[] {
  if (!order) return stridesOf(shape);
  const strides = shape.map(() => 1);
  let below = 1;
  for (const axis of [...order].reverse()) {
    strides[axis] = below;
    below *= shape[axis] ?? 1;
  }
  return strides;
}

/** The address of an element in memory whose axes lie in the given order. */
export function flatIndex(b: ExprBuilder, shape: Shape, index: readonly Expr[], order?: readonly number[]): Expr {
  const strides = stridesIn(shape, order);
  let flat = b.index(0);
  index.forEach((i, axis) => {
    flat = b.add(flat, b.mul(i, b.index(strides[axis] ?? 1)));
  });
  return flat;
}

/** The index of the element at a row-major address. */
export function unflatten(b: ExprBuilder, shape: Shape, flat: Expr): Expr[] {
  const strides = stridesOf(shape);
  return shape.map((size, axis) => {
    if (size === 1) return b.index(0);
    const outer = b.div(flat, b.index(strides[axis] ?? 1));
    return axis === 0 ? outer : b.rem(outer, b.index(size));
  });
}

/**
 * Gives the expression of any element of a value: from its source if it has one, else computed on the spot from its
 * operator's element rule. This recursion is what fuses producers into consumers.
 */
export class Reader {
  readonly #b: ExprBuilder;
  readonly #source: (value: Value) => Source | undefined;
  readonly #known = new Map<string, Expr>();

  constructor(b: ExprBuilder, source: (value: Value) => Source | undefined) {
    this.#b = b;
    this.#source = source;
  }

  read(value: Value, index: readonly Expr[]): Expr {
    const b = this.#b;
    const at = index.map((i, axis) => (value.shape[axis] === 1 ? b.index(0) : i));
    const key = `${value.node.id}.${value.index}:${at.map((i) => i.id).join()}`;
    const known = this.#known.get(key);
    if (known) return known;
    const source = this.#source(value);
    const made = source ? source(at) : this.element(value, at);
    this.#known.set(key, made);
    return made;
  }

  /** The value's own rule at `index`, its inputs read through this reader. */
  element(value: Value, index: readonly Expr[]): Expr {
    const { node } = value;
    const { lower } = node.op;
    if (lower.kind !== "map") throw new TypeError(`[${node.op.name}] cannot be computed in place of a read`);
    return lower.element(this.#b, this.context(value), index);
  }

  context(value: Value) {
    const { node } = value;
    return {
      attrs: node.attrs,
      inputs: node.inputs,
      outputs: node.outputs,
      operand: (input: number, index: readonly Expr[]): Expr => {
        const operand = node.inputs[input];
        if (!operand) throw new TypeError(`[${node.op.name}] has no input ${input}`);
        return this.read(operand, index);
      },
    };
  }
}

/** Axes and their counters, size-1 axes being the constant 0. */
export function counters(b: ExprBuilder, name: string, shape: Shape): Expr[] {
  return shape.map((size, axis) => (size === 1 ? b.index(0) : b.ref(b.counter(`${name}${axis}`, size))));
}

