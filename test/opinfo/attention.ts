import { DTypeError, ShapeError } from "../../src/core/errors.js";
import type { DType } from "../../src/core/dtype.js";
import type { Shape } from "../../src/core/shape.js";
import { apply } from "../../src/ir/graph.js";
import { attentionGradient, attentionGradientOp } from "../../src/ops/attention-gradient.js";
import * as ops from "../../src/ops/index.js";
import { leaf, Numbers, operand, refused, sample, type OpInfo, type Operand, type Sample } from "./sample.js";

const random = new Numbers(41);

interface Options {
  readonly causal?: boolean;
  readonly mask?: "bool" | "float32" | "float64";
  readonly keep?: number;
  readonly dtype?: DType;
}

interface Case extends Options {
  readonly batch: Shape;
  readonly queries: number;
  readonly keys: number;
  readonly features: number;
  readonly values: number;
}

const state = operand([3], [7, 11, 2], "uint32");

function operandsOf({ batch, queries, keys, features, values, mask, keep, dtype = "float32" }: Case): Operand[] {
  const list = [random.any([...batch, queries, features], dtype), random.any([...batch, keys, features], dtype), random.any([...batch, keys, values], dtype)];
  if (mask) list.push(random.any([...batch, queries, keys], mask));
  if (keep) list.push(state);
  return list;
}

function nameOf({ batch, queries, keys, features, values, causal, mask, keep, dtype = "float32" }: Case): string {
  const extra = [causal && "causal", mask && `${mask} mask`, keep && `keeps ${keep}`].filter(Boolean).join(", ");
  return `${dtype} [${batch.join()}] ${queries}x${keys} ${features} ${values} ${extra}`;
}

function attended(given: Case, options: Parameters<typeof sample>[3] = {}): Sample {
  // Operands keep their values: random bits cannot be doubled, and scores that grow leave one key alone.
  return sample(nameOf(given), operandsOf(given), ([q, k, v, ...rest]) => {
    if (!q || !k || !v) return [];
    const mask = given.mask ? rest[0] : undefined;
    const seed = given.keep ? rest.at(-1) : undefined;
    return ops.attention({ q, k, v, mask, state: seed }, { scale: 0.4, causal: given.causal ?? false, keep: given.keep ?? 1 });
  }, { before: "same", ...options });
}

/** The gradient alone, its logarithms of sums large enough for any scores. */
function gradientAlone(given: Case, parts: number, options: Parameters<typeof sample>[3] = {}): Sample {
  const { batch, queries, values, dtype = "float32" } = given;
  const [q, k, v, ...rest] = operandsOf(given);
  if (!q || !k || !v) throw new RangeError("an attention has three operands");
  const rows = [random.uniform([...batch, queries], 6, 7, dtype), random.any([...batch, queries], dtype), random.any([...batch, queries, values], dtype)];
  const attrs = { scale: 0.4, causal: given.causal ?? false, mask: given.mask !== undefined, keep: given.keep ?? 1, parts };
  return sample(`${nameOf(given)}, ${parts} parts`, [q, k, v, ...rows, ...rest], (inputs) => apply(attentionGradientOp, inputs, attrs), { before: "same", gradient: "none", ...options });
}

/** The gradient with all that it reads computed from operands and cotangent, as differentiating it again supposes. */
function gradientOf(given: Case): Sample {
  const { batch, queries, values, dtype = "float32" } = given;
  const attrs = { scale: 0.4, causal: given.causal ?? false, mask: given.mask !== undefined, keep: given.keep ?? 1 };
  return sample(`${nameOf(given)}, whole`, [random.any([...batch, queries, values], dtype), ...operandsOf(given)], ([ct, q, k, v, ...rest]) => {
    if (!ct || !q || !k || !v) return [];
    const out = ops.attention({ q, k, v, mask: given.mask ? rest[0] : undefined, state: given.keep ? rest.at(-1) : undefined }, attrs);
    const logSum = out.node.outputs[1];
    return logSum ? attentionGradient([q, k, v, logSum, ops.reduce(ops.mul(ct, out), [out.shape.length - 1], "add"), ct, ...rest], attrs) : [];
  }, { before: "same", gradient: "first" });
}

const small = { batch: [2], queries: 3, keys: 5, features: 4, values: 2 };
const large = { batch: [2, 1], queries: 131, keys: 150, features: 20, values: 18 };
const first = { gradient: "first", smooth: false } as const;
const forward = { gradient: "none" } as const;

function refusals(run: (q: Shape, k: Shape, v: Shape, dtype?: DType) => unknown): OpInfo["errors"] {
  return [
    refused("features that differ", ShapeError, () => run([2, 3], [4, 5], [4, 2])),
    refused("keys that differ", ShapeError, () => run([2, 3], [4, 3], [5, 2])),
    refused("batches that differ", ShapeError, () => run([2, 2, 3], [1, 4, 3], [2, 4, 2])),
    refused("vectors", ShapeError, () => run([3], [3], [3])),
    refused("integers", DTypeError, () => run([2, 3], [4, 3], [4, 2], "int32")),
  ];
}

export const attentionInfos: readonly OpInfo[] = [
  {
    op: "attention",
    accuracy: "gradient",
    samples: [
      attended({ ...small }),
      attended({ ...small, batch: [], causal: true }),
      attended({ ...small, mask: "bool", dtype: "float64" }, first),
      attended({ ...small, mask: "float32" }, first),
      attended({ ...small, keep: 0.6 }, first),
      attended({ ...small, queries: 1, keys: 1 }),
      attended({ ...small, keys: 0 }, forward),
      attended({ ...small, queries: 0 }, forward),
      attended({ ...large, causal: true }, first),
      attended({ ...large, mask: "bool", causal: true, keep: 0.8 }, forward),
    ],
    errors: refusals((q, k, v, dtype) => ops.attention({ q: leaf(q, dtype), k: leaf(k, dtype), v: leaf(v, dtype) }, { scale: 1, causal: false, keep: 1 })),
  },
  {
    op: "attention-gradient",
    accuracy: "gradient",
    samples: [gradientOf(small), gradientOf({ ...small, causal: true, mask: "bool", keep: 0.7 }), gradientAlone(small, 1), gradientAlone({ ...small, mask: "float32", causal: true, keep: 0.5 }, 1), gradientAlone(large, 3), gradientAlone({ ...large, causal: true }, 2)],
    errors: refusals((q, k, v, dtype) => {
      const inputs = [q, k, v, q.slice(0, -1), q.slice(0, -1), [...q.slice(0, -1), v.at(-1) ?? 1]].map((shape) => leaf(shape, dtype));
      return apply(attentionGradientOp, inputs, { scale: 1, causal: false, mask: false, keep: 1, parts: 1 });
    }),
  },
];
