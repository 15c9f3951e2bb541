import { isFloat } from "../core/dtype.js";
import { sizeOf } from "../core/shape.js";
import { input, recording, topologicalOrder, type Graph, type TensorType, type Value } from "../ir/graph.js";
import type { RandomStream } from "./cell.js";
import { Body, isOutside, nextNode } from "./closed-graph.js";
import { drawType, keysFrom } from "./generator.js";
import { ReadOnlyTrace } from "./read-only-trace.js";

/** The body of a loop, and what it takes from outside beside carries and slices. */
export interface TracedStep {
  /** Inputs are those of `consts`, the placeholders in the order in which they were made, then those of `draws`. */
  readonly body: Graph;
  readonly consts: readonly Value[];
  /** Keys of random draws, stacked: one for each step. */
  readonly draws: readonly Value[];
}

/** Records one step of a loop. It may read state and draw random numbers, but not write anything. */
export class StepTrace extends ReadOnlyTrace {
  readonly #length: number;
  readonly #wantsGradients = recording.gradients;
  readonly #first = nextNode();
  readonly #placeholders: Value[] = [];
  readonly #draws: { readonly placeholder: Value; readonly keys: Value }[] = [];

  /** For a loop of that many steps. */
  constructor(length: number) {
    super("[scan] a step cannot");
    this.#length = length;
  }

  /** Stands for a value that differs from step to step. */
  placeholder(type: TensorType, like: Value): Value {
    const value = input(type, like.device);
    value.requiresGrad = this.#wantsGradients && isFloat(type.dtype);
    this.#placeholders.push(value);
    return value;
  }

  /** Each step draws with a key of its own. */
  override draw(stream: RandomStream): Value {
    const placeholder = input(drawType);
    this.#draws.push({ placeholder, keys: keysFrom(super.draw(stream), this.#length) });
    return placeholder;
  }

  /** Closes the step over its results. What they need of outside becomes constants. */
  finish(results: readonly Value[]): TracedStep {
    const given = [...this.#placeholders, ...this.#draws.map(({ placeholder }) => placeholder)];
    const varying = new Set<Value>(given);
    const order = topologicalOrder(results, (v) => varying.has(v) || isOutside(v, this.#first));
    const own = new Set<Value>();
    for (const { op, inputs, outputs } of order) {
      const size = inputs.reduce((sum, v) => sum + sizeOf(v.shape), 0);
      // Copies of something smaller are made where they are used.
      const isSmall = op.lower.kind === "map" && outputs.every((v) => sizeOf(v.shape) > size);
      const varies = inputs.some((v) => varying.has(v));
      for (const v of outputs) {
        if (varies) varying.add(v);
        if (varies || isSmall) own.add(v);
      }
    }
    const body = new Body();
    const inputs = given.map((v) => body.give(v));
    for (const node of order) {
      const [only] = node.outputs;
      if (!only || !own.has(only)) continue;
      for (const v of node.inputs) if (!own.has(v)) body.take(v);
      body.copy(node);
    }
    const outputs = results.map((v) => {
      body.take(v);
      return body.known.get(v) ?? v;
    });
    return { body: { inputs: [...body.leaves, ...inputs], outputs }, consts: body.operands, draws: this.#draws.map(({ keys }) => keys) };
  }
}
