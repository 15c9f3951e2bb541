import { isFloat } from "../core/dtype.js";
import { TraceError } from "../core/errors.js";
import { sizeOf } from "../core/shape.js";
import { input, isLeaf, recordAgain, recording, topologicalOrder, type Graph, type TensorType, type Value } from "../ir/graph.js";
import { broadcast, concat, constant, randomBits, reshape, stopGradient } from "../ops/index.js";
import { gradSlotOf, tracing, type Cell, type GradSlot, type RandomStream, type StateTrace } from "./cell.js";
import { drawType } from "./generator.js";
import { hostLeaf } from "./host-storage.js";
import { liftedNumber } from "./structure.js";

/** The body of a loop, and what it takes from outside beside carries and slices. */
export interface TracedStep {
  /** Inputs are those of `consts`, the placeholders in the order in which they were made, then those of `draws`. */
  readonly body: Graph;
  readonly consts: readonly Value[];
  /** Keys of random draws, stacked: one for each step. */
  readonly draws: readonly Value[];
}

/** Records one step of a loop. It may read state and draw random numbers, but not write anything. */
export class StepTrace implements StateTrace {
  readonly #length: number;
  readonly #outer = tracing.current;
  readonly #wantsGradients = recording.gradients;
  readonly #first: number;
  readonly #placeholders: Value[] = [];
  readonly #draws: { readonly placeholder: Value; readonly keys: Value }[] = [];

  /** For a loop of that many steps. */
  constructor(length: number) {
    this.#length = length;
    this.#first = input({ shape: [], dtype: "float32" }).node.id;
  }

  /** Stands for a value that differs from step to step. */
  placeholder(type: TensorType, like: Value): Value {
    const value = input(type, like.device);
    value.requiresGrad = this.#wantsGradients && isFloat(type.dtype);
    this.#placeholders.push(value);
    return value;
  }

  /** Runs the function that describes a step. */
  run<R>(fn: () => R): R {
    return during(this, fn);
  }

  draw(stream: RandomStream): Value {
    const key = this.#outer ? this.#outer.draw(stream) : hostLeaf(drawType, stream.bytesAt(stream.counter++));
    // Each step draws with a key of its own: two random words and a counter of 0.
    const words = reshape(randomBits(key, [2 * this.#length]), [this.#length, 2]);
    const keys = concat([words, constant(0, "uint32", [this.#length, 1])], 1);
    const placeholder = input(drawType);
    this.#draws.push({ placeholder, keys });
    return placeholder;
  }

  readCell(cell: Cell): Value {
    return during(this.#outer, () => cell.read());
  }

  readGradient(slot: GradSlot): Value | null {
    return during(this.#outer, () => slot.get());
  }

  assignCell(): never {
    throw new TraceError("[scan] a step cannot assign state, which would happen once and not in each step: carry it, and assign the last carry after the scan");
  }

  writeGradient(): never {
    throw new TraceError("[scan] a step cannot call backward() or change gradients: call it on a result of the scan, or use grad() inside the step");
  }

  /** Closes the step over its results. What they need of outside becomes constants. */
  finish(results: readonly Value[]): TracedStep {
    const varying = new Set<Value>([...this.#placeholders, ...this.#draws.map(({ placeholder }) => placeholder)]);
    const isOutside = (v: Value): boolean => v.storage !== undefined || v.node.id < this.#first || isLeaf(v) || gradSlotOf(v) !== undefined;
    const order = topologicalOrder(results, (v) => varying.has(v) || isOutside(v));
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
    const known = new Map<Value, Value>();
    const consts: Value[] = [];
    const leaves: Value[] = [];
    const take = (v: Value): void => {
      if (known.has(v) || own.has(v)) return;
      const leaf = input(v);
      leaf.requiresGrad = v.requiresGrad;
      consts.push(v);
      leaves.push(leaf);
      known.set(v, leaf);
    };
    const inputs = [...this.#placeholders, ...this.#draws.map(({ placeholder }) => placeholder)].map((v) => {
      const leaf = input(v);
      leaf.requiresGrad = v.requiresGrad;
      known.set(v, leaf);
      return leaf;
    });
    for (const node of order) {
      const [only] = node.outputs;
      if (!only || !own.has(only)) continue;
      const number = liftedNumber(node);
      if (number !== undefined) {
        // Numbers that are no part of a formula are passed in, so that another one compiles nothing.
        const scalar = constant(number, only.dtype);
        take(scalar);
        known.set(only, broadcast(known.get(scalar) ?? scalar, only.shape, []));
        continue;
      }
      node.inputs.forEach(take);
      recordAgain([only], known);
      if (!this.#wantsGradients || !node.op.vjp || !node.inputs.some((v) => v.requiresGrad)) continue;
      for (const v of node.outputs) {
        const copy = known.get(v);
        if (copy && isFloat(v.dtype) && !v.requiresGrad) known.set(v, stopGradient(copy));
      }
    }
    results.forEach(take);
    const outputs = results.map((v) => known.get(v) ?? v);
    return { body: { inputs: [...leaves, ...inputs], outputs }, consts, draws: this.#draws.map(({ keys }) => keys) };
  }
}

function during<R>(trace: StateTrace | undefined, fn: () => R): R {
  const before = tracing.current;
  tracing.current = trace;
  try {
    return fn();
  } finally {
    tracing.current = before;
  }
}
