import type { DType } from "../../src/core/dtype.js";
import { DTypeError, ShapeError } from "../../src/core/errors.js";
import type { Shape } from "../../src/core/shape.js";
import * as ops from "../../src/ops/index.js";
import { leaf, Numbers, refused, sample, type OpInfo, type Sample } from "./sample.js";

const random = new Numbers(8);

type DotAxes = Parameters<typeof ops.dot>[2];
type ConvOptions = Parameters<typeof ops.conv>[2];

const plain: DotAxes = { batchA: [], batchB: [], contractA: [1], contractB: [0] };

function dotted(a: Shape, b: Shape, axes: DotAxes, options: Parameters<typeof sample>[3] = {}, dtype: DType = "float32"): Sample {
  const name = `${dtype} [${a.join(",")}] [${b.join(",")}] over ${axes.contractA.join(",")} ${axes.contractB.join(",")} batch ${axes.batchA.join(",")} ${axes.batchB.join(",")}`;
  return sample(name, [random.any(a, dtype), random.any(b, dtype)], ([x, y]) => (x && y ? ops.dot(x, y, axes) : []), options);
}

function product(m: number, k: number, n: number, options: Parameters<typeof sample>[3] = {}): Sample {
  return dotted([m, k], [k, n], plain, options);
}

/** Empty, single, around tiles of 14 and 16 rows and of 16 and 32 columns, and primes. */
const small = [
  [0, 3, 2],
  [2, 0, 3],
  [3, 2, 0],
  [1, 1, 1],
  [1, 17, 1],
  [17, 1, 19],
  [13, 31, 15],
  [14, 32, 33],
  [15, 33, 31],
  [7, 11, 13],
] as const;

const first = { gradient: "first", smooth: false } as const;
const forward = { gradient: "none" } as const;

/** Beyond the blocks of the caches, long sums that are divided among items, and shapes that are thin in one way. */
const large = [
  [300, 391, 517],
  [2, 5003, 3],
  [600, 3, 5],
  [3, 5, 600],
] as const;

const convs: readonly (readonly [input: Shape, kernel: Shape, options: ConvOptions])[] = [
  [[2, 3, 9], [4, 3, 3], {}],
  [[1, 2, 8], [3, 2, 3], { strides: [2], padding: [[1, 2]], kernelDilation: [2] }],
  [[2, 4, 7], [4, 1, 3], { groups: 4, padding: [[1, 1]] }],
  [[1, 2, 5], [3, 2, 3], { inputDilation: [3], padding: [[2, 3]] }],
  [[2, 2, 5, 6], [3, 2, 3, 3], {}],
  [[1, 2, 5, 5], [3, 2, 3, 3], { padding: [[1, 1], [1, 1]] }],
  [[1, 4, 6, 5], [6, 2, 3, 2], { groups: 2, strides: [2, 1], padding: [[1, 0], [0, 1]] }],
  [[1, 2, 6, 7], [2, 2, 2, 3], { strides: [3, 2], kernelDilation: [2, 1], padding: [[0, 2], [1, 1]] }],
  [[1, 2, 3, 4], [2, 2, 3, 3], { inputDilation: [2, 3], padding: [[2, 2], [1, 3]] }],
  [[2, 3, 4, 4], [5, 3, 1, 1], {}],
  [[1, 1, 4, 4], [1, 1, 4, 4], {}],
  [[1, 2, 4, 4], [2, 2, 2, 2], { padding: [[-1, 1], [0, -1]] }],
  [[1, 2, 3, 4, 3], [2, 2, 2, 2, 2], { padding: [[1, 0], [0, 1], [1, 1]] }],
  [[1, 2, 4, 3, 5], [4, 1, 2, 1, 3], { groups: 2, strides: [2, 1, 2], kernelDilation: [1, 2, 1] }],
  [[1, 2, 2], [3, 2, 3], {}],
  [[0, 2, 4, 4], [3, 2, 2, 2], {}],
  [[1, 0, 4, 4], [3, 0, 2, 2], {}],
];

/** Filters of 3×3 that move by one over enough channels, which cores compute with fewer multiplications. */
const filtered: readonly (readonly [input: Shape, kernel: Shape, padding: readonly (readonly [number, number])[]])[] = [
  [[1, 16, 7, 7], [16, 16, 3, 3], [[1, 1], [1, 1]]],
  [[2, 17, 9, 8], [21, 17, 3, 3], [[0, 2], [2, 1]]],
  [[3, 24, 6, 11], [40, 24, 3, 3], [[0, 0], [0, 0]]],
  [[1, 72, 8, 5], [20, 72, 3, 3], [[2, 2], [2, 2]]],
  [[5, 16, 8, 10], [17, 16, 3, 3], [[-1, 1], [1, -1]]],
  [[1, 16, 5, 150], [16, 16, 3, 3], [[1, 1], [1, 1]]],
  [[6, 16, 33, 31], [18, 16, 3, 3], [[1, 1], [1, 0]]],
];

/** Few channels, whose vectors run along positions: borders, tiles that do not fit, long rows in pieces, strides down, gaps, groups. */
const narrow: typeof convs = [
  [[3, 1, 28, 28], [6, 1, 5, 5], { padding: [[2, 2], [2, 2]] }],
  [[2, 4, 10, 10], [6, 4, 5, 5], { padding: [[4, 4], [4, 4]] }],
  [[1, 2, 3, 37], [7, 2, 3, 3], { padding: [[4, 3], [0, 5]] }],
  [[1, 2, 2100], [3, 2, 7], { padding: [[3, 3]] }],
  [[2, 6, 9, 18], [6, 1, 3, 3], { padding: [[1, 1], [1, 1]], groups: 6 }],
  [[1, 2, 21, 20], [5, 2, 3, 3], { padding: [[2, 2], [2, 2]], strides: [2, 1], kernelDilation: [2, 2] }],
  [[2, 2, 3, 5, 17], [3, 2, 2, 3, 3], { padding: [[1, 0], [2, 1], [1, 1]] }],
];

