import { offerScans } from "../../src/compiler/scan-compiler.js";
import { ArgumentError, DTypeError, ShapeError } from "../../src/core/errors.js";
import { LatePart } from "../../src/core/late-part.js";
import type { Shape } from "../../src/core/shape.js";
import { input, type Value } from "../../src/ir/graph.js";
import * as ops from "../../src/ops/index.js";
import { leaf, Numbers, operand, refused, sample, type OpInfo, type Operand, type Sample } from "./sample.js";

// Graphs are made here without `scan`, which would do it.
offerScans(new LatePart(() => import("../../src/compiler/compile-scans.js")));

const random = new Numbers(12);

interface Loop {
  readonly consts: number;
  readonly carries: number;
  readonly reverse?: boolean;
  /** Next carries and slices of results, from constants, carries and slices in one list. */
  step(...values: Value[]): readonly Value[];
}

/** The scan of a step over inputs whose types are those of the operands. */
function loop(inputs: readonly Value[], length: number, { consts, carries, reverse = false, step }: Loop): readonly Value[] {
  const leaves = inputs.map(({ shape, dtype }, k) => input({ shape: k < consts + carries ? shape : shape.slice(1), dtype }));
  return ops.scan(inputs, { body: { inputs: leaves, outputs: step(...leaves) }, consts, carries, length, reverse });
}

function looped(name: string, length: number, operands: readonly Operand[], options: Loop, more: Parameters<typeof sample>[3] = {}): Sample {
  return sample(name, operands, (inputs) => loop(inputs, length, options), more);
}

function positive(...shape: number[]): Operand {
  return random.uniform(shape, 0.2, 1);
}

function product(a: Value, b: Value): Value {
  return ops.dot(a, b, { batchA: [], batchB: [], contractA: [1], contractB: [0] });
}

function rows(x: Value, shape: Shape): Value {
  return ops.broadcast(x, shape, [1]);
}

function part(x: Value, k: number, n: number): Value {
  return ops.slice(x, [0, k * n], [x.shape[0] ?? 0, (k + 1) * n], [1, 1]);
}

const total: Loop["step"] = (c, x) => (c && x ? [ops.add(c, x), ops.mul(c, x)] : []);

const recurrent: Loop["step"] = (w, b, h, x) => {
  if (!w || !b || !h || !x) return [];
  const next = ops.tanh(ops.add(ops.add(product(h, w), x), rows(b, h.shape)));
  return [next, next];
};

/** Two carries of which one is stacked; gates are slices of one product. */
const gated: Loop["step"] = (w, h, c, x) => {
  if (!w || !h || !c || !x) return [];
  const n = h.shape[1] ?? 0;
  const gates = ops.add(product(h, w), x);
  const next = ops.add(ops.mul(ops.tanh(part(gates, 0, n)), c), ops.exp(ops.neg(part(gates, 1, n))));
  const out = ops.mul(ops.tanh(part(gates, 2, n)), next);
  return [out, next, out];
};

/** Carries that change places, and results that are carries, slices and constants as they come. */
const exchanged: Loop["step"] = (w, a, b, x) => (w && a && b && x ? [b, ops.add(ops.mul(a, x), b), a, x, w, ops.mul(b, w)] : []);

const counted: Loop["step"] = (i, c, x) => {
  if (!i || !c || !x) return [];
  return [ops.add(i, ops.constant(1, "int32")), ops.add(c, ops.mul(x, ops.convert(i, x.dtype))), i];
};

/** For each row, the running sums of its running products: a loop in a loop. */
const nested: Loop["step"] = (w, c, x) => {
  if (!w || !c || !x) return [];
  const inner = loop([w, c, x], x.shape[0] ?? 0, {
    consts: 1,
    carries: 1,
    reverse: true,
    step: (v, d, y) => {
      if (!v || !d || !y) return [];
      const next = ops.add(ops.mul(d, v), y);
      return [next, ops.mul(next, next)];
    },
  });
  const [last, list] = inner;
  return last && list ? [last, ops.reduce(list, [0], "add"), ops.mul(list, x)] : [];
};

/** Carries that become one value, a slice and a constant, and results that are equal. */
const merged: Loop["step"] = (w, a, b, c, d, x) => {
  if (!w || !a || !b || !c || !d || !x) return [];
  const next = ops.add(ops.mul(a, x), ops.mul(b, ops.mul(c, d)));
  return [next, next, x, w, next, next, ops.mul(c, d)];
};

/** Products of constants, which are the same in every step, between sums along rows and positions in them. */
const mixed: Loop["step"] = (w, h, x) => {
  if (!w || !h || !x) return [];
  const fixed = product(ops.exp(w), ops.transpose(w, [1, 0]));
  const weights = ops.exp(ops.sub(h, ops.broadcast(ops.reduce(h, [1], "max"), h.shape, [0])));
  const shares = ops.div(weights, ops.broadcast(ops.reduce(weights, [1], "add"), h.shape, [0]));
  const chosen = ops.gather(x, ops.argReduce(h, 1, "max"), { batch: 1 });
  const next = ops.add(product(shares, fixed), ops.broadcast(chosen, h.shape, [0]));
  return [next, ops.cumulative(next, 1, "add"), fixed];
};

const both = [false, true];

