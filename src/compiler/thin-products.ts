import { dtypeInfo } from "../core/dtype.js";
import { sizeOf } from "../core/shape.js";
import { ExprBuilder } from "../ir/expr-builder.js";
import { type Contraction, type Graph, Node, type Op, type TensorType, type Value } from "../ir/graph.js";
import type { Expr } from "../ir/loop.js";
import { counters } from "./reader.js";
import { rewritten } from "./rewritten.js";
import type { Target } from "./target.js";

/** Terms of a sum that are fewer than a tile is worth. */
const fewTerms = 4;

/** Results that are too few for a tile, if each is a sum of at least `manyTerms`. */
const fewResults = 64;
const manyTerms = 64;

/**
 * For groups of invocations: contractions whose results share few operands become plain reductions of products, so that a
 * group adds up each result, or an invocation where there are many: products with vectors, depthwise convolutions.
 */
export function reduceThinProducts(graph: Graph, target: Target): Graph {
  if (!target.group) return graph;
  return rewritten(graph, (node, inputs) => {
    const [output] = node.outputs;
    return output && asReduction(node, inputs, output);
  });
}

function asReduction({ op, attrs, outputs }: Node, inputs: readonly Value[], output: Value): readonly Value[] | undefined {
  const { lower } = op;
  if (lower.kind !== "contraction") return undefined;
  const specOf = (b: ExprBuilder, types: readonly TensorType[], operand: (input: number, index: readonly Expr[]) => Expr): Contraction =>
    lower.spec(b, { attrs, inputs: types, outputs, operand });
  const b = new ExprBuilder();
  const spec = specOf(b, inputs, (k) => b.const(0, dtypeInfo[inputs[k]?.dtype ?? "float32"].compute));
  const [M, N, K] = [sizeOf(spec.m), sizeOf(spec.n), sizeOf(spec.k)];
  if (K === 0 || (K > fewTerms && Math.min(M, N) > 1 && (M * N > fewResults || K < manyTerms))) return undefined;
  const parts = [counters(b, "b", spec.batch), counters(b, "m", spec.m), counters(b, "n", spec.n)] as const;
  const place = spec.out(...parts);
  // Where each counter stands in the index of a result.
  const axes = parts.map((list) => list.map((e) => (e.kind === "var" ? place.indexOf(e) : -2)));
  if (axes.flat().includes(-1) || place.some((e) => e.kind !== "var" && e.kind !== "const")) return undefined;
  const reduction: Op = {
    name: op.name,
    infer: () => [output],
    lower: {
      kind: "reduce",
      fold: () => "add",
      extents: () => spec.k,
      element: (own, ctx, index, reduced) => {
        const { lhs, rhs } = specOf(own, ctx.inputs, ctx.operand);
        const [batch = [], m = [], n = []] = axes.map((list) => list.map((axis) => index[axis] ?? own.index(0)));
        return own.mul(lhs(batch, m, reduced), rhs(batch, reduced, n));
      },
    },
  };
  return new Node(reduction, inputs, attrs, [output], output.device).outputs;
}
