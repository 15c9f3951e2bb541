import { isFloat } from "../core/dtype.js";
import { input, isLeaf, type Node, recordAgain, recording, topologicalOrder, type Value } from "../ir/graph.js";
import { broadcast, constant, stopGradient } from "../ops/index.js";
import { gradSlotOf, initialVersions } from "./cell.js";
import { liftedNumber } from "./structure.js";

/** Whether a piece of graph that begins with node `first` takes a value from outside. */
export function isOutside(v: Value, first: number): boolean {
  return v.storage !== undefined || v.node.id < first || isLeaf(v) || gradSlotOf(v) !== undefined || initialVersions.has(v);
}

/** A new leaf that stands for a value in the body of an operator. */
export function standIn(v: Value): Value {
  const leaf = input(v);
  leaf.requiresGrad = v.requiresGrad;
  return leaf;
}

/** A body under construction: values and what stands for them in it. Values of outside become operands. */
export class Body {
  readonly known = new Map<Value, Value>();
  /** What is taken from outside, and the leaves that stand for it. */
  readonly operands: Value[] = [];
  readonly leaves: Value[] = [];

  /** The leaf for a value that is given in some other way. */
  give(v: Value): Value {
    const leaf = standIn(v);
    this.known.set(v, leaf);
    return leaf;
  }

  /** Takes a value from outside, once. */
  take(v: Value): void {
    if (this.known.has(v)) return;
    this.operands.push(v);
    this.leaves.push(this.give(v));
  }

  /** Copies a node whose operands are known; through what was recorded without gradients none flow. */
  copy(node: Node): void {
    const [only] = node.outputs;
    const number = liftedNumber(node);
    if (number !== undefined && only) {
      // Numbers that are no part of a formula are passed in, so that another one compiles nothing.
      const scalar = constant(number, only.dtype);
      this.take(scalar);
      this.known.set(only, broadcast(this.known.get(scalar) ?? scalar, only.shape, []));
      return;
    }
    recordAgain(node.outputs, this.known);
    if (!recording.gradients || !node.op.vjp || !node.inputs.some((v) => v.requiresGrad)) return;
    for (const v of node.outputs) {
      const copy = this.known.get(v);
      if (copy && isFloat(v.dtype) && !v.requiresGrad) this.known.set(v, stopGradient(copy));
    }
  }

  /** Copies what the results need since node `first`, and gives the results. */
  close(results: readonly Value[], first: number): Value[] {
    const outside = (v: Value): boolean => this.known.has(v) || isOutside(v, first);
    for (const node of topologicalOrder(results, outside)) {
      for (const v of node.inputs) if (outside(v)) this.take(v);
      this.copy(node);
    }
    return results.map((v) => {
      this.take(v);
      return this.known.get(v) ?? v;
    });
  }
}

/** The number of the next node. */
export function nextNode(): number {
  return input({ shape: [], dtype: "float32" }).node.id;
}