function refusals(): OpInfo["errors"] {
  const body = (): readonly Value[] => [leaf([2]), leaf([2])];
  const made = ([c, x]: readonly Value[], outputs: readonly Value[]) => ({ body: { inputs: c && x ? [c, x] : [], outputs }, consts: 0, carries: 1, reverse: false });
  const sum = ([c, x]: readonly Value[]): Value[] => (c && x ? [ops.add(c, x)] : []);
  return [
    refused("another number of slices", ShapeError, () => {
      const b = body();
      ops.scan([leaf([2]), leaf([4, 2])], { ...made(b, sum(b)), length: 3 });
    }),
    refused("another dtype", DTypeError, () => {
      const b = body();
      ops.scan([leaf([2], "int32"), leaf([3, 2])], { ...made(b, sum(b)), length: 3 });
    }),
    refused("a carry that changes shape", ShapeError, () => {
      const b = body();
      ops.scan([leaf([2]), leaf([3, 2])], { ...made(b, [ops.constant(0, "float32", [1, 2])]), length: 3 });
    }),
    refused("a fraction of a step", ArgumentError, () => {
      const b = body();
      ops.scan([leaf([2]), leaf([3, 2])], { ...made(b, sum(b)), length: 2.5 });
    }),
    refused("too few inputs", ArgumentError, () => {
      const b = body();
      ops.scan([leaf([2])], { ...made(b, sum(b)), length: 3 });
    }),
  ];
}

export const scanInfos: readonly OpInfo[] = [
  {
    op: "scan",
    accuracy: "scalar",
    samples: [
      ...both.flatMap((reverse) => [
        ...[1, 2, 5].map((n) => looped(`${n} running sums, reverse ${reverse}`, n, [positive(3), positive(n, 3)], { consts: 0, carries: 1, reverse, step: total })),
        looped(`recurrent network, reverse ${reverse}`, 3, [random.uniform([4, 4], 0.1, 0.3), positive(4), positive(2, 4), positive(3, 2, 4)], { consts: 2, carries: 1, reverse, step: recurrent }),
        looped(`carries that change places, reverse ${reverse}`, 4, [positive(2), positive(2), positive(2), positive(4, 2)], { consts: 1, carries: 2, reverse, step: exchanged }),
        looped(`counter, reverse ${reverse}`, 3, [operand([], [2], "int32"), positive(), positive(3)], { consts: 0, carries: 2, reverse, step: counted }),
        looped(`loop in a loop, reverse ${reverse}`, 3, [positive(2), positive(2), positive(3, 2, 2)], { consts: 1, carries: 1, reverse, step: nested }),
      ]),
      ...[4, 5].map((n) => looped(`gates, ${n} steps`, n, [random.uniform([3, 9], 0.1, 0.3), positive(2, 3), positive(2, 3), positive(n, 2, 9)], { consts: 1, carries: 2, step: gated })),
      looped("wide gates", 6, [random.uniform([17, 51], 0.01, 0.04), positive(5, 17), positive(5, 17), positive(6, 5, 51)], { consts: 1, carries: 2, step: gated }, { gradient: "first", smooth: false }),
      ...both.map((reverse) => looped(`carries that become one, reverse ${reverse}`, 4, [...[1, 2, 3, 4, 5].map(() => positive(2)), positive(4, 2)], { consts: 1, carries: 4, reverse, step: merged })),
      ...[1, 4].map((n) => looped(`products of constants, ${n} steps`, n, [random.uniform([3, 3], 0.1, 0.3), random.distinct([2, 3]), positive(n, 2, 3)], { consts: 1, carries: 1, step: mixed })),
      ...both.map((reverse) =>
        sample(
          `slices of a transposed tensor, reverse ${reverse}`,
          [random.uniform([2, 4, 64], 0.2, 1), random.uniform([2, 4, 3, 64], 0.2, 1)],
          ([c, x]) => (c && x ? loop([c, ops.transpose(x, [2, 1, 0, 3])], 3, { consts: 0, carries: 1, reverse, step: (a, v) => (a && v ? total(a, ops.transpose(v, [1, 0, 2])) : []) }) : []),
          { gradient: "first", smooth: false },
        ),
      ),
      looped("no carry", 3, [positive(2), positive(3, 2)], { consts: 1, carries: 0, step: (w, x) => (w && x ? [ops.mul(ops.exp(x), w)] : []) }),
      looped("a carry that stays, one that starts anew", 3, [positive(2), positive(2), positive(3, 2)], { consts: 0, carries: 2, step: (a, b, x) => (a && b && x ? [a, ops.mul(x, x), ops.mul(ops.mul(a, b), x)] : []) }),
      looped("no element", 3, [positive(0), positive(3, 0)], { consts: 0, carries: 1, step: total }),
      looped("float64", 3, [random.uniform([2], 0.2, 1, "float64"), random.uniform([3, 2], 0.2, 1, "float64")], { consts: 0, carries: 1, step: total }),
      looped("bfloat16", 2, [random.uniform([2], 0.2, 1, "bfloat16"), random.uniform([2, 2], 0.2, 1, "bfloat16")], { consts: 0, carries: 1, step: total }, { gradient: "none", before: "same" }),
    ],
    errors: refusals(),
  },
];
