import { ArgumentError } from "../core/errors.js";
import type { ImageShape, ImageSplits } from "../data/image-set.js";
import type { Module } from "../nn/index.js";
import type { Tensor } from "../tensor/index.js";
import { optimizerNames, usualLearningRate, type OptimizerName } from "./optimizer-names.js";
import type { Recipe } from "./recipe.js";
import { schedules, type ScheduleName } from "./schedule.js";

/** A network and a way of training it, as a user writes it down. */
export interface RecipeDefinition {
  /** What runs are called after; the file's name if not given. */
  readonly name?: string;
  /** One line about it. */
  readonly summary?: string;
  /** A fresh network from normalized images `[B, C, H, W]` to logits `[B, classes]`. */
  readonly model: (images: ImageShape) => Module<Tensor, Tensor> | Promise<Module<Tensor, Tensor>>;
  /** The name of a data set, the path of a folder of images by class, or images of one's own; "digits" if not given. */
  readonly data?: string | (() => ImageSplits | Promise<ImageSplits>);
  /** 10 if not given. */
  readonly epochs?: number;
  /** 64 if not given. */
  readonly batchSize?: number;
  /** "adam" if not given. */
  readonly optimizer?: OptimizerName;
  /** The highest learning rate; one that suits the optimizer if not given. */
  readonly lr?: number;
  /** How the learning rate changes over the run; "one-cycle" if not given. */
  readonly schedule?: ScheduleName;
}

/**
 * A recipe of one's own, to be exported as `recipe` or by default from a file that `gradus train FILE` is given:
 *
 * ```ts
 * export const recipe = defineRecipe({ model: () => new Net(), data: "mnist", optimizer: "adamw", lr: 2e-3, epochs: 5 });
 * ```
 *
 * Throws ArgumentError for a setting outside its domain.
 */
export function defineRecipe(definition: RecipeDefinition): Recipe {
  const { name = "", summary = "", model, data, epochs = 10, batchSize = 64, optimizer = "adam", schedule = "one-cycle" } = definition;
  const { lr = usualLearningRate[optimizer] } = definition;
  const require = (right: boolean, setting: string, came: unknown, expected: string): void => {
    if (!right) throw new ArgumentError(`defineRecipe: ${setting} is ${String(came)}; expected ${expected}`);
  };
  const isCount = (value: number): boolean => Number.isSafeInteger(value) && value >= 1;
  require(typeof model === "function", "model", model, "a function that makes a network");
  require(data === undefined || typeof data === "string" || typeof data === "function", "data", data, "a name, a path, or a function that gives images");
  require(isCount(epochs), "epochs", epochs, "a whole number from 1");
  require(isCount(batchSize), "batchSize", batchSize, "a whole number from 1");
  require(optimizerNames.includes(optimizer), "optimizer", optimizer, optimizerNames.join(", "));
  require(Object.hasOwn(schedules, schedule), "schedule", schedule, Object.keys(schedules).join(", "));
  require(Number.isFinite(lr) && lr > 0, "lr", lr, "a number above 0");
  return { name, summary, model, defaults: { epochs, batchSize, optimizer, lr, schedule }, ...(data === undefined ? {} : { data }) };
}
