import { activationsChapter } from "./activations-chapter.js";
import { batchesChapter } from "./batches-chapter.js";
import type { Chapter } from "./chapter-type.js";
import { depthChapter } from "./depth-chapter.js";
import { hiddenLayerChapter } from "./hidden-layer-chapter.js";
import { learningRateChapter } from "./learning-rate-chapter.js";
import { momentumChapter } from "./momentum-chapter.js";
import { neuronChapter } from "./neuron-chapter.js";
import { overfittingChapter } from "./overfitting-chapter.js";
import { perceptronChapter } from "./perceptron-chapter.js";
import { spiralsChapter } from "./spirals-chapter.js";

/** The chapters of "From neuron to network", in the order of the course. */
export const chapters: readonly [Chapter, ...Chapter[]] = [
  neuronChapter,
  perceptronChapter,
  hiddenLayerChapter,
  activationsChapter,
  batchesChapter,
  learningRateChapter,
  momentumChapter,
  depthChapter,
  overfittingChapter,
  spiralsChapter,
];
