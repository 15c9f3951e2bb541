import { imageDataset } from "../data/dataset.js";
import type { ImageSet } from "../data/image-set.js";
import { DataLoader } from "../data/loader.js";
import { accuracy } from "../metrics/accuracy.js";
import { inEvaluationMode } from "../nn/evaluation-mode.js";
import type { Module } from "../nn/index.js";
import { compile, crossEntropy, noGrad, type Tensor } from "../tensor/index.js";
import { normalize, type Normalization } from "./normalization.js";

export interface Evaluation {
  /** Mean cross-entropy per example. */
  readonly loss: number;
  /** The share of examples whose most probable class is the right one. */
  readonly accuracy: number;
  /** The most probable class of each example, in the set's order. */
  readonly predicted: Int32Array;
  /** The probability that the model gave it. */
  readonly confidence: Float32Array;
  readonly compileSeconds: number;
}

/** Images that are judged at a time. */
export const evaluationBatch = 500;

/** Loss and predictions of an image classifier, in evaluation mode; the model's mode is put back. Throws DataError for an empty set. */
export async function evaluateImages(
  model: Module<Tensor, Tensor>,
  set: ImageSet,
  normalization: Normalization,
): Promise<Evaluation> {
  const test = compile((images: Tensor, labels: Tensor) =>
    noGrad(() => {
      const logits = model.forward(normalize(images, normalization));
      return { loss: crossEntropy(logits, labels, { reduction: "sum" }), predicted: logits.argmax(1), confidence: logits.softmax(1).max(1) };
    }),
  );
  const predicted = new Int32Array(set.count);
  const confidence = new Float32Array(set.count);
  let loss = 0;
  let at = 0;
  await inEvaluationMode(model, async () => {
    for await (const [images, labels] of new DataLoader(imageDataset(set), { batchSize: evaluationBatch })) {
      const result = test(images, labels);
      const [classes, shares, sum] = await Promise.all([result.predicted.data(), result.confidence.data(), result.loss.item()]);
      predicted.set(classes, at);
      confidence.set(shares, at);
      at += classes.length;
      loss += sum;
    }
  });
  return { loss: loss / set.count, accuracy: accuracy(predicted, set.labels), predicted, confidence, compileSeconds: test.compileMs / 1000 };
}
