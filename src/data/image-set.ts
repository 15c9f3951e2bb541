/** Labelled grey images in memory, the form in which every image data set of Gradus is handed over. */
export interface ImageSet {
  /** Pixels, `count * height * width` bytes in row-major order; 0 is background, 255 full ink. */
  readonly images: Uint8Array;
  /** One class index per image, in `[0, classes)`. */
  readonly labels: Uint8Array;
  readonly count: number;
  readonly height: number;
  readonly width: number;
  readonly classes: number;
}

/** A data set's training and test parts. */
export interface ImageSplits {
  readonly train: ImageSet;
  readonly test: ImageSet;
}
