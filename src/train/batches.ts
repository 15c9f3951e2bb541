import { ArgumentError } from "../core/errors.js";
import type { LoaderState } from "../data/sampler.js";
import { Tensor } from "../tensor/index.js";
import { tensorsOf } from "../tensor/tree.js";

/** Inputs of a model, and the target last. */
export type Example<In extends readonly unknown[], Target> = readonly [...inputs: In, target: Target];

/** Batches of an epoch, anew with each loop: a DataLoader, an array, or anything else that can be looped over. */
export type Batches<Batch> = (AsyncIterable<Batch> | Iterable<Batch>) & {
  /** Batches in an epoch. */
  readonly length?: number;
  /** The position as plain data; where it is missing, a resumed run passes over the batches that were seen. */
  state?(): LoaderState;
  /** Goes on from what `state` gave. */
  loadState?(state: LoaderState): void;
};

/** How many examples a batch has: the size of the first axis of its first tensor. Throws ArgumentError where there is none. */
export function examplesIn(batch: unknown): number {
  const first = Array.isArray(batch) && batch[0] instanceof Tensor ? batch[0] : tensorsOf(batch)[0];
  if (first) return first.shape[0] ?? 1;
  throw new ArgumentError("[Trainer] a batch holds no tensor: give arrays or objects of tensors, with the examples along their first axis");
}

/** Splits what a step needs into the model's inputs and the target. Throws ArgumentError. */
export function splitExample<In extends readonly unknown[], Target>(example: Example<In, Target>): { readonly inputs: In; readonly target: Target } {
  if (!Array.isArray(example) || example.length < 2) {
    throw new ArgumentError("[Trainer] a batch is no array of inputs and a target: pass `prepare`, which makes one of it");
  }
  // A tuple with a rest in front loses its types when it is taken apart.
  return { inputs: example.slice(0, -1) as unknown as In, target: example[example.length - 1] as Target };
}
