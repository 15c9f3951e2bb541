import { isFloat } from "../core/dtype.js";
import { GradientError } from "../core/errors.js";
import { formatShape, sameShape } from "../core/shape.js";
import { topologicalOrder, type Node, type Value } from "../ir/graph.js";
import { add } from "../ops/index.js";

export interface Cotangents {
  /** The gradient of each wanted value that the outputs depend on. */
  readonly gradients: ReadonlyMap<Value, Value>;
  /** Nodes between the wanted values and the outputs, inputs first. */
  readonly nodes: readonly Node[];
}

/**
 * Reverse accumulation: Σ cotangentᵢ · ∂outputᵢ/∂v for every value v that `isWanted`, as graph operations. Only nodes on
 * a path from a wanted value to an output are visited, and none older than node `since`. Throws GradientError where the
 * history is gone or a cotangent does not fit its output.
 */
export function cotangentsOf(
  outputs: readonly Value[],
  cotangents: readonly Value[],
  isWanted: (value: Value) => boolean,
  since = 0,
): Cotangents {
  outputs.forEach((output, i) => checkCotangent(output, cotangents[i]));
  const order = topologicalOrder(outputs, (value) => !value.requiresGrad || value.node.id < since);
  const nodes: Node[] = [];
  const onPath = new Set<Node>();
  for (const node of order) {
    const isTarget = node.outputs.some(isWanted);
    const isBetween = node.inputs.some((input) => input.requiresGrad && onPath.has(input.node));
    if (node.released) throw usedUp(node);
    if (!isTarget && !isBetween) continue;
    onPath.add(node);
    nodes.push(node);
  }
  const gradients = new Map<Value, Value>();
  const accumulate = (value: Value, gradient: Value | undefined): void => {
    if (gradient === undefined || !value.requiresGrad || !onPath.has(value.node)) return;
    const sum = gradients.get(value);
    gradients.set(value, sum ? add(sum, gradient) : gradient);
  };
  outputs.forEach((output, i) => accumulate(output, cotangents[i]));
  for (let i = nodes.length - 1; i >= 0; i--) {
    const node = nodes[i];
    if (!node?.op.vjp || node.inputs.length === 0) continue;
    const incoming = node.outputs.map((output) => gradients.get(output));
    for (const output of node.outputs) if (!isWanted(output)) gradients.delete(output);
    if (incoming.every((gradient) => gradient === undefined)) continue;
    const outgoing = node.op.vjp(node, incoming, vjpOf);
    node.inputs.forEach((input, k) => accumulate(input, outgoing[k]));
  }
  return { gradients, nodes };
}

/** `cotangentsOf` for a list of values: the gradient of each, undefined where the outputs do not depend on it. */
export function vjpOf(outputs: readonly Value[], cotangents: readonly Value[], wrt: readonly Value[]): (Value | undefined)[] {
  const wanted = new Set(wrt);
  const since = wrt.reduce((oldest, value) => Math.min(oldest, value.node.id), Infinity);
  const { gradients } = cotangentsOf(outputs, cotangents, (value) => wanted.has(value), since);
  return wrt.map((value) => gradients.get(value));
}

function checkCotangent(output: Value, cotangent: Value | undefined): void {
  if (!isFloat(output.dtype)) {
    throw new GradientError(`[backward] ${output.dtype} has no gradient: only float tensors do; convert with .astype("float32") before the computation`);
  }
  if (!cotangent || !sameShape(output.shape, cotangent.shape)) {
    const came = cotangent ? formatShape(cotangent.shape) : "nothing";
    throw new GradientError(`[backward] the gradient given has shape ${came}, but the tensor has ${formatShape(output.shape)}`);
  }
}

function usedUp(node: Node): GradientError {
  return new GradientError(
    `[backward] the history through "${node.op.name}" was used up by an earlier backward(): pass { retainGraph: true } to the earlier call, or compute the loss again`,
  );
}
