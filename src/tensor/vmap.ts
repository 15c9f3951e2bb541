import { ArgumentError, ShapeError } from "../core/errors.js";
import { formatShape, normalizeAxis } from "../core/shape.js";
import { input, recording, type Value } from "../ir/graph.js";
import { recordBatched, repeated } from "../ops/index.js";
import type { RandomStream } from "../runtime/cell.js";
import { nextNode } from "../runtime/closed-graph.js";
import { drawType, keysFrom } from "../runtime/generator.js";
import { ReadOnlyTrace } from "../runtime/read-only-trace.js";
import { moveaxis } from "./composite/index.js";
import { Tensor } from "./tensor.js";
import { isRecord, mapTensors, tensorsOf } from "./tree.js";

/** An axis for every tensor of an argument or result, null for none, or a list or record of them in the form of its tree. */
export type VmapAxes = number | null | readonly VmapAxes[] | { readonly [key: string]: VmapAxes };

export interface VmapOptions {
  /** The axis of examples in the arguments: one for all of them, or a list with one entry for each. 0 if not given; null is for what all examples share. */
  readonly inAxes?: number | null | readonly VmapAxes[] | undefined;
  /** Where the results have the axis of examples. 0 if not given; null for results that are the same for all examples. */
  readonly outAxes?: VmapAxes | undefined;
  /** Whether each example draws random numbers of its own, as is the rule, or all the same. */
  readonly randomness?: "different" | "same" | undefined;
}

/**
 * fn over many examples at once: with fn written for one example, `vmap(fn)` takes tensors with a further axis, and computes
 * y[i] = fn(x[i]) for all i with operations over whole batches. Arguments and results are nested arrays and object literals. It
 * can be differentiated, and be nested: `vmap(grad(loss), { inAxes: [null, 0, 0] })` gives the gradient of each example. fn is
 * traced once; it may not read values or assign state (TraceError). Throws ShapeError, IndexError, ArgumentError.
 */
export function vmap<A extends unknown[], R>(fn: (...args: A) => R, { inAxes = 0, outAxes = 0, randomness = "different" }: VmapOptions = {}): (...args: A) => R {
  if (randomness !== "different" && randomness !== "same") {
    throw new ArgumentError(`[vmap] randomness ${String(randomness)} is neither "different" nor "same"`);
  }
  return (...args) => {
    const axes = axesOf("inAxes", args, inAxes);
    const first = nextNode();
    const known = new Map<Value, Value>();
    let size: number | undefined;
    let position = 0;
    const examples = mapTensors(args, (tensor) => {
      const given = axes[position++] ?? null;
      if (given === null) return tensor;
      const axis = normalizeAxis("vmap", given, tensor.rank);
      const count = tensor.shape[axis] ?? 0;
      size ??= count;
      if (count !== size) {
        throw new ShapeError(`[vmap] a tensor of shape ${formatShape(tensor.shape)} has ${count} examples along axis ${axis}, but the first one has ${size}: they must be equal, or the axis null`);
      }
      const value = tensor.valueFor("vmap");
      const example = input({ shape: value.shape.filter((_, a) => a !== axis), dtype: value.dtype }, value.device);
      example.requiresGrad = recording.gradients && value.requiresGrad;
      known.set(example, moveaxis(value, axis, 0));
      return new Tensor(example);
    });
    if (size === undefined) throw new ArgumentError("[vmap] no argument has an axis of examples: give inAxes an axis for at least one tensor");
    const trace = new ExampleTrace(size, known, randomness);
    const result = trace.run(() => fn(...examples));
    if (result instanceof Promise) throw new ArgumentError("[vmap] the function must not be async: it only describes the computation");
    const count = size;
    const values = tensorsOf(result).map((tensor) => tensor.valueFor("vmap"));
    recordBatched(values, known, count, first);
    const places = axesOf("outAxes", result, outAxes);
    let next = 0;
    return mapTensors(result, () => {
      const value = values[next] as Value;
      const axis = places[next++] ?? null;
      const all = known.get(value);
      if (axis === null) {
        if (all) throw new ArgumentError("[vmap] outAxes is null for a result that differs among the examples: give it an axis");
        return new Tensor(value);
      }
      return new Tensor(moveaxis(all ?? repeated(value, count), 0, normalizeAxis("vmap", axis, value.shape.length + 1)));
    });
  };
}

/** Records a function of one example. */
class ExampleTrace extends ReadOnlyTrace {
  readonly #size: number;
  readonly #known: Map<Value, Value>;
  readonly #randomness: "different" | "same";

  constructor(size: number, known: Map<Value, Value>, randomness: "different" | "same") {
    super("[vmap] a function of one example cannot");
    this.#size = size;
    this.#known = known;
    this.#randomness = randomness;
  }

  override draw(stream: RandomStream): Value {
    const key = super.draw(stream);
    if (this.#randomness === "same") return key;
    const placeholder = input(drawType);
    this.#known.set(placeholder, keysFrom(key, this.#size));
    return placeholder;
  }
}

/** For each tensor of a tree its axis. */
function axesOf(name: string, tree: unknown, axes: VmapAxes): (number | null)[] {
  if (axes === null || typeof axes === "number") return tensorsOf(tree).map(() => axes);
  if (Array.isArray(tree) && Array.isArray(axes) && axes.length === tree.length) {
    return tree.flatMap((item: unknown, i) => axesOf(name, item, (axes as readonly VmapAxes[])[i] ?? null));
  }
  if (isRecord(tree) && isRecord(axes)) {
    const of = axes as { readonly [key: string]: VmapAxes };
    return Object.keys(tree).flatMap((key) => {
      if (of[key] === undefined) throw new ArgumentError(`[vmap] ${name} has no entry for "${key}": give it an axis or null`);
      return axesOf(name, tree[key], of[key]);
    });
  }
  const came = Array.isArray(tree) ? `a list of ${tree.length}` : tree instanceof Tensor ? "one tensor" : "something else";
  throw new ArgumentError(`[vmap] ${name} is ${JSON.stringify(axes)} for ${came}: give one axis for all, or one for each item`);
}
