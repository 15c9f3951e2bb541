import { maxRank, sameShape } from "../core/shape.js";
import { apply, type Node, type Value } from "../ir/graph.js";
import { broadcast, broadcastOp } from "./broadcast.js";
import { convertOp } from "./convert.js";
import { dot, dotOp, type DotAttrs } from "./dot.js";
import { gatherOp } from "./gather.js";
import { at, range } from "./indexing.js";
import { reshape, reshapeOp, transpose, transposeOp } from "./movement.js";
import { slice, sliceOp } from "./slicing.js";

export function shifted(axes: readonly number[]): number[] {
  return axes.map((axis) => axis + 1);
}

/** The same value in all steps, along a new first axis. */
export function repeated(v: Value, length: number): Value {
  return broadcast(v, [length, ...v.shape], shifted(range(v.shape.length)));
}

/**
 * How a node's result in all steps of a loop at once, along a new first axis, comes from its operands: those that `isStacked`
 * have that axis, the others are the same in every step. Undefined for nodes that this has no rule for.
 */
export function overSteps(node: Node, isStacked: readonly boolean[], length: number): ((operands: readonly Value[]) => Value) | undefined {
  const { op, inputs, outputs, attrs } = node;
  const [output] = outputs;
  if (!output || outputs.length > 1 || !isStacked.includes(true) || [output, ...inputs].some((v) => v.shape.length >= maxRank)) return undefined;
  const shape = [length, ...output.shape];
  if (op === convertOp) return (xs) => at(apply(op, xs, attrs), 0);
  if (op === reshapeOp) return (xs) => reshape(at(xs, 0), shape);
  if (op === transposeOp) return (xs) => transpose(at(xs, 0), [0, ...shifted((attrs as { perm: readonly number[] }).perm)]);
  if (op === broadcastOp) return (xs) => broadcast(at(xs, 0), shape, [0, ...shifted((attrs as { axes: readonly number[] }).axes)]);
  if (op === sliceOp) {
    const { starts, limits, strides } = attrs as { readonly [key in "starts" | "limits" | "strides"]: readonly number[] };
    return (xs) => slice(at(xs, 0), [0, ...starts], [length, ...limits], [1, ...strides]);
  }
  if (op === gatherOp && (attrs as { batch: number }).batch === 0 && isStacked[0] === false) return (xs) => at(apply(op, xs, attrs), 0);
  if (op === dotOp && isStacked.includes(false)) return stackedProduct(node, attrs as DotAttrs, isStacked[0] === true);
  const isElementwise = op.lower.kind === "map" && Object.keys(attrs).length === 0 && inputs.every((v) => sameShape(v.shape, output.shape));
  return isElementwise ? (xs) => at(apply(op, xs.map((x, k) => (isStacked[k] === true ? x : repeated(x, length))), attrs), 0) : undefined;
}

function stackedProduct({ inputs, outputs }: Node, { batchA, contractA, contractB, accumulate }: DotAttrs, isLeft: boolean): ((operands: readonly Value[]) => Value) | undefined {
  if (batchA.length > 0) return undefined;
  if (isLeft) return (xs) => dot(at(xs, 0), at(xs, 1), { batchA, batchB: [], contractA: shifted(contractA), contractB, accumulate });
  const free = at(inputs, 0).shape.length - contractA.length;
  const order = [free, ...range(at(outputs, 0).shape.length + 1).filter((axis) => axis !== free)];
  return (xs) => transpose(dot(at(xs, 0), at(xs, 1), { batchA, batchB: [], contractA, contractB: shifted(contractB), accumulate }), order);
}
