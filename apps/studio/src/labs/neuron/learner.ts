import type { KeptLearner } from "./kept-training.js";

/** How well a set of points is told. */
export interface Score {
  readonly loss: number;
  /** The share of points whose class is right; none for numbers. */
  readonly accuracy: number | undefined;
}

/** What connects a layer to the one before it. */
export interface LayerWeights {
  readonly inputs: number;
  readonly outputs: number;
  /** [outputs, inputs], row by row. */
  readonly weights: Float32Array;
  /** [outputs]. */
  readonly biases: Float32Array;
}

/** Which number of a network: neuron `output` of layer `layer` and what it takes from `input`, or its bias. */
export interface WeightPlace {
  readonly layer: number;
  readonly output: number;
  readonly input: number | "bias";
}

/** What every neuron says about every point of a grid over the plane. */
export interface Pictures {
  /** Features first, then the hidden layers' neurons: each thumbnailSize² bytes, rows from the top; 0 is −scale, 255 is scale. */
  readonly thumbnails: Uint8Array;
  /** The size of the largest number in the picture of each feature and neuron. */
  readonly scales: Float32Array;
  /** The answer, one picture of surfaceSize² for each output: 0 is the probability 0 or the value −1, 255 is 1. */
  readonly surface: Uint8Array;
}

/** What the lab trains. */
export interface Learner {
  readonly parameterCount: number;
  /** Examples that a step looks at. */
  readonly batchSize: number;
  /** The learning rate of the next step. */
  readonly lr: number;
  /** One step of training; the loss of its batch before it. */
  step(): number;
  evaluate(): { readonly train: Score; readonly test: Score | undefined };
  /** The size of each layer's gradient; empty where nothing is differentiated. */
  gradientSizes(): readonly number[];
  weights(): LayerWeights[];
  setWeight(place: WeightPlace, value: number): void;
  pictures(): Pictures;
  /** What another learner of the same settings goes on from. */
  keep(): KeptLearner;
  /** Goes on from what was kept; throws where that is of another network. */
  takeUp(kept: KeptLearner): void;
}
