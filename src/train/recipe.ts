import type { ImageShape, ImageSplits } from "../data/image-set.js";
import type { Module } from "../nn/index.js";
import type { Tensor } from "../tensor/index.js";
import type { OptimizerName } from "./optimizer-names.js";
import type { ScheduleName } from "./schedule.js";

/** What a recipe does unless it is told otherwise. */
export interface RecipeDefaults {
  readonly epochs: number;
  readonly batchSize: number;
  readonly optimizer: OptimizerName;
  /** The highest learning rate of the schedule. */
  readonly lr: number;
  readonly schedule: ScheduleName;
}

/** A network and a way of training it that is known to work. */
export interface Recipe {
  readonly name: string;
  /** One line for the help. */
  readonly summary: string;
  /** A fresh network from normalized images `[B, C, H, W]` to logits `[B, classes]`. */
  readonly model: (images: ImageShape) => Module<Tensor, Tensor> | Promise<Module<Tensor, Tensor>>;
  readonly defaults: RecipeDefaults;
  /** What it trains on unless it is told otherwise; "digits" if not given. */
  readonly data?: string | (() => ImageSplits | Promise<ImageSplits>);
  /** The file that it was read from. */
  readonly file?: string;
}