function convolved(input: Shape, kernel: Shape, options: ConvOptions, extra: Parameters<typeof sample>[3] = {}, dtype: DType = "float32"): Sample {
  const name = `${dtype} [${input.join(",")}] [${kernel.join(",")}] ${JSON.stringify(options)}`;
  return sample(name, [random.any(input, dtype), random.any(kernel, dtype)], ([x, w]) => (x && w ? ops.conv(x, w, options) : []), extra);
}

const dot = (a: Shape, b: Shape, axes: Partial<DotAxes>) => () => ops.dot(leaf(a), leaf(b), { ...plain, ...axes });
const conv = (x: Shape, w: Shape, options: ConvOptions) => () => ops.conv(leaf(x), leaf(w), options);

export const contractionInfos: readonly OpInfo[] = [
  {
    op: "dot",
    accuracy: "sum",
    samples: [
      ...small.map(([m, k, n]) => product(m, k, n, first)),
      product(4, 5, 3),
      ...large.map(([m, k, n]) => product(m, k, n, forward)),
      dotted([5], [5], { ...plain, contractA: [0] }),
      dotted([], [3], { ...plain, contractA: [], contractB: [] }),
      dotted([3], [4], { ...plain, contractA: [], contractB: [] }),
      dotted([5, 3], [5, 4], { ...plain, contractA: [0] }, first),
      dotted([3, 5], [4, 5], { ...plain, contractB: [1] }, first),
      dotted([5, 3], [4, 5], { ...plain, contractA: [0], contractB: [1] }, first),
      dotted([2, 3, 5], [5, 4], { ...plain, contractA: [2] }, first),
      dotted([2, 3, 4], [2, 4, 5], { batchA: [0], batchB: [0], contractA: [2], contractB: [1] }),
      dotted([3, 4, 2], [5, 2, 4], { batchA: [2], batchB: [1], contractA: [1], contractB: [2] }, first),
      dotted([2, 3, 4, 5], [5, 4, 6], { ...plain, contractA: [2, 3], contractB: [1, 0] }, first),
      dotted([2, 3, 2, 4], [2, 3, 4, 2], { batchA: [0, 1], batchB: [0, 1], contractA: [3], contractB: [2] }, first),
      dotted([33, 65], [65, 34], plain, forward),
      dotted([9, 8], [8, 10], plain, forward, "int32"),
      dotted([9, 8], [8, 10], plain, forward, "uint32"),
      dotted([9, 8], [8, 10], plain, forward, "float64"),
      dotted([9, 8], [8, 10], plain, forward, "float16"),
      dotted([9, 8], [8, 10], plain, forward, "bfloat16"),
      sample("int8 into int32", [random.any([9, 8], "int8"), random.any([8, 10], "int8")], ([x, y]) => (x && y ? ops.dot(x, y, plain) : [])),
      sample("uint8 with int8 into int32", [random.any([9, 8], "uint8"), random.any([8, 10], "int8")], ([x, y]) => (x && y ? ops.dot(x, y, { ...plain, accumulate: "int32" }) : [])),
      sample("bfloat16 into float32", [random.any([9, 8], "bfloat16"), random.any([8, 10], "bfloat16")], ([x, y]) => (x && y ? ops.dot(x, y, { ...plain, accumulate: "float32" }) : []), {
        ...first,
        before: "same",
      }),
    ],
    errors: [
      refused("inner sizes that differ", ShapeError, dot([2, 3], [4, 2], {})),
      refused("batches that differ", ShapeError, dot([2, 3, 4], [3, 4, 5], { batchA: [0], batchB: [0], contractA: [2], contractB: [1] })),
      refused("kinds of number that differ", DTypeError, () => ops.dot(leaf([2, 3]), leaf([3, 2], "int32"), plain)),
    ],
  },
  {
    op: "conv",
    accuracy: "sum",
    samples: [
      ...convs.map(([x, w, options], i) => convolved(x, w, options, i % 3 === 0 ? {} : first)),
      ...filtered.map(([x, w, padding], i) => convolved(x, w, { padding }, i < 2 || i === filtered.length - 1 ? first : forward)),
      convolved([2, 8, 11, 9], [24, 8, 3, 3], { padding: [[1, 1], [1, 1]] }, forward),
      ...narrow.map(([x, w, options], i) => convolved(x, w, options, i < 2 ? first : forward)),
      convolved([1, 3, 17, 19], [33, 3, 5, 5], { strides: [2, 2], padding: [[2, 2], [2, 2]] }, forward),
      convolved([1, 2, 6, 5], [3, 2, 3, 3], { padding: [[1, 1], [1, 1]] }, forward, "float64"),
    ],
    errors: [
      refused("channels that differ", ShapeError, conv([1, 2, 5], [3, 3, 3], {})),
      refused("groups that do not divide", ShapeError, conv([1, 3, 5], [4, 1, 3], { groups: 2 })),
      refused("ranks that differ", ShapeError, conv([1, 2, 5, 5], [3, 2, 3], {})),
      refused("kinds of number that differ", DTypeError, () => ops.conv(leaf([1, 2, 5]), leaf([3, 2, 3], "int32"), {})),
      refused("an empty kernel", ShapeError, conv([1, 2, 5], [3, 2, 0], {})),
    ],
  },
];
