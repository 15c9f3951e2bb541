import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { ArgumentError, DataError } from "../core/errors.js";
import type { ImageFit } from "../data/fit-image.js";
import type { RunningMark } from "../train/running.js";
import type { Normalization } from "../train/normalization.js";

/** What `recipe.json` in a run's folder says. */
export interface SavedRun {
  readonly gradus: string;
  readonly recipe: string;
  /** The copy of a user's recipe in the run's folder, and where it was from there. */
  readonly recipeFile?: string;
  readonly recipePath?: string;
  readonly data: string;
  readonly options: Readonly<Record<string, string | number | null>>;
  /** What the network reads, and how pixels become it. */
  readonly preprocessing: Normalization & { readonly height: number; readonly width: number; readonly channels?: number; readonly fit?: ImageFit };
  readonly classes: number;
  readonly classNames?: readonly string[];
  readonly parameters: number;
  readonly trained: { readonly steps: number; readonly examples: number; readonly interrupted: boolean };
  /** The process that trains it, while it does. */
  readonly running?: RunningMark;
}

/** What the folder of a run says about it. Throws ArgumentError where it holds none. */
export async function readSavedRun(folder: string): Promise<SavedRun> {
  const path = join(folder, "recipe.json");
  let text: string;
  try {
    text = await readFile(path, "utf8");
  } catch (error) {
    throw new ArgumentError(`${folder} is no run's folder: ${path} cannot be read (${String(error)}); name the folder of a run, such as gradus runs lists`, { cause: error });
  }
  try {
    const run = JSON.parse(text) as Partial<SavedRun> | null;
    if (typeof run?.recipe === "string" && typeof run.trained === "object" && typeof run.options === "object") return run as SavedRun;
  } catch (error) {
    throw new DataError(`${path} is damaged: ${String(error)}`, { cause: error });
  }
  throw new DataError(`${path} does not describe a run of gradus train`);
}

/** Throws DataError unless the run's network reads images. */
export function requireImageRun(folder: string, run: SavedRun): void {
  const { preprocessing, classes } = run as Partial<SavedRun>;
  if (typeof preprocessing?.height === "number" && typeof preprocessing.std === "number" && typeof classes === "number") return;
  throw new DataError(`the run in ${folder} (${run.recipe} on ${run.data}) does not classify images`);
}

/** How images are fitted to what a run was trained on. */
export function fitOf({ preprocessing, data }: SavedRun): ImageFit {
  return preprocessing.fit ?? fitOfData(data);
}

/** How images are fitted to those of a data set. */
export function fitOfData(name: string): ImageFit {
  if (name === "digits" || name === "mnist") return "handwriting";
  return name === "fashion-mnist" ? "object" : "picture";
}

/** What the classes of a run are called. */
export function classNamesOf({ classes, classNames }: SavedRun): readonly string[] {
  return classNames ?? Array.from({ length: classes }, (_, i) => String(i));
}
