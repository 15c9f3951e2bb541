import type { TypedArray } from "../../core/dtype.js";
import type { Attrs, Graph, Op, TensorType } from "../../ir/graph.js";

/** Numbers of a tensor as the interpreter holds them: every dtype as float64, row-major. */
export interface Numbers extends TensorType {
  readonly data: Float64Array;
}

/** The outputs of a graph for the numbers of its inputs. */
export type Interpret = (graph: Graph, inputs: readonly Float64Array[]) => Float64Array[];

/** What an operator computes, said as plainly as it can be. */
export interface Meaning<A extends Attrs = Attrs> {
  /** One array for each output; the caller wraps what they hold to the outputs' dtypes. */
  of(inputs: readonly Numbers[], attrs: A, outputs: readonly TensorType[], interpret: Interpret): readonly (Float64Array | TypedArray)[];
}

/** An operator with its meaning. */
export function meaning<A extends Attrs>(op: Op<A>, of: Meaning<A>["of"]): readonly [Op, Meaning] {
  return [op, { of }];
}
