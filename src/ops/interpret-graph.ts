import { isFloat } from "../core/dtype.js";
import { topologicalOrder, type Graph, type Value } from "../ir/graph.js";
import { wrapNumber } from "./dtype-rules.js";

/**
 * The outputs of a graph for the given inputs, operator by operator in float64. Integers and bools are exact; floats of
 * any width are not rounded, except by an operator that converts.
 */
export function interpretGraph(graph: Graph, inputs: readonly Float64Array[]): Float64Array[] {
  const known = new Map<Value, Float64Array>();
  graph.inputs.forEach((value, i) => known.set(value, numbersOf(inputs[i], `graph input ${i}`)));
  const read = (value: Value): Float64Array => numbersOf(known.get(value), `"${value.node.op.name}"`);
  for (const node of topologicalOrder(graph.outputs, (value) => known.has(value))) {
    const operands = node.inputs.map((value) => ({ shape: value.shape, dtype: value.dtype, data: read(value) }));
    const results = node.op.ref(operands, node.attrs, node.outputs);
    node.outputs.forEach((value, i) => {
      const result = results[i];
      if (!result) throw new TypeError(`[${node.op.name}] gave no result ${i}`);
      known.set(value, isFloat(value.dtype) ? Float64Array.from(result) : Float64Array.from(result, (x) => wrapNumber(x, value.dtype)));
    });
  }
  return graph.outputs.map(read);
}

function numbersOf(numbers: Float64Array | undefined, what: string): Float64Array {
  if (!numbers) throw new TypeError(`${what} has no numbers`);
  return numbers;
}
