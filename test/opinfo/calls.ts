import { ArgumentError, DTypeError, ShapeError } from "../../src/core/errors.js";
import { input, type Graph, type TensorType, type Value } from "../../src/ir/graph.js";
import * as ops from "../../src/ops/index.js";
import { leaf, Numbers, refused, sample, type OpInfo } from "./sample.js";

const random = new Numbers(31);

/** A function of a few values as a graph. */
function body(types: readonly TensorType[], of: (...inputs: Value[]) => readonly Value[]): Graph {
  const inputs = types.map((type) => input(type));
  for (const v of inputs) v.requiresGrad = v.dtype === "float32" || v.dtype === "float64";
  return { inputs, outputs: of(...inputs) };
}

function product(a: Value, b: Value): Value {
  return ops.dot(a, b, { batchA: [], batchB: [], contractA: [1], contractB: [0] });
}

const layer = (x?: Value, w?: Value): Value[] => (x && w ? [ops.tanh(product(ops.exp(x), w)), ops.argReduce(x, 1, "max"), x] : []);

/** x³ whose gradient is told to be 5·ct·x². */
function cube(x: Value): readonly Value[] {
  const square = (v: Value): Value => ops.mul(v, v);
  return ops.customVjp(
    [x],
    body([x], (v) => (v ? [ops.mul(square(v), v)] : [])),
    body([x, x, x], (v, _y, ct) => (v && ct ? [ops.mul(ops.mul(ct, square(v)), ops.constant(5, v.dtype, v.shape))] : [])),
  );
}

const vector: TensorType = { shape: [2], dtype: "float32" };

export const callInfos: readonly OpInfo[] = [
  {
    op: "after",
    accuracy: "exact",
    samples: [
      sample("one other", [random.uniform([3, 2]), random.uniform([4])], ([x, y]) => (x && y ? ops.after(x, [ops.exp(y)]) : [])),
      sample("computed before and after", [random.uniform([3, 2])], ([x]) => (x ? ops.add(x, ops.after(x, [ops.reduce(x, [0], "add"), ops.argReduce(x, 0, "max")])) : [])),
      sample("nothing", [random.integers([5], 0, 9)], ([x]) => (x ? ops.after(x, []) : [])),
    ],
    errors: [],
  },
  {
    op: "checkpoint",
    accuracy: "scalar",
    samples: [
      sample("a layer", [random.uniform([2, 3], 0.1, 1), random.uniform([3, 4], 0.1, 1)], (inputs) => ops.checkpoint(inputs, body(inputs, layer))),
      sample("layers in layers", [random.uniform([2, 3], 0.1, 1), random.uniform([3, 3], 0.02, 0.1)], (inputs) =>
        ops.checkpoint(inputs, body(inputs, (x, w) => (x && w ? ops.checkpoint(ops.checkpoint([x, w], body([x, w], layer)).slice(0, 1).concat(w), body([x, w], layer)) : []))),
      ),
    ],
    errors: [
      refused("too few inputs", ArgumentError, () => ops.checkpoint([], body([vector], (x) => (x ? [x] : [])))),
      refused("another shape", ShapeError, () => ops.checkpoint([leaf([3])], body([vector], (x) => (x ? [x] : [])))),
      refused("another dtype", DTypeError, () => ops.checkpoint([leaf([2], "int32")], body([vector], (x) => (x ? [x] : [])))),
    ],
  },
  {
    op: "custom-vjp",
    accuracy: "scalar",
    samples: [
      sample("a cube", [random.uniform([2, 3])], ([x]) => (x ? cube(x) : []), { smooth: false }),
      sample("the same number", [random.uniform([3])], ([x]) => (x ? ops.customVjp([x], body([x], (v) => (v ? [v] : [])), body([x, x, x], (_x, _y, ct) => (ct ? [ops.neg(ct)] : []))) : []), { smooth: false }),
    ],
    errors: [
      refused("a gradient of another shape", ShapeError, () =>
        ops.customVjp([leaf([2])], body([vector], (x) => (x ? [x] : [])), body([vector, vector, vector], () => [ops.constant(0, "float32")])),
      ),
      refused("a gradient of another dtype", DTypeError, () =>
        ops.customVjp([leaf([2])], body([vector], (x) => (x ? [x] : [])), body([vector, vector, vector], () => [ops.constant(0, "int32", [2])])),
      ),
      refused("too few inputs of the rule", ArgumentError, () => ops.customVjp([leaf([2])], body([vector], (x) => (x ? [x] : [])), body([vector], (x) => (x ? [x] : [])))),
    ],
  },
];
