import { catalog, type DatasetName } from "../data/catalog.js";
import type { FileProgress } from "../data/file-progress.js";
import type { ImageDataset } from "../data/read-dataset.js";
import type { Recipe } from "../train/recipe.js";
import { oneOf } from "./one-of.js";

/** A data set that `gradus train` knows by name. */
export interface DataSet {
  readonly name: string;
  /** Reads, draws or downloads it; `dataDir` is where the user keeps files. */
  readonly load: (dataDir: string | undefined, onProgress?: (progress: FileProgress) => void) => Promise<ImageDataset>;
}

/** Images by class in a folder, known by its path. */
export function folderDataSet(path: string): DataSet {
  return {
    name: path,
    load: async () => {
      const { loadImageFolder } = await import("../data/image-folder.js");
      return { kind: "images", name: path, ...(await loadImageFolder(path)) };
    },
  };
}

type ImageName = { [N in DatasetName]: (typeof catalog)[N]["kind"] extends "images" ? N : never }[DatasetName];

const imageNames = (Object.keys(catalog) as DatasetName[]).filter((name): name is ImageName => catalog[name].kind === "images");

/** The image data sets, the default one first. What reads them is loaded when asked for. */
export const dataSets: readonly DataSet[] = imageNames.map((name) => ({
  name,
  load: async (dataDir, onProgress) => {
    const { loadDataset } = await import("../data/load-dataset.js");
    return loadDataset(name, { dataDir, onProgress });
  },
}));

/** What a recipe's own images are called. */
export const ownDataName = "own";

/** What a recipe trains on. `text` is what the command line says. Throws ArgumentError. */
export function dataOfRecipe({ data = "digits" }: Pick<Recipe, "data">, text: string | undefined): DataSet {
  if (typeof data === "string") return parseDataSet(text ?? data);
  if (text !== undefined && text !== ownDataName) return parseDataSet(text);
  return { name: ownDataName, load: async () => ({ kind: "images", name: ownDataName, ...(await data()) }) };
}

/** What `--data` means: the folder of a path, else the data set of that name. Throws ArgumentError. */
export function parseDataSet(text: string): DataSet {
  if (/[/\\]|^\.\.?$/.test(text)) return folderDataSet(text);
  const name = oneOf("--data", text, dataSets.map((dataSet) => dataSet.name));
  return dataSets.find((dataSet) => dataSet.name === name) ?? folderDataSet(text);
}
