import { maxRank, sameShape } from "../core/shape.js";
import type { Node, Op, Value } from "../ir/graph.js";
import { batched } from "./batching.js";
import { broadcastOp } from "./broadcast.js";
import { convertOp } from "./convert.js";
import { dotOp, type DotAttrs } from "./dot.js";
import { gatherOp } from "./gather.js";
import { at } from "./indexing.js";
import { reshapeOp, transposeOp } from "./movement.js";
import { sliceOp } from "./slicing.js";

/**
 * How a node's result in all steps of a loop at once, along a new first axis, comes from its operands: those that `isStacked`
 * have that axis, the others are the same in every step. Undefined for nodes that this has no rule for.
 */
export function overSteps(node: Node, isStacked: readonly boolean[], length: number): ((operands: readonly Value[]) => Value) | undefined {
  const { op, inputs, outputs } = node;
  const [output] = outputs;
  if (!output || outputs.length > 1 || !isStacked.includes(true) || [output, ...inputs].some((v) => v.shape.length >= maxRank)) return undefined;
  if (!isMovement.has(op) && !isElementwise(node) && !isPick(node, isStacked) && !isProduct(node, isStacked)) return undefined;
  return (xs) => at(batched(node, xs, isStacked, length), 0);
}

const isMovement = new Set<Op>([convertOp, reshapeOp, transposeOp, broadcastOp, sliceOp]);

function isElementwise({ op, attrs, inputs, outputs }: Node): boolean {
  return op.lower.kind === "map" && Object.keys(attrs).length === 0 && inputs.every((v) => sameShape(v.shape, at(outputs, 0).shape));
}

function isPick({ op, attrs }: Node, isStacked: readonly boolean[]): boolean {
  return op === gatherOp && (attrs as { batch: number }).batch === 0 && isStacked[0] === false;
}

/** A product with something that is the same in every step: one product of larger operands does it. */
function isProduct({ op, attrs }: Node, isStacked: readonly boolean[]): boolean {
  return op === dotOp && isStacked.includes(false) && (attrs as DotAttrs).batchA.length === 0;
}
