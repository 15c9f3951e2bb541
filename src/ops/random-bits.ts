import { DTypeError, ShapeError } from "../core/errors.js";
import { drawTag, threefry, type WordAlgebra } from "../core/rng.js";
import { checkShape, formatShape, sizeOf, type Shape } from "../core/shape.js";
import type { ExprBuilder } from "../ir/expr-builder.js";
import { applyOne, type Value, type Op, apply } from "../ir/graph.js";
import type { Expr } from "../ir/loop.js";
import { at, ravel } from "./indexing.js";

type RandomAttrs = { readonly shape: Shape; readonly offset: number };

/** Threefry's arithmetic on expressions. */
function wordsOf(b: ExprBuilder): WordAlgebra<Expr> {
  const word = (v: number): Expr => b.const(v, "uint32");
  return {
    constant: word,
    add: (x, y) => b.add(x, y),
    xor: (x, y) => b.op("xor", x, y),
    rotate: (x, n) => b.or(b.op("shl", x, word(n)), b.op("shr", x, word(32 - n))),
  };
}

/** The bits at a position of what is drawn from a state, whose three words `word` gives. */
export function bitsAt(b: ExprBuilder, word: (i: Expr) => Expr, position: Expr, offset = 0): Expr {
  const words = wordsOf(b);
  const [key0, key1, counter] = [0, 1, 2].map((i) => word(b.index(i)));
  if (!key0 || !key1 || !counter) throw new RangeError("a state has three words");
  const key = threefry(words, [key0, key1], [words.constant(drawTag), words.add(counter, words.constant(offset))]);
  const [x0, x1] = threefry(words, key, [words.constant(0), b.cast(position, "uint32")]);
  return words.xor(x0, x1);
}

export const randomBitsOp: Op<RandomAttrs> = {
  name: "random-bits",
  infer: (inputs, { shape }) => {
    const state = at(inputs, 0);
    if (state.dtype !== "uint32") throw new DTypeError(`[random-bits] the state must be uint32, and got ${state.dtype}`);
    if (state.shape.at(-1) !== 3) {
      throw new ShapeError(`[random-bits] the state must have a last axis of 3 (two words of key, one of counter), and got ${formatShape(state.shape)}`);
    }
    const all = [...state.shape.slice(0, -1), ...shape];
    checkShape("random-bits", all);
    if (sizeOf(shape) > 2 ** 32) throw new ShapeError(`[random-bits] ${formatShape(shape)} has more than 2^32 elements`);
    return [{ shape: all, dtype: "uint32" }];
  },
  batch: ({ inputs, attrs }) => apply(randomBitsOp, inputs, attrs),
  lower: {
    kind: "map",
    cost: 200,
    element: (b, { attrs, inputs, operand }, index) => {
      const states = at(inputs, 0).shape.length - 1;
      const word = (i: Expr): Expr => operand(0, [...index.slice(0, states), i]);
      return bitsAt(b, word, ravel(b, index.slice(states), attrs.shape), attrs.offset);
    },
  },
};

/**
 * Random uint32 bits of the given shape from a state of three uint32: two words of key and a counter, to which `offset` is
 * added. For states [S…, 3] they are [S…, shape…]. The same state and offset give the same bits on every device, and element i does not depend on the shape. Throws ShapeError, DTypeError.
 */
export function randomBits(state: Value, shape: Shape, offset = 0): Value {
  return applyOne(randomBitsOp, [state], { shape, offset });
}
