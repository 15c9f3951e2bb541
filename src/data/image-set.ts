/** Labelled images in memory, the form in which every image data set of Gradus is handed over. */
export interface ImageSet {
  /**
   * Pixels, `count * channels * height * width` bytes in row-major order: a plane for each channel. Drawings and writing have
   * 0 for background and 255 for full ink.
   */
  readonly images: Uint8Array;
  /** One class index per image, in `[0, classes)`. */
  readonly labels: Uint8Array;
  readonly count: number;
  readonly height: number;
  readonly width: number;
  /** 1 if not given; 3 are red, green and blue. */
  readonly channels?: number;
  readonly classes: number;
  /** What each class is called. */
  readonly classNames?: readonly string[];
}

/** What a network must know of the images it classifies. */
export type ImageShape = Pick<ImageSet, "channels" | "height" | "width" | "classes">;

/** A data set's training and test parts. */
export interface ImageSplits {
  readonly train: ImageSet;
  readonly test: ImageSet;
}

/** The first `limit` images of a set, without copying them. */
export function firstImages(set: ImageSet, limit: number): ImageSet {
  const count = Math.min(limit, set.count);
  const size = (set.channels ?? 1) * set.height * set.width;
  return { ...set, images: set.images.subarray(0, count * size), labels: set.labels.subarray(0, count), count };
}
