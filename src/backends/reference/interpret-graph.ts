import { isFloat, type TypedArray } from "../../core/dtype.js";
import { topologicalOrder, type Graph, type Node, type Op, type Value } from "../../ir/graph.js";
import { wrapNumber } from "../../ops/dtype-rules.js";
import { attentionMeanings } from "./attention-meanings.js";
import { contractionMeanings } from "./contraction-meanings.js";
import { elementwiseMeanings } from "./elementwise-meanings.js";
import { graphMeanings } from "./graph-meanings.js";
import type { Meaning } from "./meaning.js";
import { movementMeanings } from "./movement-meanings.js";
import { reductionMeanings } from "./reduction-meanings.js";

/** Every operator but the leaves. */
export const meanings: ReadonlyMap<Op, Meaning> = new Map([
  ...elementwiseMeanings,
  ...movementMeanings,
  ...reductionMeanings,
  ...contractionMeanings,
  ...attentionMeanings,
  ...graphMeanings,
]);

/**
 * The outputs of a graph for the given inputs, operator by operator in float64. Integers and bools are exact; floats of
 * any width are not rounded, except by an operator that converts.
 */
export function interpretGraph(graph: Graph, inputs: readonly Float64Array[]): Float64Array[] {
  const known = new Map<Value, Float64Array>();
  graph.inputs.forEach((value, i) => known.set(value, numbersOf(inputs[i], `graph input ${i}`)));
  const read = (value: Value): Float64Array => numbersOf(known.get(value), `"${value.node.op.name}"`);
  for (const node of topologicalOrder(graph.outputs, (value) => known.has(value))) {
    const results = interpretNode(node, node.inputs.map(read));
    node.outputs.forEach((value, i) => {
      const result = results[i];
      if (!result) throw new TypeError(`[${node.op.name}] gave no result ${i}`);
      known.set(value, isFloat(value.dtype) ? Float64Array.from(result) : Float64Array.from(result, (x) => wrapNumber(x, value.dtype)));
    });
  }
  return graph.outputs.map(read);
}

/** What one node gives for the numbers of its inputs, before they are wrapped to the outputs' dtypes. */
export function interpretNode({ op, inputs, attrs, outputs }: Node, data: readonly Float64Array[]): readonly (Float64Array | TypedArray)[] {
  const meaning = meanings.get(op);
  if (!meaning) throw new TypeError(`[${op.name}] has no plain meaning`);
  const operands = inputs.map(({ shape, dtype }, i) => ({ shape, dtype, data: numbersOf(data[i], `input ${i}`) }));
  return meaning.of(operands, attrs, outputs, interpretGraph);
}

function numbersOf(numbers: Float64Array | undefined, what: string): Float64Array {
  if (!numbers) throw new TypeError(`${what} has no numbers`);
  return numbers;
}
