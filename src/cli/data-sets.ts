import type { ImageSet, ImageSplits } from "../data/image-set.js";

/** A data set that `gradus train` knows by name. */
export interface DataSet {
  readonly name: string;
  /** Reads or makes it; `dataDir` is where the user keeps files. */
  readonly load: (dataDir: string | undefined) => Promise<ImageSplits>;
}

/** The data sets, the default one first. Their code is loaded when asked for. */
export const dataSets: readonly DataSet[] = [
  {
    name: "digits",
    // Always the same images: --seed is about training, and a run is to be evaluated on what it was tested on.
    load: async () => (await import("../data/digits.js")).generateDigitsAsync(),
  },
  {
    name: "mnist",
    load: async (dataDir) =>
      (await import("../data/mnist.js")).readMnist(dataDir === undefined ? {} : { dataDir }),
  },
];

/** The first `limit` images of a set, without copying them. */
export function firstImages(set: ImageSet, limit: number): ImageSet {
  const count = Math.min(limit, set.count);
  return {
    ...set,
    images: set.images.subarray(0, count * set.height * set.width),
    labels: set.labels.subarray(0, count),
    count,
  };
}
