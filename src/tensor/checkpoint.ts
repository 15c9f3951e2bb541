import { recording } from "../ir/graph.js";
import * as ops from "../ops/index.js";
import { Body, nextNode } from "../runtime/closed-graph.js";
import { filled, tensorsOf } from "./tree.js";

/**
 * The same function, of which only the arguments and results are kept for the gradient: the backward pass computes what lies
 * between them again, with the same random numbers. Saves memory for time (Chen et al. 2016, arXiv:1604.06174). Arguments and results
 * are nested arrays and object literals; tensors of outside are used as they are.
 */
export function checkpoint<A extends unknown[], R>(fn: (...args: A) => R): (...args: A) => R {
  return (...args) => {
    const first = nextNode();
    const result = fn(...args);
    const values = tensorsOf(result).map((tensor) => tensor.valueFor("checkpoint"));
    const wanted = values.filter((v) => v.requiresGrad);
    if (!recording.gradients || wanted.length === 0) return result;
    const body = new Body();
    const outputs = body.close(wanted, first);
    const results = ops.checkpoint(body.operands, { inputs: body.leaves, outputs });
    return filled(result, values.map((v) => results[wanted.indexOf(v)] ?? v));
  };
}
