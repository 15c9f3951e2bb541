import type { Tensor } from "../tensor/index.js";

/** A score of a model's outputs that is gathered over many batches. */
export interface Metric {
  /** What the value is called in logs. */
  readonly name: string;
  /** Takes in the outputs of a batch and what they should have been. */
  update(output: Tensor, target: Tensor): void | Promise<void>;
  /** The score of everything since the last reset. Throws ArgumentError if that is nothing. */
  compute(): number | Promise<number>;
  /** Forgets everything. */
  reset(): void;
}
