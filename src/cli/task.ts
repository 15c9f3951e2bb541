import type { Dataset } from "../data/dataset.js";
import type { AnyModule, Module } from "../nn/index.js";
import type { Tensor } from "../tensor/index.js";
import type { Scores } from "../train/callback.js";
import type { MetricOf } from "../train/trainer.js";
import type { FileContents } from "../files/files.js";
import type { OutputStream } from "./terminal.js";

/** Inputs and what they should give. */
export type TaskBatch = readonly [inputs: Tensor, targets: Tensor];

/** What a run trains, on what, and how it is judged: a recipe that has met its data. */
export interface Task {
  readonly model: AnyModule & Module<Tensor, Tensor>;
  readonly train: Dataset<TaskBatch>;
  /** Leaves out an epoch's last batch that is not full, where there is a full one. */
  readonly dropLast: boolean;
  readonly loss: (output: Tensor, target: Tensor) => Tensor;
  /** Scores of validations beside the loss. */
  readonly metrics: () => readonly MetricOf<Tensor, Tensor>[];
  /** What each step computes of a batch beside its loss, by name. */
  readonly watch: (output: Tensor, target: Tensor) => Readonly<Record<string, Tensor>>;
  /** A part of the compiled step. */
  readonly prepare: (batch: TaskBatch) => TaskBatch;
  /** How much data there is, for the heading. */
  readonly size: string;
  /** What must be said about the data. */
  readonly notices: readonly string[];
  /** What `recipe.json` says beside the options: all that is needed to use the model. */
  readonly description: Readonly<Record<string, unknown>>;
  /** Judges the model on data that it was not trained on. */
  evaluate(): Promise<Judgement>;
}

/** How good a trained model is. */
export interface Judgement {
  readonly scores: Scores;
  readonly compileSeconds: number;
  /** What the run's folder keeps of it: `evaluation.json`, and pictures of what was misread. */
  readonly files: FileContents;
  /** The same for people. */
  lines(stream: OutputStream): readonly string[];
}
